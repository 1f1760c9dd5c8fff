/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "memory/trigger.h"

/* The thread has descriptors of its own: nobody has to wait until it has noticed the end. */
struct waiter {
        int fd;
        int event_fd;
        int end_fd;
};

struct cgb_trigger {
        int event_fd;
        int end_fd;
};

static void close_fd(int fd)
{
        if (fd >= 0)
                close(fd);
}

static void waiter_free(struct waiter *waiter)
{
        close_fd(waiter->event_fd);
        close_fd(waiter->end_fd);
        free(waiter);
}

/* Until the end, or until the group of the trigger is gone. */
static void *wait_for_events(void *userdata)
{
        struct waiter *waiter = userdata;
        struct pollfd fds[] = {{.fd = waiter->fd, .events = POLLPRI}, {.fd = waiter->end_fd, .events = POLLIN}};

        for (;;) {
                if (poll(fds, 2, -1) < 0)
                        continue;
                if (fds[1].revents != 0 || (fds[0].revents & (POLLERR | POLLNVAL)) != 0)
                        break;
                if ((fds[0].revents & POLLPRI) != 0)
                        eventfd_write(waiter->event_fd, 1);
        }
        close_fd(waiter->fd);
        waiter_free(waiter);
        return NULL;
}

/* A thread that nobody waits for and that no signal of the program's reaches. */
static int start_thread(struct waiter *waiter)
{
        pthread_attr_t attributes;
        sigset_t all, before;
        pthread_t thread;
        int r;

        sigfillset(&all);
        pthread_attr_init(&attributes);
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(&thread, &attributes, wait_for_events, waiter);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        pthread_attr_destroy(&attributes);
        return -r;
}

static int start_waiter(const struct cgb_trigger *trigger, int fd)
{
        struct waiter *waiter = malloc(sizeof *waiter);
        int r;

        if (waiter == NULL)
                return -ENOMEM;
        *waiter = (struct waiter){
                .fd = fd,
                .event_fd = fcntl(trigger->event_fd, F_DUPFD_CLOEXEC, 0),
                .end_fd = fcntl(trigger->end_fd, F_DUPFD_CLOEXEC, 0),
        };
        r = waiter->event_fd < 0 || waiter->end_fd < 0 ? -errno : start_thread(waiter);
        if (r < 0)
                waiter_free(waiter);
        return r;
}

int cgb_trigger_new(struct cgb_trigger **ret, int fd)
{
        struct cgb_trigger *trigger = malloc(sizeof *trigger);
        int r;

        if (trigger == NULL)
                return -ENOMEM;
        trigger->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        trigger->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        r = trigger->event_fd < 0 || trigger->end_fd < 0 ? -errno : start_waiter(trigger, fd);
        if (r < 0)
                cgb_trigger_free(trigger);
        else
                *ret = trigger;
        return r;
}

void cgb_trigger_free(struct cgb_trigger *trigger)
{
        if (trigger == NULL)
                return;
        if (trigger->end_fd >= 0)
                eventfd_write(trigger->end_fd, 1);
        close_fd(trigger->end_fd);
        close_fd(trigger->event_fd);
        free(trigger);
}

int cgb_trigger_fd(const struct cgb_trigger *trigger)
{
        return trigger->event_fd;
}

bool cgb_trigger_take(struct cgb_trigger *trigger)
{
        eventfd_t count;

        return eventfd_read(trigger->event_fd, &count) == 0;
}
