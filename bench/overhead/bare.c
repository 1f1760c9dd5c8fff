/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/clock.h"
#include "../common/complain.h"
#include "bare.h"

/* More than cpu.stat has with every controller there is. */
#define READ_SIZE 4096

static int open_pool_files(struct bare *bare, const struct groups *groups)
{
        const struct {
                int dir_fd;
                const char *file;
        } files[] = {
                {groups->mount_fd, "cpu.stat"},
                {groups->parent_fd, "cpu.stat"},
                {groups->parent_fd, "cpu.pressure"},
        };

        for (size_t i = 0; i < 3; i++) {
                bare->pool_fds[i] = openat(files[i].dir_fd, files[i].file, O_RDONLY | O_CLOEXEC);
                if (bare->pool_fds[i] < 0 && errno != ENOENT && errno != EOPNOTSUPP) /* without PSI there is none */
                        return complain(-errno, "%s/%s: %s", groups->mount, groups->parent, files[i].file);
        }
        return 0;
}

static int open_all(struct bare *bare, const struct groups *groups)
{
        int error = open_pool_files(bare, groups);

        for (size_t i = 0; i < bare->n && error >= 0; i++) {
                bare->stat_fds[i] = openat(groups->group[i].dir_fd, "cpu.stat", O_RDONLY | O_CLOEXEC);
                if (bare->stat_fds[i] < 0)
                        error = complain(-errno, "%s/cpu.stat", groups->group[i].name);
        }
        for (size_t i = 0; i < bare->n_weights && error >= 0; i++) {
                bare->weight_fds[i] = openat(groups->group[i].dir_fd, "cpu.weight", O_RDWR | O_CLOEXEC);
                if (bare->weight_fds[i] < 0)
                        error = complain(-errno, "%s/cpu.weight", groups->group[i].name);
        }
        return error;
}

int bare_open(struct bare *ret, const struct groups *groups, size_t n_active)
{
        struct bare bare = {.n = n_active, .n_weights = groups->n, .pool_fds = {-1, -1, -1}};
        int error;

        bare.stat_fds = malloc(bare.n * sizeof(int));
        bare.weight_fds = malloc(bare.n_weights * sizeof(int));
        if (!bare.stat_fds || !bare.weight_fds) {
                free(bare.stat_fds);
                free(bare.weight_fds);
                return complain(-ENOMEM, "the table of files");
        }
        memset(bare.stat_fds, -1, bare.n * sizeof(int));
        memset(bare.weight_fds, -1, bare.n_weights * sizeof(int));
        error = open_all(&bare, groups);
        if (error < 0)
                bare_close(&bare);
        else
                *ret = bare;
        return error;
}

static void close_all(const int *fds, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (fds[i] >= 0)
                        close(fds[i]);
}

void bare_close(struct bare *bare)
{
        close_all(bare->pool_fds, 3);
        close_all(bare->stat_fds, bare->n);
        close_all(bare->weight_fds, bare->n_weights);
        free(bare->stat_fds);
        free(bare->weight_fds);
        *bare = (struct bare){.pool_fds = {-1, -1, -1}};
}

static bool read_files(const int *fds, size_t n)
{
        char text[READ_SIZE];
        bool all = true;

        for (size_t i = 0; i < n; i++)
                all &= fds[i] < 0 || pread(fds[i], text, sizeof(text), 0) > 0;
        return all;
}

static bool write_weight(int fd, const char *text)
{
        return pwrite(fd, text, strlen(text), 0) > 0;
}

int64_t bare_step(const struct bare *bare, const struct bare_change *changes, size_t n_changes, bool look_first)
{
        uint64_t begin_nsec = now_nsec(), took_nsec;
        bool done = read_files(bare->pool_fds, 3) && read_files(bare->stat_fds, bare->n);

        for (size_t i = 0; i < n_changes; i++) {
                if (look_first)
                        done &= read_files(&bare->weight_fds[changes[i].group], 1);
                done &= write_weight(bare->weight_fds[changes[i].group], changes[i].before);
        }
        took_nsec = now_nsec() - begin_nsec;
        for (size_t i = 0; i < n_changes; i++)
                done &= write_weight(bare->weight_fds[changes[i].group], changes[i].now);
        return done ? (int64_t)took_nsec : complain(-EIO, "a file of a group could not be read or written");
}
