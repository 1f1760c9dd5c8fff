/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking systemd: the attributes of a unit's own group are its manager's, and what anybody else writes there is undone by
 * the next reload. So they are set as `systemctl set-property --runtime` does, over the bus of whose manager we are: the
 * system's for root, else the user's own.
 *
 * A call keeps the manager busy for milliseconds, and it has other work. So nothing is sent that has not changed, all
 * properties of a unit go in one call, a unit has one call under way and the whole a few, and calls a second are limited,
 * with the largest changes first: what waits longer is replaced by what is wanted meanwhile.
 *
 * systemd writes the kernel's file itself, and a memory.high below usage makes the kernel reclaim in the writer: for as long
 * as that takes, the manager would serve nobody. So a limit is lowered to above usage alone, looked at right before it is
 * sent.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "backend/systemd.h"
#include "kernel/parse.h"
#include "owner/unit.h"

/*
 * At once. With more the manager's answers come no faster (measured: 32 gain a sixth), and what was sent cannot be replaced.
 */
#define CALLS_MAX 4

/* A manager that reloads a thousand units answers nobody for some seconds. */
#define CALL_TIMEOUT_USEC 20000000ull

/* Above usage, for what a group takes until the manager has written: in the usual 30 ms, of 130 MiB a second. */
#define HEADROOM_BYTES (4ull << 20)

/* Larger than any change of a weight, which is at most 10000 : 1. */
#define URGENCY_MAX 100000000ull

static const struct {
        enum cgb_file file;
        const char *name;
} properties[CGB_SYSTEMD_PROPERTIES] = {
        [CGB_SYSTEMD_CPU_WEIGHT] = {CGB_FILE_CPU_WEIGHT, "CPUWeight"},
        [CGB_SYSTEMD_MEMORY_HIGH] = {CGB_FILE_MEMORY_HIGH, "MemoryHigh"},
        [CGB_SYSTEMD_MEMORY_LOW] = {CGB_FILE_MEMORY_LOW, "MemoryLow"},
};

const char *cgb_systemd_property_name(enum cgb_systemd_property property)
{
        return properties[property].name;
}

uint64_t cgb_systemd_now_usec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static struct cgb_systemd *of(struct cgb_backend *backend)
{
        return (struct cgb_systemd *)(void *)backend;
}

static struct cgb_systemd_unit *find(const struct cgb_systemd *systemd, uint64_t inode)
{
        for (size_t i = 0; i < systemd->n_units; i++)
                if (systemd->units[i]->inode == inode)
                        return systemd->units[i];
        return NULL;
}

static const char *name_of(const char *path)
{
        const char *slash = strrchr(path, '/');

        return cgb_unit_of_directory(slash != NULL ? slash + 1 : path);
}

static struct cgb_systemd_unit *add(struct cgb_systemd *systemd, const struct cgb_group_dir *group)
{
        struct cgb_systemd_unit **units = systemd->units, *unit = calloc(1, sizeof *unit);
        size_t n = systemd->n_units;

        if (unit == NULL)
                return NULL;
        unit->path = strdup(group->path);
        if (unit->path != NULL && (n & (n - 1)) == 0)
                units = realloc(units, (n == 0 ? 1 : 2 * n) * sizeof *units);
        if (units != NULL)
                systemd->units = units;
        if (unit->path == NULL || units == NULL) {
                free(unit->path);
                free(unit);
                return NULL;
        }
        unit->systemd = systemd;
        unit->inode = group->inode;
        unit->name = name_of(unit->path);
        systemd->units[systemd->n_units++] = unit;
        return unit;
}

static struct cgb_systemd_unit *find_or_add(struct cgb_systemd *systemd, const struct cgb_group_dir *group)
{
        struct cgb_systemd_unit *unit = find(systemd, group->inode);

        return unit != NULL ? unit : add(systemd, group);
}

static void call_ended(struct cgb_systemd_unit *unit)
{
        if (unit->call == NULL)
                return;
        unit->call = sd_bus_slot_unref(unit->call);
        unit->systemd->n_calls--;
}

static void unit_free(struct cgb_systemd_unit *unit)
{
        call_ended(unit);
        free(unit->path);
        free(unit);
}

/*
 * What of it the kernel's file holds now. The group's own fds are kept open, which makes of three system calls one, for all
 * weights of a step.
 */
static int read_value(const struct cgb_backend_host *host, struct cgb_group_dir *group, int property, uint64_t *ret)
{
        char text[64];
        uint32_t weight;
        ssize_t n = cgb_group_read(host->fds, host->tree, group, properties[property].file, text, sizeof text);
        int r;

        if (n < 0)
                return (int)n;
        if (property != CGB_SYSTEMD_CPU_WEIGHT)
                return cgb_parse_limit(ret, text, (size_t)n);
        r = cgb_parse_weight(&weight, text, (size_t)n);
        if (r == 0)
                *ret = weight;
        return r;
}

/*
 * A raised limit lets somebody go on who is about to be slowed down, and comes before all weights; a lowered one has time.
 */
static uint64_t urgency_of(const struct cgb_backend_host *host, struct cgb_group_dir *group, int property, uint64_t value)
{
        uint64_t now;

        if (read_value(host, group, property, &now) < 0 || now == 0 || value == 0)
                return 1000;
        if (property != CGB_SYSTEMD_CPU_WEIGHT)
                return value > now ? URGENCY_MAX : 1000;
        if (value == CGB_WEIGHT_UNSET)
                value = CGB_WEIGHT_DEFAULT;
        return value > now ? value * 1000 / now : now * 1000 / value;
}

static bool wants(const struct cgb_systemd_unit *unit)
{
        for (int i = 0; i < CGB_SYSTEMD_PROPERTIES; i++)
                if (unit->values[i].is_wanted)
                        return true;
        return false;
}

/*
 * What a step asks for is sent by the loop's next turn, which comes at once: the step and its calls take as long as each other,
 * and in between the loop serves whoever else waits for it.
 */
static void wake(struct cgb_systemd *systemd)
{
        if (!systemd->is_woken)
                cgb_systemd_bus_rearm(systemd, 0);
        systemd->is_woken = true;
}

static int write_value(struct cgb_backend *backend, struct cgb_group_dir *group, enum cgb_file file, uint64_t value)
{
        struct cgb_systemd_unit *unit = find_or_add(of(backend), group);
        uint64_t urgency;
        int property = 0;

        if (unit == NULL)
                return -ENOMEM;
        while (property < CGB_SYSTEMD_PROPERTIES && properties[property].file != file)
                property++;
        if (property == CGB_SYSTEMD_PROPERTIES)
                return -EOPNOTSUPP;
        urgency = urgency_of(backend->host, group, property, value);
        if (urgency > unit->urgency || !wants(unit))
                unit->urgency = urgency;
        unit->values[property].wanted = value;
        unit->values[property].is_wanted = true;
        wake(unit->systemd);
        return 1;
}

static int adopt(struct cgb_backend *backend, struct cgb_group_dir *group)
{
        struct cgb_systemd_unit *unit = find_or_add(of(backend), group);

        if (unit == NULL)
                return -ENOMEM;
        unit->is_asked = true;
        wake(unit->systemd);
        return 1;
}

static void tell(struct cgb_systemd_unit *unit, int property, uint64_t value, int code)
{
        const struct cgb_backend_host *host = unit->systemd->backend.host;

        host->done(host->userdata, &(struct cgb_backend_result){unit->inode, properties[property].file, value, code});
}

void cgb_systemd_answered(struct cgb_systemd_unit *unit, int code)
{
        call_ended(unit);
        unit->attempts = 0;
        for (int i = 0; i < CGB_SYSTEMD_PROPERTIES; i++) {
                if (!unit->values[i].is_sent)
                        continue;
                unit->values[i].is_sent = false;
                tell(unit, i, unit->values[i].sent, code);
        }
}

void cgb_systemd_unanswered(struct cgb_systemd_unit *unit)
{
        call_ended(unit);
        for (int i = 0; i < CGB_SYSTEMD_PROPERTIES; i++) {
                struct cgb_systemd_value *value = &unit->values[i];

                if (value->is_sent && !value->is_wanted) {
                        value->wanted = value->sent;
                        value->is_wanted = true;
                }
                value->is_sent = false;
        }
}

void cgb_systemd_found(struct cgb_systemd_unit *unit, bool weight_is_unset)
{
        const struct cgb_backend_host *host = unit->systemd->backend.host;

        call_ended(unit);
        unit->attempts = 0;
        unit->is_asked = false;
        host->adopted(host->userdata, unit->inode, weight_is_unset);
}

/* Would the kernel have to reclaim to lower it? A group that has gone meanwhile is systemd's to tell of. */
static bool would_block(const struct cgb_systemd_unit *unit, uint64_t high_bytes)
{
        const struct cgb_tree *tree = unit->systemd->backend.host->tree;
        char text[64];
        uint64_t now_bytes, usage_bytes;
        ssize_t n = cgb_tree_read(tree, unit->path, "memory.current", text, sizeof text);

        if (n < 0 || cgb_parse_u64(&usage_bytes, text, (size_t)n) < 0)
                return false;
        n = cgb_tree_read(tree, unit->path, "memory.high", text, sizeof text);
        return n >= 0 && cgb_parse_limit(&now_bytes, text, (size_t)n) == 0 && high_bytes < now_bytes &&
               high_bytes < usage_bytes + HEADROOM_BYTES;
}

/* Moves what is wanted to what is sent. @return whether there is anything. */
static bool take_wanted(struct cgb_systemd_unit *unit)
{
        struct cgb_systemd_value *high = &unit->values[CGB_SYSTEMD_MEMORY_HIGH];
        bool any = false;

        if (high->is_wanted && would_block(unit, high->wanted)) {
                high->is_wanted = false;
                tell(unit, CGB_SYSTEMD_MEMORY_HIGH, high->wanted, -EAGAIN);
        }
        for (int i = 0; i < CGB_SYSTEMD_PROPERTIES; i++) {
                struct cgb_systemd_value *value = &unit->values[i];

                if (!value->is_wanted)
                        continue;
                value->sent = value->wanted;
                value->is_sent = any = true;
                value->is_wanted = false;
        }
        return any;
}

static struct cgb_systemd_unit *next_to_ask(const struct cgb_systemd *systemd)
{
        for (size_t i = 0; i < systemd->n_units; i++)
                if (systemd->units[i]->is_asked && systemd->units[i]->call == NULL)
                        return systemd->units[i];
        return NULL;
}

static struct cgb_systemd_unit *next_to_set(const struct cgb_systemd *systemd)
{
        struct cgb_systemd_unit *best = NULL;

        for (size_t i = 0; i < systemd->n_units; i++) {
                struct cgb_systemd_unit *unit = systemd->units[i];

                if (unit->call == NULL && wants(unit) && (best == NULL || unit->urgency > best->urgency))
                        best = unit;
        }
        return best;
}

/*
 * A second's calls may be made at once, if none were made in the second before. @return 0, or when the next one may be made.
 */
static uint64_t pay(struct cgb_systemd *systemd)
{
        uint64_t now_usec = cgb_systemd_now_usec(), price_usec = 1000000 / systemd->backend.host->calls_per_second;

        if (systemd->hurries)
                return 0;
        if (systemd->paid_until_usec < now_usec)
                systemd->paid_until_usec = now_usec;
        if (systemd->paid_until_usec + price_usec > now_usec + 1000000)
                return systemd->paid_until_usec + price_usec - 1000000;
        systemd->paid_until_usec += price_usec;
        return 0;
}

/*
 * Makes the calls that may be made now. @return when there may be another one; UINT64_MAX: something else has to happen
 * first.
 */
static uint64_t send(struct cgb_systemd *systemd)
{
        struct cgb_systemd_unit *unit;
        uint64_t wait_usec;

        while (systemd->n_calls < CALLS_MAX) {
                int r;

                unit = next_to_ask(systemd);
                if (unit != NULL) {
                        r = cgb_systemd_call_get(unit);
                } else {
                        unit = next_to_set(systemd);
                        if (unit == NULL)
                                return UINT64_MAX;
                        wait_usec = pay(systemd);
                        if (wait_usec != 0)
                                return wait_usec;
                        if (!take_wanted(unit))
                                continue;
                        r = cgb_systemd_call_set(unit);
                        systemd->backend.calls += r == 0;
                }
                if (r < 0) {
                        cgb_systemd_unanswered(unit);
                        return cgb_systemd_now_usec() + 1000000 / systemd->backend.host->calls_per_second;
                }
                systemd->n_calls++;
        }
        return UINT64_MAX;
}

static void process(struct cgb_backend *backend)
{
        struct cgb_systemd *systemd = of(backend);
        uint64_t wake_usec = UINT64_MAX;

        systemd->is_woken = false;
        if (cgb_systemd_bus_take(systemd))
                wake_usec = send(systemd);
        else if (next_to_ask(systemd) != NULL || next_to_set(systemd) != NULL)
                wake_usec = systemd->retry_usec;
        cgb_systemd_bus_rearm(systemd, wake_usec);
}

static bool is_busy(const struct cgb_systemd *systemd)
{
        return systemd->n_calls > 0 || next_to_set(systemd) != NULL;
}

static void flush(struct cgb_backend *backend, uint64_t timeout_usec)
{
        struct cgb_systemd *systemd = of(backend);
        uint64_t end_usec = cgb_systemd_now_usec() + timeout_usec, now_usec;

        systemd->hurries = true;
        process(backend);
        while (is_busy(systemd) && (now_usec = cgb_systemd_now_usec()) < end_usec) {
                poll(&(struct pollfd){.fd = backend->fd, .events = POLLIN}, 1, (int)((end_usec - now_usec) / 1000) + 1);
                process(backend);
        }
        systemd->hurries = false;
        for (size_t i = 0; i < systemd->n_units; i++) {
                cgb_systemd_unanswered(systemd->units[i]);
                if (take_wanted(systemd->units[i]))
                        cgb_systemd_answered(systemd->units[i], -ETIMEDOUT);
        }
}

static void forget(struct cgb_backend *backend, uint64_t inode)
{
        struct cgb_systemd *systemd = of(backend);

        for (size_t i = 0; i < systemd->n_units; i++) {
                if (systemd->units[i]->inode != inode)
                        continue;
                unit_free(systemd->units[i]);
                systemd->units[i] = systemd->units[--systemd->n_units];
                return;
        }
}

static int connect_by_user(struct cgb_systemd *systemd, sd_bus **ret)
{
        (void)systemd;
        return geteuid() == 0 ? sd_bus_open_system(ret) : sd_bus_open_user(ret);
}

static void close_all(struct cgb_backend *backend)
{
        struct cgb_systemd *systemd = of(backend);

        for (size_t i = 0; i < systemd->n_units; i++)
                unit_free(systemd->units[i]);
        systemd->n_units = 0;
        cgb_systemd_bus_close(systemd);
        free(systemd->units);
}

/* The bus is looked for when there is something to say: no bus is no reason not to begin. */
static int open_all(struct cgb_backend *backend)
{
        struct cgb_systemd *systemd = of(backend);
        int r;

        systemd->connect = connect_by_user;
        systemd->timeout_usec = CALL_TIMEOUT_USEC;
        r = cgb_systemd_bus_open(systemd);
        if (r < 0)
                cgb_systemd_bus_close(systemd);
        return r;
}

const struct cgb_backend_type cgb_backend_systemd = {
        .name = "systemd",
        .size = sizeof(struct cgb_systemd),
        .asks_manager = true,
        .open = open_all,
        .close = close_all,
        .adopt = adopt,
        .write = write_value,
        .process = process,
        .flush = flush,
        .forget = forget,
};
