/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tree of fake.h: files written by hand.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake.h"

const struct fake_load fake_hog_alice[] = {{"alice", 4000}, {NULL, 0}};

/* Opened at once by nftw(); any number does. */
#define WALK_FDS 16

/* "nobody" on every Linux, since the kernel's overflowuid is the same. */
#define NOBODY 65534

static char *print(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));

static char *print(const char *format, ...)
{
        va_list arguments;
        char *text;

        va_start(arguments, format);
        assert_true(vasprintf(&text, format, arguments) >= 0);
        va_end(arguments);
        return text;
}

char *fake_path(const struct fake *fake, const char *group, const char *file)
{
        return print("%s%s%s%s%s", fake->tree, *group != '\0' ? "/" : "", group, *file != '\0' ? "/" : "", file);
}

void fake_write(const struct fake *fake, const char *group, const char *file, const char *text)
{
        char *path = fake_path(fake, group, file);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        close(fd);
        free(path);
}

char *fake_read(const struct fake *fake, const char *group, const char *file)
{
        char *path = fake_path(fake, group, file), *text = calloc(1, 4096);
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        assert_non_null(text);
        assert_true(fd >= 0);
        assert_true(read(fd, text, 4095) >= 0);
        close(fd);
        free(path);
        return text;
}

static void write_usage(const struct fake *fake, const char *group, uint64_t usec)
{
        char *text = print("usage_usec %" PRIu64 "\nuser_usec %" PRIu64 "\nsystem_usec 0\n", usec, usec);

        fake_write(fake, group, "cpu.stat", text);
        free(text);
}

static void write_stalled(const struct fake *fake, const char *group, uint64_t usec)
{
        char *text = print("some avg10=0.00 avg60=0.00 avg300=0.00 total=%" PRIu64
                           "\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
                usec);

        fake_write(fake, group, "cpu.pressure", text);
        free(text);
}

static void fill(const struct fake *fake, const char *group)
{
        fake_write(fake, group, "cgroup.controllers", "cpuset cpu memory\n");
        fake_write(fake, group, "cgroup.subtree_control", "\n");
        fake_write(fake, group, "cgroup.procs", "");
        write_usage(fake, group, 0);
        write_stalled(fake, group, 0);
}

/* A whole group, where nobody looks yet. @return its path, for free(). */
static char *make_aside(const struct fake *fake, uint32_t weight)
{
        char *aside = print("%s/aside", fake->folder);
        struct fake elsewhere = *fake;

        assert_int_equal(mkdir(aside, 0755), 0);
        elsewhere.tree = aside;
        fill(&elsewhere, "");
        if (weight != 0)
                fake_set_weight(&elsewhere, "", weight);
        return aside;
}

/* Whoever is told of the directory finds its files there. */
static void move_in(const struct fake *fake, char *aside, const char *group)
{
        char *path = fake_path(fake, group, "");

        assert_int_equal(rename(aside, path), 0);
        free(path);
        free(aside);
}

void fake_group(const struct fake *fake, const char *group, uint32_t weight)
{
        move_in(fake, make_aside(fake, weight), group);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        (void)st;
        (void)type;
        (void)ftw;
        return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

void fake_remove(const struct fake *fake, const char *group)
{
        char *path = fake_path(fake, group, "");

        assert_int_equal(nftw(path, remove_one, WALK_FDS, FTW_DEPTH | FTW_PHYS), 0);
        free(path);
}

uint64_t fake_inode(const struct fake *fake, const char *group)
{
        char *path = fake_path(fake, group, "");
        struct stat st;

        assert_int_equal(stat(path, &st), 0);
        free(path);
        return st.st_ino;
}

/*
 * File systems give a freed inode number to the next that comes, cgroupfs never: so the new one is there before the old one
 * goes.
 */
void fake_recreate(const struct fake *fake, const char *group, uint32_t weight)
{
        char *aside = make_aside(fake, weight);

        fake_remove(fake, group);
        move_in(fake, aside, group);
}

bool fake_exists(const struct fake *fake, const char *group)
{
        char *path = fake_path(fake, group, "");
        bool exists = access(path, F_OK) == 0;

        free(path);
        return exists;
}

uint32_t fake_weight(const struct fake *fake, const char *group)
{
        char *text = fake_read(fake, group, "cpu.weight");
        uint32_t weight = (uint32_t)strtoul(text, NULL, 10);

        free(text);
        return weight;
}

void fake_set_weight(const struct fake *fake, const char *group, uint32_t weight)
{
        char *text = print("%" PRIu32 "\n", weight);

        fake_write(fake, group, "cpu.weight", text);
        free(text);
}

/* The number that follows @key in a file. */
static uint64_t read_number(const struct fake *fake, const char *group, const char *file, const char *key)
{
        char *text = fake_read(fake, group, file), *at = strstr(text, key);
        uint64_t number;

        assert_non_null(at);
        number = strtoull(at + strlen(key), NULL, 10);
        free(text);
        return number;
}

void fake_use(const struct fake *fake, const char *group, uint64_t usec)
{
        char *path = strdup(group), *slash;

        assert_non_null(path);
        for (;;) {
                write_usage(fake, path, read_number(fake, path, "cpu.stat", "usage_usec ") + usec);
                if (*path == '\0')
                        break;
                slash = strrchr(path, '/');
                *(slash != NULL ? slash : path) = '\0';
        }
        free(path);
}

void fake_stall(const struct fake *fake, const char *group, uint64_t usec)
{
        write_stalled(fake, group, read_number(fake, group, "cpu.pressure", "total=") + usec);
}

static bool passes_on(const struct fake *fake, const char *group, const char *controller)
{
        char *text = fake_read(fake, group, "cgroup.subtree_control"), *rest = text, *word;
        bool passes = false;

        while ((word = strsep(&rest, " \n")) != NULL)
                passes |= strcmp(word, controller) == 0;
        free(text);
        return passes;
}

static void draw(const struct fake *fake, const char *group, FILE *out)
{
        char *path = fake_path(fake, group, ""), *weight = fake_path(fake, group, "cpu.weight");
        struct dirent **entries;
        int n = scandir(path, &entries, NULL, alphasort);

        assert_true(n >= 0);
        fprintf(out, "/%s weight %" PRIu32 " cpu %s memory %s\n", group,
                access(weight, F_OK) == 0 ? fake_weight(fake, group) : 0,
                passes_on(fake, group, "cpu") ? "passed on" : "kept",
                passes_on(fake, group, "memory") ? "passed on" : "kept");
        for (int i = 0; i < n; i++) {
                char *child = print("%s%s%s", group, *group != '\0' ? "/" : "", entries[i]->d_name);

                if (entries[i]->d_type == DT_DIR && strcmp(entries[i]->d_name, ".") != 0 &&
                        strcmp(entries[i]->d_name, "..") != 0)
                        draw(fake, child, out);
                free(child);
                free(entries[i]);
        }
        free(entries);
        free(weight);
        free(path);
}

char *fake_picture(const struct fake *fake)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        assert_non_null(out);
        draw(fake, "", out);
        assert_int_equal(fclose(out), 0);
        return text;
}

void fake_assert_picture(const struct fake *fake, const char *before)
{
        char *now = fake_picture(fake);

        assert_string_equal(now, before);
        free(now);
}

char *fake_state_file(const struct fake *fake, const char *name)
{
        return print("%s/%s", fake->state, name);
}

char *fake_read_state(const struct fake *fake, const char *name)
{
        struct fake elsewhere = *fake;
        char *path = fake_state_file(fake, name);
        bool exists = access(path, F_OK) == 0;

        free(path);
        elsewhere.tree = fake->state;
        return exists ? fake_read(&elsewhere, "", name) : NULL;
}

void fake_write_state(const struct fake *fake, const char *name, const char *text)
{
        struct fake elsewhere = *fake;

        assert_true(mkdir(fake->state, 0755) == 0 || errno == EEXIST);
        elsewhere.tree = fake->state;
        fake_write(&elsewhere, "", name, text);
}

static uint64_t clock_usec(void *userdata)
{
        struct fake *fake = userdata;

        if (fake->on_clock != NULL)
                fake->on_clock(fake);
        return fake->now_usec;
}

static void log_message(void *userdata, enum cgb_log_level level, const char *message)
{
        struct fake *fake = userdata;

        (void)level;
        if (fake->on_log != NULL)
                fake->on_log(fake, message);
}

/* In memory if that is to be had: a journal waits for its disk, and a crash of the machine is not tested here. */
static const char *temporary_folder(void)
{
        const char *folder = getenv("TMPDIR");

        if (folder != NULL)
                return folder;
        return access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
}

struct fake *fake_new(void)
{
        struct fake *fake = calloc(1, sizeof *fake);

        assert_non_null(fake);
        fake->folder = print("%s/cgburst-fake-XXXXXX", temporary_folder());
        assert_non_null(mkdtemp(fake->folder));
        fake->tree = print("%s/tree", fake->folder);
        fake->state = print("%s/state", fake->folder);
        assert_int_equal(mkdir(fake->tree, 0755), 0);
        fill(fake, "");
        fake_write(fake, "", "cpuset.cpus.effective", "0-3\n");
        fake_write(fake, "", "cgroup.subtree_control", "cpu\n");
        fake_group(fake, "work", 100);
        fake_write(fake, "work", "cgroup.subtree_control", "cpu\n");

        fake->now_usec = 1000 * FAKE_STEP_USEC; /* some time after the boot */
        cgb_options_init(&fake->options);
        fake->options.mount = fake->tree;
        fake->options.parent = "work";
        fake->options.state_dir = fake->state;
        fake->options.step_usec = FAKE_STEP_USEC;
        fake->options.now_usec = clock_usec;
        fake->options.log = log_message;
        fake->options.userdata = fake;
        return fake;
}

void fake_free(struct fake *fake)
{
        for (size_t i = 0; i < FAKE_MANAGERS; i++)
                cgb_free(fake->managers[i]);
        assert_int_equal(nftw(fake->folder, remove_one, WALK_FDS, FTW_DEPTH | FTW_PHYS), 0);
        free(fake->folder);
        free(fake->tree);
        free(fake->state);
        free(fake);
}

int fake_setup(void **state)
{
        *state = fake_new();
        return 0;
}

int fake_setup_two(void **state)
{
        fake_setup(state);
        fake_group(*state, "work/alice", 100);
        fake_group(*state, "work/bob", 100);
        return 0;
}

int fake_teardown(void **state)
{
        fake_free(*state);
        return 0;
}

/* Root may write whatever the mode says. What it wanted to dump or to be traced by is forgotten with a change of ids. */
static int become(uid_t uid)
{
        if (getuid() != 0)
                return 0;
        return seteuid(uid) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0 ? 0 : -1;
}

int fake_setup_unprivileged(void **state)
{
        return become(NOBODY) == 0 ? fake_setup(state) : -1;
}

int fake_teardown_unprivileged(void **state)
{
        int r = fake_teardown(state);

        return become(0) == 0 ? r : -1;
}

int fake_restore(struct fake *fake)
{
        struct cgb_fault fault;
        int r = cgb_restore(&fake->options, &fault);

        if (r < 0) {
                assert_int_equal(fault.code, r);
                assert_string_not_equal(fault.message, "");
        }
        return r;
}
