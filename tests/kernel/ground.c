/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tree of ground.h, and the processes in it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ground.h"

#define MOUNT "/sys/fs/cgroup"

/* A process that was killed leaves its group a moment after it is waited for. */
#define TRIES 200
#define PAUSE_USEC 10000

static int open_file(const struct ground *ground, const char *group, const char *file, int flags)
{
        char path[1024];

        snprintf(path, sizeof path, "%s/%s/%s", ground->mount, group, file);
        return open(path, flags | O_CLOEXEC);
}

static int try_read(const struct ground *ground, const char *group, const char *file, char *ret, size_t size)
{
        int fd = open_file(ground, group, file, O_RDONLY);
        ssize_t n;

        if (fd < 0)
                return -errno;
        n = read(fd, ret, size - 1);
        close(fd);
        if (n < 0)
                return -errno;
        ret[n] = '\0';
        return 0;
}

int ground_try_write(const struct ground *ground, const char *group, const char *file, const char *text)
{
        int fd = open_file(ground, group, file, O_WRONLY), r = 0;

        if (fd < 0)
                return -errno;
        if (write(fd, text, strlen(text)) < 0)
                r = -errno;
        close(fd);
        return r;
}

void ground_write(const struct ground *ground, const char *group, const char *file, const char *text)
{
        int r = ground_try_write(ground, group, file, text);

        if (r < 0)
                fail_msg("%s/%s: writing \"%s\": %s", group, file, text, strerror(-r));
}

void ground_read(const struct ground *ground, const char *group, const char *file, char *ret, size_t size)
{
        int r = try_read(ground, group, file, ret, size);

        if (r < 0)
                fail_msg("%s/%s: %s", group, file, strerror(-r));
}

static bool has_word(char *text, const char *word)
{
        for (char *at = text, *found; (found = strsep(&at, " \n")) != NULL;)
                if (strcmp(found, word) == 0)
                        return true;
        return false;
}

bool ground_passes_cpu_on(const struct ground *ground, const char *group)
{
        char text[512];

        ground_read(ground, group, "cgroup.subtree_control", text, sizeof text);
        return has_word(text, "cpu");
}

bool ground_is_missing(void)
{
        static const struct ground ground = {.mount = MOUNT};
        char text[512] = "";
        struct statfs fs;

        if (geteuid() != 0)
                print_message("SKIPPED: this test makes control groups and needs root\n");
        else if (statfs(MOUNT, &fs) < 0 || (unsigned long)fs.f_type != CGROUP2_SUPER_MAGIC)
                print_message("SKIPPED: there is no cgroup v2 at " MOUNT "\n");
        else if (try_read(&ground, "", "cgroup.controllers", text, sizeof text) < 0 || !has_word(text, "cpu"))
                print_message("SKIPPED: the cpu controller is not available in " MOUNT "\n");
        else if (access(MOUNT "/cgroup.subtree_control", W_OK) < 0)
                print_message("SKIPPED: " MOUNT " is mounted read-only\n");
        else
                return false;
        return true;
}

const char *ground_cgctl(int argc, char **argv)
{
        const char *program = argc > 1 ? argv[1] : getenv("CGCTL");

        if (program != NULL && access(program, X_OK) == 0)
                return program;
        print_message("SKIPPED: there is no cgctl to be tested; name it in CGCTL, or as the first argument\n");
        return NULL;
}

char *ground_below(const struct ground *ground, const char *name, char ret[static 512])
{
        snprintf(ret, 512, "%s%s%s", ground->top, *name != '\0' ? "/" : "", name);
        return ret;
}

void ground_make(const struct ground *ground, const char *group)
{
        char path[1024];

        snprintf(path, sizeof path, "%s/%s", ground->mount, group);
        if (mkdir(path, 0755) < 0)
                fail_msg("%s: %s", path, strerror(errno));
}

static int try_remove(const struct ground *ground, const char *group)
{
        char path[1024];

        snprintf(path, sizeof path, "%s/%s", ground->mount, group);
        for (int i = 0; i < TRIES; i++) {
                if (rmdir(path) == 0 || errno == ENOENT)
                        return 0;
                if (errno != EBUSY)
                        break;
                usleep(PAUSE_USEC);
        }
        return -errno;
}

void ground_remove(const struct ground *ground, const char *group)
{
        int r = try_remove(ground, group);

        if (r < 0)
                fail_msg("%s: %s", group, strerror(-r));
}

bool ground_exists(const struct ground *ground, const char *group)
{
        char path[1024];

        snprintf(path, sizeof path, "%s/%s", ground->mount, group);
        return access(path, F_OK) == 0;
}

uint32_t ground_weight(const struct ground *ground, const char *group)
{
        char text[64];

        ground_read(ground, group, "cpu.weight", text, sizeof text);
        return (uint32_t)strtoul(text, NULL, 10);
}

uint64_t ground_usage_usec(const struct ground *ground, const char *group)
{
        char text[1024], *at;

        ground_read(ground, group, "cpu.stat", text, sizeof text);
        at = strstr(text, "usage_usec ");
        assert_non_null(at);
        return strtoull(at + strlen("usage_usec "), NULL, 10);
}

/* The names of a group's children, in order; each for free(), and the list as well. */
static int list_children(const struct ground *ground, const char *group, struct dirent ***ret)
{
        char path[1024];
        int n;

        snprintf(path, sizeof path, "%s/%s", ground->mount, group);
        n = scandir(path, ret, NULL, alphasort);
        return n < 0 ? 0 : n;
}

static void draw(const struct ground *ground, const char *group, FILE *out)
{
        struct dirent **entries = NULL;
        char weight[64];
        int n = list_children(ground, group, &entries);

        if (try_read(ground, group, "cpu.weight", weight, sizeof weight) < 0)
                strcpy(weight, "none\n");
        fprintf(out, "%s cpu %s weight %s", group, ground_passes_cpu_on(ground, group) ? "passed on" : "kept", weight);
        for (int i = 0; i < n; i++) {
                char child[512];

                if (entries[i]->d_type == DT_DIR && entries[i]->d_name[0] != '.' &&
                        snprintf(child, sizeof child, "%s/%s", group, entries[i]->d_name) < (int)sizeof child)
                        draw(ground, child, out);
                free(entries[i]);
        }
        free(entries);
}

char *ground_picture(const struct ground *ground)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        assert_non_null(out);
        fprintf(out, "root cpu %s\n", ground_passes_cpu_on(ground, "") ? "passed on" : "kept");
        if (ground_exists(ground, ground->top))
                draw(ground, ground->top, out);
        assert_int_equal(fclose(out), 0);
        return text;
}

void ground_assert_as_before(const struct ground *ground, char *before)
{
        char *after = ground_picture(ground);

        assert_string_equal(after, before);
        free(after);
        free(before);
}

/* Whatever stands in a child's place is none of its business: locks and watches of the manager above all. */
static void be_a_loop(const struct ground *ground, const char *group)
{
        char pid[16];

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        snprintf(pid, sizeof pid, "%d", (int)getpid());
        if (ground_try_write(ground, group, "cgroup.procs", pid) < 0)
                _exit(1);
        for (int fd = 3; fd < 256; fd++)
                close(fd);
        for (volatile unsigned i = 0;;)
                i = i + 1;
}

static bool is_in(const struct ground *ground, const char *group, pid_t pid)
{
        char text[4096], want[16];

        snprintf(want, sizeof want, "%d", (int)pid);
        ground_read(ground, group, "cgroup.procs", text, sizeof text);
        return has_word(text, want);
}

void ground_loop(struct ground *ground, const char *group, int n)
{
        for (; n > 0; n--) {
                pid_t pid = fork();

                assert_true(pid >= 0);
                if (pid == 0)
                        be_a_loop(ground, group);
                assert_true(ground->n_loops < GROUND_LOOPS);
                ground->loops[ground->n_loops++] = pid;
                for (int i = 0; !is_in(ground, group, pid); i++) {
                        assert_true(i < TRIES);
                        usleep(PAUSE_USEC);
                }
        }
}

pid_t ground_hold(
        const struct ground *ground, const char *group, uint64_t bytes, void (*fill)(uint64_t *memory, uint64_t bytes))
{
        int ready[2];
        char byte;
        pid_t pid;

        assert_int_equal(pipe(ready), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                uint64_t *memory;

                prctl(PR_SET_PDEATHSIG, SIGKILL);
                ground_write(ground, group, "cgroup.procs", "0");
                memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (memory == MAP_FAILED)
                        _exit(1);
                fill(memory, bytes);
                if (write(ready[1], "r", 1) != 1)
                        _exit(1);
                for (;;)
                        pause();
        }
        close(ready[1]);
        assert_int_equal(read(ready[0], &byte, 1), 1);
        close(ready[0]);
        return pid;
}

void ground_end_loops(struct ground *ground)
{
        for (size_t i = 0; i < ground->n_loops; i++)
                kill(ground->loops[i], SIGKILL);
        for (size_t i = 0; i < ground->n_loops; i++)
                waitpid(ground->loops[i], NULL, 0);
        ground->n_loops = 0;
}

/* Those that a test's own processes have left; the test itself is wherever it was started. */
static void kill_all(const struct ground *ground, const char *group)
{
        char text[4096] = "", *at = text, *line;

        if (try_read(ground, group, "cgroup.procs", text, sizeof text) < 0)
                return;
        while ((line = strsep(&at, "\n")) != NULL) {
                pid_t pid = (pid_t)strtol(line, NULL, 10);

                if (pid > 1 && pid != getpid())
                        kill(pid, SIGKILL);
        }
}

static void remove_all(const struct ground *ground, const char *group)
{
        struct dirent **entries = NULL;
        int n = list_children(ground, group, &entries);

        for (int i = 0; i < n; i++) {
                char child[512];

                if (entries[i]->d_type == DT_DIR && entries[i]->d_name[0] != '.' &&
                        snprintf(child, sizeof child, "%s/%s", group, entries[i]->d_name) < (int)sizeof child)
                        remove_all(ground, child);
                free(entries[i]);
        }
        free(entries);
        kill_all(ground, group);
        try_remove(ground, group);
}

static void remove_state(const char *folder)
{
        struct dirent **entries = NULL;
        int n = scandir(folder, &entries, NULL, NULL);

        for (int i = 0; i < n; i++) {
                char path[512];

                snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
                if (entries[i]->d_name[0] != '.')
                        unlink(path);
                free(entries[i]);
        }
        free(entries);
        rmdir(folder);
}

bool ground_memory_is_missing(void)
{
        char text[256] = "";
        FILE *control = fopen("/sys/fs/cgroup/cgroup.subtree_control", "re"), *swaps = fopen("/proc/swaps", "re");
        bool swap = false;

        if (control != NULL && fgets(text, sizeof text, control) == NULL)
                *text = '\0';
        if (control != NULL)
                fclose(control);
        if (swaps != NULL) {
                char line[256];

                swap = fgets(line, sizeof line, swaps) != NULL && fgets(line, sizeof line, swaps) != NULL;
                fclose(swaps);
        }
        if (strstr(text, "memory") == NULL || !swap)
                printf("no memory controller passed on at the top of the tree, or no swap: tests/vm/guest --swap 1024\n");
        return strstr(text, "memory") == NULL || !swap;
}

struct ground *ground_new(void)
{
        static int number;
        struct ground *ground = calloc(1, sizeof *ground);
        cpu_set_t cpus;

        assert_non_null(ground);
        strcpy(ground->mount, MOUNT);
        snprintf(ground->top, sizeof ground->top, "cgburst-test-%d-%d", (int)getpid(), ++number);
        strcpy(ground->state, "/tmp/cgburst-test-XXXXXX");
        assert_non_null(mkdtemp(ground->state));
        ground->root_passed_cpu_on = ground_passes_cpu_on(ground, "");
        assert_int_equal(sched_getaffinity(0, sizeof cpus, &cpus), 0);
        ground->cpus = (uint32_t)CPU_COUNT(&cpus);
        cgb_options_init(&ground->options);
        ground->options.mount = ground->mount;
        ground->options.parent = ground->top;
        ground->options.state_dir = ground->state;
        return ground;
}

void ground_free(struct ground *ground)
{
        ground_end_loops(ground);
        for (size_t i = 0; i < GROUND_MANAGERS; i++)
                cgb_free(ground->managers[i]);
        if (ground_exists(ground, ground->top))
                remove_all(ground, ground->top);
        if (!ground->root_passed_cpu_on && ground_passes_cpu_on(ground, ""))
                ground_try_write(ground, "", "cgroup.subtree_control", "-cpu");
        remove_state(ground->state);
        free(ground);
}

int ground_setup(void **state)
{
        *state = ground_new();
        return 0;
}

int ground_teardown(void **state)
{
        ground_free(*state);
        return 0;
}
