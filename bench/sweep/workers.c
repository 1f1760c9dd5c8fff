/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/clock.h"
#include "../common/complain.h"
#include "progress.h"
#include "workers.h"

struct message {
        uint32_t cell;
        int32_t error;
        struct figures figures;
};

/* So that messages of two workers do not mix: pipe(7). */
_Static_assert(sizeof(struct message) <= PIPE_BUF, "a message is written in one piece");

struct crew {
        struct cells *cells;
        struct state *state;
        pid_t *pids;
        size_t n;
        int pipe_fds[2];
        _Atomic uint32_t *next; /* cell to be taken; shared */
};

/* The parent kills its workers; they see no other end than that, and that of the work. */
static void work(const struct crew *crew)
{
        struct message message = {0};
        uint32_t n = (uint32_t)cells_count(crew->cells);

        while ((message.cell = atomic_fetch_add(crew->next, 1)) < n && message.error == 0) {
                if (crew->cells->figures[message.cell])
                        continue;
                message.error = cells_run(crew->cells, message.cell, &message.figures);
                if (write(crew->pipe_fds[1], &message, sizeof(message)) != sizeof(message))
                        _exit(EXIT_FAILURE);
        }
        _exit(EXIT_SUCCESS);
}

static int start_worker(struct crew *crew)
{
        pid_t parent = getpid(), pid = fork();

        if (pid < 0)
                return complain(-errno, "fork");
        if (pid > 0) {
                crew->pids[crew->n++] = pid;
                return 0;
        }
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                _exit(EXIT_FAILURE);
        close(crew->pipe_fds[0]);
        work(crew);
        return 0; /* not reached */
}

static int start(struct crew *crew, size_t n)
{
        int error = 0;

        crew->next = mmap(NULL, sizeof(*crew->next), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (crew->next == MAP_FAILED) {
                crew->next = NULL;
                return complain(-errno, "mmap");
        }
        crew->pids = calloc(n, sizeof(*crew->pids));
        if (!crew->pids || pipe2(crew->pipe_fds, O_CLOEXEC) < 0)
                return complain(crew->pids ? -errno : -ENOMEM, "workers");
        while (crew->n < n && error == 0)
                error = start_worker(crew);
        close(crew->pipe_fds[1]); /* so that the end of all workers ends the pipe */
        crew->pipe_fds[1] = -1;
        return error;
}

static int keep(struct crew *crew, const struct message *message)
{
        int error = message->error < 0 ? message->error : cells_keep(crew->cells, message->cell, &message->figures);

        return error < 0 ? error : state_add(crew->state, crew->cells, message->cell);
}

static int receive(struct crew *crew)
{
        struct message message;
        ssize_t n;

        do
                n = read(crew->pipe_fds[0], &message, sizeof(message));
        while (n < 0 && errno == EINTR);
        if (n == sizeof(message))
                return keep(crew, &message);
        if (n == 0)
                return complain(-ECHILD, "the workers ended before the work was done; was one killed for memory?");
        return complain(n < 0 ? -errno : -EIO, "the pipe of the workers");
}

static int collect(struct crew *crew, struct interrupt *interrupt)
{
        struct progress progress;
        int error = 0;

        progress_begin(&progress, crew->cells->n_done, cells_count(crew->cells));
        while (error == 0 && crew->cells->n_done < cells_count(crew->cells)) {
                int ready = wait_until(interrupt, crew->pipe_fds[0], -1, now_usec() + USEC_PER_SEC);

                error = ready > 0 ? receive(crew) : ready;
                progress_tell(&progress, crew->cells->n_done);
        }
        progress_end(&progress);
        return error;
}

static void end(struct crew *crew)
{
        for (size_t i = 0; i < crew->n; i++)
                kill(crew->pids[i], SIGKILL);
        for (size_t i = 0; i < crew->n; i++)
                waitpid(crew->pids[i], NULL, 0);
        for (size_t i = 0; i < 2; i++)
                if (crew->pipe_fds[i] >= 0)
                        close(crew->pipe_fds[i]);
        if (crew->next)
                munmap((void *)crew->next, sizeof(*crew->next));
        free(crew->pids);
}

int workers_run(struct cells *cells, struct state *state, size_t n_workers, struct interrupt *interrupt)
{
        struct crew crew = {.cells = cells, .state = state, .pipe_fds = {-1, -1}};
        size_t left = cells_count(cells) - cells->n_done;
        int error;

        if (left == 0)
                return 0;
        error = start(&crew, n_workers < left ? n_workers : left);
        if (error == 0)
                error = collect(&crew, interrupt);
        end(&crew);
        return error;
}
