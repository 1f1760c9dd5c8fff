/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reclaiming in threads. What a thread and the context share is counted: whoever lets go last frees it, so that a thread
 * that hangs in the kernel outlives its context without harm.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "kernel/group.h"
#include "kernel/parse.h"
#include "kernel/path.h"
#include "memory/reclaim.h"

/* So many may hang at once: more would say no more, and each costs a thread. */
#define THREADS_MAX 4

struct job {
        struct job *next;
        struct shared *shared;
        struct cgb_reclaimed result;
        uint64_t bytes;
        int fd;
        char path[];
};

/* Between the threads and the context. */
struct shared {
        pthread_mutex_t mutex;
        uint32_t users;
        struct cgb_tree tree; /* with an fd of its own */
        int event_fd;
        struct job *done;
};

struct cgb_reclaimer {
        struct shared *shared;
        uint64_t deadline_usec;
        struct job *waiting, **last_waiting;
        struct running {
                struct job *job; /* NULL: none */
                pthread_t thread;
                uint64_t begun_usec;
                bool late;
        } running[THREADS_MAX];
};

static uint64_t wall_usec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void let_go(struct shared *shared)
{
        bool last;

        pthread_mutex_lock(&shared->mutex);
        last = --shared->users == 0;
        pthread_mutex_unlock(&shared->mutex);
        if (!last)
                return;
        while (shared->done != NULL) {
                struct job *job = shared->done;

                shared->done = job->next;
                free(job);
        }
        pthread_mutex_destroy(&shared->mutex);
        close(shared->event_fd);
        close(shared->tree.fd);
        free(shared);
}

int cgb_reclaimer_new(struct cgb_reclaimer **ret, const struct cgb_tree *tree, uint64_t deadline_usec)
{
        struct cgb_reclaimer *reclaimer = calloc(1, sizeof *reclaimer);
        struct shared *shared = calloc(1, sizeof *shared);
        int r = -ENOMEM;

        if (reclaimer == NULL || shared == NULL)
                goto failed;
        shared->tree = (struct cgb_tree){.fd = fcntl(tree->fd, F_DUPFD_CLOEXEC, 0), .is_cgroup2 = tree->is_cgroup2};
        shared->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (shared->tree.fd < 0 || shared->event_fd < 0) {
                r = -errno;
                if (shared->tree.fd >= 0)
                        close(shared->tree.fd);
                goto failed;
        }
        pthread_mutex_init(&shared->mutex, NULL);
        shared->users = 1;
        reclaimer->shared = shared;
        reclaimer->deadline_usec = deadline_usec;
        reclaimer->last_waiting = &reclaimer->waiting;
        *ret = reclaimer;
        return 0;
failed:
        free(shared);
        free(reclaimer);
        return r;
}

int cgb_reclaimer_fd(const struct cgb_reclaimer *reclaimer)
{
        return reclaimer->shared->event_fd;
}

uint32_t cgb_reclaimer_late(const struct cgb_reclaimer *reclaimer)
{
        uint32_t late = 0;

        for (int i = 0; i < THREADS_MAX; i++)
                late += reclaimer->running[i].job != NULL && reclaimer->running[i].late;
        return late;
}

int cgb_reclaimer_ask(struct cgb_reclaimer *reclaimer, cgb_node node, const char *path, uint64_t inode, uint64_t bytes)
{
        size_t length = strlen(path);
        struct job *job = malloc(sizeof *job + length + 1);

        if (job == NULL)
                return -ENOMEM;
        *job = (struct job){
                .shared = reclaimer->shared,
                .result = {.node = node, .inode = inode, .code = -EINTR, .usage_bytes = CGB_UNKNOWN},
                .bytes = bytes,
                .fd = -1,
        };
        memcpy(job->path, path, length + 1);
        *reclaimer->last_waiting = job;
        reclaimer->last_waiting = &job->next;
        return 0;
}

/* Runs also when the thread is cancelled: what was done by then counts. */
static void hand_in(void *userdata)
{
        struct job *job = userdata;
        struct shared *shared = job->shared;
        char text[32];
        ssize_t n;

        if (job->fd >= 0)
                close(job->fd);
        n = cgb_tree_read(&shared->tree, job->path, "memory.current", text, sizeof text);

        if (n < 0 || cgb_parse_u64(&job->result.usage_bytes, text, (size_t)n) < 0)
                job->result.usage_bytes = CGB_UNKNOWN;
        pthread_mutex_lock(&shared->mutex);
        job->next = shared->done;
        shared->done = job;
        pthread_mutex_unlock(&shared->mutex);
        eventfd_write(shared->event_fd, 1);
        let_go(shared);
}

/* Only the write may be cancelled: whatever is opened is closed. */
static int write_value(const struct job *job, int fd)
{
        char value[24];
        int n = snprintf(value, sizeof value, "%" PRIu64, job->bytes), error;

        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
        error = write(fd, value, (size_t)n) < 0 ? -errno : 0;
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
        return error;
}

static void *reclaim(void *userdata)
{
        struct job *job = userdata;
        char file[PATH_MAX];

        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
        pthread_cleanup_push(hand_in, job);
        if (cgb_path_join(file, sizeof file, job->path, "memory.reclaim") < 0 ||
                !cgb_group_dir_is_same(job->shared->tree.fd, job->path, job->result.inode)) {
                job->result.code = -ENODEV;
        } else {
                job->fd = openat(job->shared->tree.fd, file, O_WRONLY | O_CLOEXEC | O_NOCTTY);
                job->result.code = job->fd < 0 ? -errno : -EINTR;
                if (job->fd >= 0)
                        job->result.code = write_value(job, job->fd);
        }
        pthread_cleanup_pop(1);
        return NULL;
}

/* A thread that nobody waits for and that no signal of the program's reaches. */
static int start_thread(pthread_t *ret, struct job *job)
{
        pthread_attr_t attributes;
        sigset_t all, before;
        int r;

        sigfillset(&all);
        pthread_attr_init(&attributes);
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(ret, &attributes, reclaim, job);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        pthread_attr_destroy(&attributes);
        return -r;
}

/* Takes the first of those that wait, and gives it a place. */
static void begin(struct cgb_reclaimer *reclaimer, struct running *place)
{
        struct job *job = reclaimer->waiting;
        int r;

        reclaimer->waiting = job->next;
        if (reclaimer->waiting == NULL)
                reclaimer->last_waiting = &reclaimer->waiting;
        job->next = NULL;
        pthread_mutex_lock(&job->shared->mutex);
        job->shared->users++;
        pthread_mutex_unlock(&job->shared->mutex);
        *place = (struct running){.job = job, .begun_usec = wall_usec()};
        r = start_thread(&place->thread, job);
        if (r == 0)
                return; /* the job is the thread's from now on */
        job->result.code = r;
        hand_in(job); /* it has ended, without anything done */
}

/* Under the mutex a job that is not done has a thread that has not ended: only then may it be named. */
static void cancel_if_late(struct cgb_reclaimer *reclaimer, struct running *place)
{
        struct shared *shared = reclaimer->shared;
        bool done = false;

        if (place->late || wall_usec() - place->begun_usec < reclaimer->deadline_usec)
                return;
        place->late = true;
        pthread_mutex_lock(&shared->mutex);
        for (const struct job *job = shared->done; job != NULL; job = job->next)
                done |= job == place->job;
        if (!done)
                pthread_cancel(place->thread);
        pthread_mutex_unlock(&shared->mutex);
}

void cgb_reclaimer_tend(struct cgb_reclaimer *reclaimer)
{
        struct running *free_place = NULL;
        bool busy = false;

        for (int i = 0; i < THREADS_MAX; i++) {
                struct running *place = &reclaimer->running[i];

                if (place->job == NULL) {
                        free_place = place;
                        continue;
                }
                cancel_if_late(reclaimer, place);
                busy |= !place->late;
        }
        if (!busy && free_place != NULL && reclaimer->waiting != NULL)
                begin(reclaimer, free_place);
}

bool cgb_reclaimer_next(struct cgb_reclaimer *reclaimer, struct cgb_reclaimed *ret)
{
        struct shared *shared = reclaimer->shared;
        struct job *job;
        eventfd_t n;

        pthread_mutex_lock(&shared->mutex);
        job = shared->done;
        if (job != NULL)
                shared->done = job->next;
        else
                eventfd_read(shared->event_fd, &n);
        pthread_mutex_unlock(&shared->mutex);
        if (job == NULL)
                return false;
        for (int i = 0; i < THREADS_MAX; i++)
                if (reclaimer->running[i].job == job)
                        reclaimer->running[i].job = NULL;
        *ret = job->result;
        free(job);
        return true;
}

struct cgb_reclaimer *cgb_reclaimer_free(struct cgb_reclaimer *reclaimer)
{
        if (reclaimer == NULL)
                return NULL;
        reclaimer->deadline_usec = 0; /* all are late now */
        for (int i = 0; i < THREADS_MAX; i++)
                if (reclaimer->running[i].job != NULL)
                        cancel_if_late(reclaimer, &reclaimer->running[i]);
        while (reclaimer->waiting != NULL) {
                struct job *job = reclaimer->waiting;

                reclaimer->waiting = job->next;
                free(job);
        }
        let_go(reclaimer->shared);
        free(reclaimer);
        return NULL;
}
