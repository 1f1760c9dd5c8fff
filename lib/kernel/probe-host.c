/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * probe-host.c - checks of the kernel and of this process
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/fdcache.h"
#include "kernel/mount.h"
#include "kernel/parse.h"
#include "kernel/probe.h"

/* The first Linux whose cgroup v2 has a cpu controller. */
#define KERNEL_MAJOR 4
#define KERNEL_MINOR 15

/* What is kept open of each group that is awake: cpu.stat and cpu.weight. */
#define FILES_PER_GROUP 2

/* "6.1.0-18-amd64" is 6 and 1. @return false if the text does not begin like that. */
static bool parse_release(int ret[2], const char *text)
{
        for (int i = 0; i < 2; i++) {
                int value = 0, digits = 0;

                for (; *text >= '0' && *text <= '9' && digits < 6; text++, digits++)
                        value = value * 10 + (*text - '0');
                if (digits == 0 || (i == 0 && *text++ != '.'))
                        return false;
                ret[i] = value;
        }
        return true;
}

void cgb_check_kernel(struct cgb_check *check, const struct cgb_probe *probe)
{
        char release[128];
        int version[2];

        if (cgb_probe_read_line(probe, "/proc/sys/kernel/osrelease", release, sizeof(release)) < 0 ||
                !parse_release(version, release))
                cgb_check_set(check, CGB_CHECK_DEGRADED, "mount /proc", "the version of the kernel cannot be read");
        else if (version[0] < KERNEL_MAJOR || (version[0] == KERNEL_MAJOR && version[1] < KERNEL_MINOR))
                cgb_check_set(check, CGB_CHECK_FAILED, "boot Linux 4.15 or newer",
                        "Linux %s has no cpu controller for cgroup v2", release);
        else
                cgb_check_set(check, CGB_CHECK_OK, NULL, "Linux %s", release);
}

void cgb_check_sched_ext(struct cgb_check *check, const struct cgb_probe *probe)
{
        char state[64], scheduler[64] = "unnamed";

        if (cgb_probe_read_line(probe, "/sys/kernel/sched_ext/state", state, sizeof(state)) < 0) {
                cgb_check_set(check, CGB_CHECK_OK, NULL, "not in this kernel");
                return;
        }
        if (strcmp(state, "disabled") == 0) {
                cgb_check_set(check, CGB_CHECK_OK, NULL, "not in use");
                return;
        }
        (void)cgb_probe_read_line(probe, "/sys/kernel/sched_ext/root/ops", scheduler, sizeof(scheduler));
        cgb_check_set(check, CGB_CHECK_DEGRADED,
                "stop that scheduler (systemctl stop scx), or see in its manual that it honours cpu.weight",
                "%s: the scheduler \"%s\" took the fair scheduler's place, and may ignore cpu.weight", state, scheduler);
}

/* Where journal and lock go, as cgb_new() decides it. */
static void find_state_dir(const struct cgb_probe *probe, char *ret, size_t size)
{
        const char *runtime = getenv("XDG_RUNTIME_DIR");
        size_t n;

        if (probe->options != NULL && probe->options->state_dir != NULL)
                snprintf(ret, size, "%s", probe->options->state_dir);
        else if (geteuid() == 0 || runtime == NULL || *runtime != '/')
                snprintf(ret, size, "%s/run/cgburst", probe->prefix);
        else
                snprintf(ret, size, "%s/cgburst", runtime);
        for (n = strlen(ret); n > 1 && ret[n - 1] == '/'; n--)
                ret[n - 1] = '\0';
}

void cgb_check_state_dir(struct cgb_check *check, const struct cgb_probe *probe)
{
        static const char *const remedy = "name a folder that you may write to (state_dir, --state-dir)";
        char dir[PATH_MAX];
        struct stat st;
        bool is_there;

        find_state_dir(probe, dir, sizeof(dir));
        is_there = stat(dir, &st) == 0;
        if (is_there && !S_ISDIR(st.st_mode)) {
                cgb_check_set(check, CGB_CHECK_FAILED, remedy, "%s is not a folder", dir);
                return;
        }
        if (!is_there) {
                char *slash = strrchr(dir, '/');

                /* The last name of it is made; what is above has to be there. */
                if (slash != NULL)
                        slash[slash == dir ? 1 : 0] = '\0';
                else
                        strcpy(dir, ".");
        }
        if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) < 0)
                cgb_check_set(check, CGB_CHECK_FAILED, remedy, "%s: %s", dir, strerror(errno));
        else
                cgb_check_set(check, CGB_CHECK_OK, NULL, is_there ? "%s is writable" : "it can be made in %s", dir);
}

void cgb_check_open_files(struct cgb_check *check, const struct cgb_probe *probe)
{
        uint32_t kept = cgb_fd_cache_default_capacity();
        uint32_t wanted = probe->children * FILES_PER_GROUP;

        if (kept < wanted)
                cgb_check_set(check, CGB_CHECK_DEGRADED,
                        "raise the limit: LimitNOFILE= in the unit, or ulimit -n; if all groups are awake a step costs more",
                        "the limit lets %u files stay open, and %u groups would use %u", kept, probe->children, wanted);
        else
                cgb_check_set(check, CGB_CHECK_OK, NULL, "the limit lets %u files stay open, and %u groups use %u at most",
                        kept, probe->children, wanted);
}

/* Without swap: what of the groups' memory can go, and what has to stay. */
static void set_no_swap(struct cgb_check *check, const struct cgb_probe *probe)
{
        static const char *const none = "none: of memory only file pages can be taken back";
        char text[CGB_READ_SIZE];
        struct cgb_memory_stat stat;
        ssize_t n = probe->tree.mount != NULL
                            ? cgb_tree_read(&probe->tree, probe->nearest, "memory.stat", text, sizeof(text))
                            : -ENOENT;

        if (n < 0 || cgb_parse_memory_stat(&stat, text, (size_t)n) < 0)
                cgb_check_set(check, CGB_CHECK_OK, NULL, "%s, which may be little", none);
        else
                cgb_check_set(check, CGB_CHECK_OK, NULL, "%s: now %llu MiB at most, while %llu MiB of anonymous memory stay",
                        none, (unsigned long long)((stat.active_file_bytes + stat.inactive_file_bytes) >> 20),
                        (unsigned long long)(stat.anon_bytes >> 20));
}

void cgb_check_swap(struct cgb_check *check, const struct cgb_probe *probe)
{
        char file[PATH_MAX];
        char *text;
        size_t n, lines = 0;

        snprintf(file, sizeof(file), "%s/proc/swaps", probe->prefix);
        if (cgb_mount_read_text(&text, &n, file) < 0) {
                set_no_swap(check, probe);
                return;
        }
        for (size_t i = 0; i < n; i++)
                lines += text[i] == '\n';
        free(text);
        /* The first line is a heading. */
        if (lines > 1)
                cgb_check_set(check, CGB_CHECK_OK, NULL, "areas in use: %zu", lines - 1);
        else
                set_no_swap(check, probe);
}
