/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The connection to systemd, and the two calls that are made. Everything waits on one epoll fd: the bus's own, which is
 * another one after each reconnecting, and a timer. A bus that goes, or on which systemd is not to be found, as while either
 * is restarted, is asked again after a pause that grows.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "backend/systemd.h"

#define DESTINATION "org.freedesktop.systemd1"
#define PATH "/org/freedesktop/systemd1"

/* dbus.service is back after some 100 ms; a manager that is gone for good is looked for every ten seconds. */
#define DELAY_MIN_USEC 100000ull
#define DELAY_MAX_USEC 10000000ull

/* Messages of one turn, so that nobody can keep the loop in here; each is an answer, after which a file is read. */
#define MESSAGES_MAX 4

/* Unanswered as often as this, one unit's call is given up; the others go on. */
#define ATTEMPTS_MAX 3

static void pause_calls(struct cgb_systemd *systemd, int code)
{
        const struct cgb_backend_host *host = systemd->backend.host;

        if (cgb_systemd_now_usec() < systemd->retry_usec)
                return; /* several calls may meet the same absence */
        if (systemd->delay_usec == 0)
                host->absent(host->userdata, code);
        systemd->delay_usec = systemd->delay_usec == 0 ? DELAY_MIN_USEC : 2 * systemd->delay_usec;
        if (systemd->delay_usec > DELAY_MAX_USEC)
                systemd->delay_usec = DELAY_MAX_USEC;
        systemd->retry_usec = cgb_systemd_now_usec() + systemd->delay_usec;
}

static void answers_again(struct cgb_systemd *systemd)
{
        const struct cgb_backend_host *host = systemd->backend.host;

        if (systemd->delay_usec != 0)
                host->absent(host->userdata, 0);
        systemd->delay_usec = systemd->retry_usec = 0;
}

/* What was under way may have arrived or not; it is sent again. */
static void disconnect(struct cgb_systemd *systemd)
{
        for (size_t i = 0; i < systemd->n_units; i++)
                if (systemd->units[i]->call != NULL)
                        cgb_systemd_unanswered(systemd->units[i]);
        if (systemd->bus_fd >= 0)
                epoll_ctl(systemd->backend.fd, EPOLL_CTL_DEL, systemd->bus_fd, NULL);
        systemd->bus_fd = -1;
        sd_bus_close(systemd->bus);
        systemd->bus = sd_bus_unref(systemd->bus);
}

static int connect_bus(struct cgb_systemd *systemd)
{
        struct epoll_event event = {.events = EPOLLIN};
        int r = systemd->connect(systemd, &systemd->bus), fd;

        if (r < 0)
                return r;
        fd = sd_bus_get_fd(systemd->bus);
        if (fd < 0)
                return fd;
        if (epoll_ctl(systemd->backend.fd, EPOLL_CTL_ADD, fd, &event) < 0)
                return -errno;
        systemd->bus_fd = fd;
        return 0;
}

bool cgb_systemd_bus_take(struct cgb_systemd *systemd)
{
        uint64_t expirations;
        int r = 1, connected;

        if (read(systemd->timer_fd, &expirations, sizeof expirations) < 0 && errno != EAGAIN)
                return false;
        for (int i = 0; i < MESSAGES_MAX && systemd->bus != NULL && r > 0; i++)
                r = sd_bus_process(systemd->bus, NULL);
        if (systemd->bus != NULL && (r < 0 || !sd_bus_is_open(systemd->bus))) {
                disconnect(systemd);
                pause_calls(systemd, r < 0 ? r : -ENOTCONN);
        }
        if (cgb_systemd_now_usec() < systemd->retry_usec)
                return false;
        connected = systemd->bus != NULL ? 0 : connect_bus(systemd);
        if (connected < 0) {
                disconnect(systemd);
                pause_calls(systemd, connected);
        }
        return systemd->bus != NULL;
}

void cgb_systemd_bus_rearm(struct cgb_systemd *systemd, uint64_t wake_usec)
{
        struct itimerspec when = {0};
        uint64_t bus_usec = UINT64_MAX;

        if (systemd->bus != NULL) {
                int wanted = sd_bus_get_events(systemd->bus);
                struct epoll_event event = {
                        .events = (wanted < 0 ? EPOLLIN : (uint32_t)wanted)}; /* poll's bits are epoll's */

                epoll_ctl(systemd->backend.fd, EPOLL_CTL_MOD, systemd->bus_fd, &event);
                if (sd_bus_get_timeout(systemd->bus, &bus_usec) < 0)
                        bus_usec = UINT64_MAX;
        }
        if (bus_usec < wake_usec)
                wake_usec = bus_usec;
        if (wake_usec != UINT64_MAX) {
                when.it_value.tv_sec = (time_t)(wake_usec / 1000000);
                when.it_value.tv_nsec = (long)(wake_usec % 1000000) * 1000 + (wake_usec == 0); /* zeros would mean never */
        }
        timerfd_settime(systemd->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

/* Nobody was there to answer, which says nothing about the unit. */
static bool is_absence(const sd_bus_error *error)
{
        return sd_bus_error_has_names(error, SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER,
                       SD_BUS_ERROR_DISCONNECTED, SD_BUS_ERROR_NO_SERVER, SD_BUS_ERROR_LIMITS_EXCEEDED) != 0;
}

/* The unit is not there any more, or its group is not. */
static int errno_of(const sd_bus_error *error)
{
        if (sd_bus_error_has_names(error, "org.freedesktop.systemd1.NoSuchUnit", SD_BUS_ERROR_UNKNOWN_OBJECT) != 0)
                return -ENODEV;
        return -sd_bus_error_get_errno(error);
}

/* @return false if there is no answer, and the call is to be made again. */
static bool is_answer(struct cgb_systemd_unit *unit, const sd_bus_error *error, int *ret_code)
{
        struct cgb_systemd *systemd = unit->systemd;

        *ret_code = error != NULL ? errno_of(error) : 0;
        if (error == NULL || (!is_absence(error) && !sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY))) {
                answers_again(systemd);
                return true;
        }
        if (is_absence(error))
                pause_calls(systemd, *ret_code);
        if (is_absence(error) || !sd_bus_is_open(systemd->bus))
                return false;
        *ret_code = -ETIMEDOUT;
        return ++unit->attempts >= ATTEMPTS_MAX;
}

static int take_set(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        struct cgb_systemd_unit *unit = userdata;
        int code;

        (void)ret_error;
        if (is_answer(unit, sd_bus_message_get_error(reply), &code))
                cgb_systemd_answered(unit, code);
        else
                cgb_systemd_unanswered(unit);
        return 1;
}

int cgb_systemd_call_set(struct cgb_systemd_unit *unit)
{
        struct cgb_systemd *systemd = unit->systemd;
        sd_bus_message *message = NULL;
        int r = sd_bus_message_new_method_call(
                systemd->bus, &message, DESTINATION, PATH, DESTINATION ".Manager", "SetUnitProperties");

        if (r >= 0)
                r = sd_bus_message_append(message, "sb", unit->name, 1); /* at runtime: nothing outlives the boot */
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'a', "(sv)");
        for (int i = 0; i < CGB_SYSTEMD_PROPERTIES && r >= 0; i++)
                if (unit->values[i].is_sent)
                        r = sd_bus_message_append(message, "(sv)", cgb_systemd_property_name((enum cgb_systemd_property)i),
                                "t", unit->values[i].sent);
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        if (r >= 0)
                r = sd_bus_call_async(systemd->bus, &unit->call, message, take_set, unit, systemd->timeout_usec);
        sd_bus_message_unref(message);
        return r < 0 ? r : 0;
}

static int take_get(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        struct cgb_systemd_unit *unit = userdata;
        uint64_t weight = 0;
        int code;

        (void)ret_error;
        if (!is_answer(unit, sd_bus_message_get_error(reply), &code)) {
                cgb_systemd_unanswered(unit);
                return 1;
        }
        if (code == 0 &&
                (sd_bus_message_enter_container(reply, 'v', "t") < 0 || sd_bus_message_read(reply, "t", &weight) < 0))
                weight = 0;
        cgb_systemd_found(unit, weight == CGB_WEIGHT_UNSET);
        return 1;
}

/* "a.scope" has its properties at org.freedesktop.systemd1.Scope. */
static const char *interface_of(const char *name)
{
        static const struct {
                const char *suffix, *interface;
        } kinds[] = {
                {".service", DESTINATION ".Service"},
                {".scope", DESTINATION ".Scope"},
                {".slice", DESTINATION ".Slice"},
                {".socket", DESTINATION ".Socket"},
                {".mount", DESTINATION ".Mount"},
                {".swap", DESTINATION ".Swap"},
        };
        const char *suffix = strrchr(name, '.');

        for (size_t i = 0; suffix != NULL && i < sizeof kinds / sizeof kinds[0]; i++)
                if (strcmp(suffix, kinds[i].suffix) == 0)
                        return kinds[i].interface;
        return DESTINATION ".Unit";
}

int cgb_systemd_call_get(struct cgb_systemd_unit *unit)
{
        struct cgb_systemd *systemd = unit->systemd;
        sd_bus_message *message = NULL;
        char *path = NULL;
        int r = sd_bus_path_encode(PATH "/unit", unit->name, &path);

        if (r >= 0)
                r = sd_bus_message_new_method_call(
                        systemd->bus, &message, DESTINATION, path, "org.freedesktop.DBus.Properties", "Get");
        if (r >= 0)
                r = sd_bus_message_append(message, "ss", interface_of(unit->name), "CPUWeight");
        if (r >= 0)
                r = sd_bus_call_async(systemd->bus, &unit->call, message, take_get, unit, systemd->timeout_usec);
        sd_bus_message_unref(message);
        free(path);
        return r < 0 ? r : 0;
}

int cgb_systemd_bus_open(struct cgb_systemd *systemd)
{
        struct epoll_event event = {.events = EPOLLIN};

        systemd->bus_fd = -1;
        systemd->backend.fd = epoll_create1(EPOLL_CLOEXEC);
        systemd->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (systemd->backend.fd >= 0 && systemd->timer_fd >= 0 &&
                epoll_ctl(systemd->backend.fd, EPOLL_CTL_ADD, systemd->timer_fd, &event) == 0)
                return 0;
        return -errno;
}

void cgb_systemd_bus_close(struct cgb_systemd *systemd)
{
        if (systemd->bus != NULL)
                disconnect(systemd);
        if (systemd->timer_fd >= 0)
                close(systemd->timer_fd);
        if (systemd->backend.fd >= 0)
                close(systemd->backend.fd);
}
