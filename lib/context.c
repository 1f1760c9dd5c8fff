/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of a context: options, what it opens, and what one may ask it.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "context.h"
#include "kernel/mount.h"
#include "kernel/path.h"
#include "memory/reclaim.h"

/* Once a second: what helps is to be armed before the burst, not to be quick after it. */
#define STEP_USEC 1000000ull
#define STEP_MIN_USEC 10000ull
#define STEP_MAX_USEC 60000000ull

/* Groups deeper than this are somebody's inner affairs. */
#define DEPTH_MAX 8

/* Room for this many groups at first; it doubles as they come. */
#define CAPACITY 256

/* Systemd answers less than this, wherever it runs. */
#define CALLS_PER_SECOND_MAX 1000

#define DEFAULT_GROUP "cgburst"

void cgb_options_init(struct cgb_options *options)
{
        *options = (struct cgb_options){
                .size = sizeof *options,
                .step_usec = STEP_USEC,
                .depth = 1,
        };
}

uint64_t cgb_now_usec(const struct cgb *cgb)
{
        struct timespec now;

        if (cgb->options.now_usec != NULL)
                return cgb->options.now_usec(cgb->options.userdata);
        clock_gettime(CLOCK_BOOTTIME, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void cgb_log(const struct cgb *cgb, enum cgb_log_level level, const char *format, ...)
{
        char message[1024];
        va_list arguments;

        if (cgb->options.log == NULL)
                return;
        va_start(arguments, format);
        vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);
        cgb->options.log(cgb->options.userdata, level, message);
}

int cgb_fail(struct cgb *cgb, int code, const char *file, const char *message, const char *remedy)
{
        return cgb_fault_set(&cgb->fault, code, file, message, remedy);
}

/* Where cgroup v2 is, if the caller did not say. @ret: for free(). */
static int find_mount(const char *mount, const struct cgb_backend_type *backend, char **ret, struct cgb_fault *fault)
{
        struct cgb_mount found;
        char *text;
        size_t n;
        int r;

        if (mount == NULL && backend != NULL && backend->find_mount != NULL) {
                r = backend->find_mount(ret);
                return r < 0 ? cgb_fault_set(fault, r, backend->name, "it finds no cgroup v2 with the cpu controller",
                                       "name the mount, or see cgctl doctor")
                             : 0;
        }
        if (mount == NULL) {
                r = cgb_mount_read_text(&text, &n, "/proc/self/mountinfo");
                if (r < 0)
                        return cgb_fault_set(fault, r, "/proc/self/mountinfo", "it cannot be read", NULL);
                r = cgb_mount_find(&found, text, n, "");
                free(text);
                if (r < 0)
                        return cgb_fault_set(fault, -ENOENT, "/proc/self/mountinfo", "cgroup v2 is not mounted",
                                "boot with systemd.unified_cgroup_hierarchy=1, or: mount -t cgroup2 none /sys/fs/cgroup");
                mount = found.point;
        }
        *ret = strdup(mount);
        return *ret != NULL ? 0 : cgb_fault_set(fault, -ENOMEM, mount, "out of memory", NULL);
}

/* The group that the caller itself is in, below @mount. @ret: PATH_MAX bytes. */
static int find_own_group(const char *mount, char *ret)
{
        struct cgb_mount found = {.root = "/"};
        char *text;
        size_t n;
        int r;

        if (cgb_mount_read_text(&text, &n, "/proc/self/mountinfo") == 0) {
                if (cgb_mount_find(&found, text, n, "") < 0 || strcmp(found.point, mount) != 0)
                        strcpy(found.root, "/");
                free(text);
        }
        r = cgb_mount_read_text(&text, &n, "/proc/self/cgroup");
        if (r < 0)
                return r;
        r = cgb_mount_own_group(ret, text, n, found.root);
        free(text);
        return r;
}

int cgb_default_parent(const char *mount, char **ret, struct cgb_fault *fault)
{
        char *point, own[PATH_MAX], delegated[PATH_MAX] = "", parent[PATH_MAX];
        struct cgb_tree tree = {.fd = -1};
        int r;

        r = find_mount(mount, NULL, &point, fault);
        if (r < 0)
                return r;
        r = cgb_tree_open(&tree, point, fault);
        if (r == 0 && geteuid() != 0 && cgb_tree_may_write(&tree, "", "") < 0) {
                r = find_own_group(point, own);
                if (r == 0)
                        r = cgb_mount_delegated(delegated, &tree, own);
                if (r < 0)
                        cgb_fault_set(fault, -EACCES, point, "no group of this tree is delegated to you",
                                "run as root, or under: systemd-run --user --scope -p Delegate=yes");
                r = r < 0 ? -EACCES : 0;
        }
        if (r == 0 && cgb_path_join(parent, sizeof parent, delegated, DEFAULT_GROUP) < 0)
                r = cgb_fault_set(fault, -ENAMETOOLONG, delegated, "the path is too long", NULL);
        if (r == 0) {
                *ret = strdup(parent);
                r = *ret != NULL ? 0 : cgb_fault_set(fault, -ENOMEM, point, "out of memory", NULL);
        }
        cgb_tree_close(&tree);
        free(point);
        return r;
}

static char *default_state_dir(void)
{
        const char *runtime = getenv("XDG_RUNTIME_DIR");
        char *dir;

        if (geteuid() == 0 || runtime == NULL || *runtime != '/')
                return strdup("/run/cgburst");
        return asprintf(&dir, "%s/cgburst", runtime) < 0 ? NULL : dir;
}

/* A copy without the slashes around it: "/sys/fs/cgroup/" and "/a/b" are what people type. */
static char *without_slashes(const char *text, bool also_in_front)
{
        size_t n = strlen(text);

        while (also_in_front && *text == '/') {
                text++;
                n--;
        }
        while (n > 1 && text[n - 1] == '/')
                n--;
        return strndup(text, n);
}

static int check_options(const struct cgb_options *options, struct cgb_fault *fault)
{
        if (options == NULL)
                return cgb_fault_set(fault, -EINVAL, "options", "there are none", "call cgb_options_init()");
        if (options->size != sizeof *options)
                return cgb_fault_set(
                        fault, -EINVAL, "size", "the options are of another version of cgburst", "call cgb_options_init()");
        if (options->step_usec < STEP_MIN_USEC || options->step_usec > STEP_MAX_USEC)
                return cgb_fault_set(fault, -EINVAL, "step_usec", "the step is out of range", "10 ms to 60 s");
        if (options->depth < 1 || options->depth > DEPTH_MAX)
                return cgb_fault_set(fault, -EINVAL, "depth", "the depth is out of range", "1 to 8");
        if ((options->flags & ~(CGB_DRY_RUN | CGB_MEMORY)) != 0)
                return cgb_fault_set(fault, -EINVAL, "flags", "there is a flag that this version does not know",
                        "use CGB_DRY_RUN, CGB_MEMORY or 0");
        if (options->policy != NULL && cgb_policy_memory_size(options->policy) == 0)
                return cgb_fault_set(fault, -EINVAL, "policy", "one of its values is out of range", "see cgburst/policy.h");
        if (options->mount != NULL && *options->mount == '\0')
                return cgb_fault_set(fault, -EINVAL, "mount", "it is empty", "name a folder, or leave it NULL");
        if (options->state_dir != NULL && *options->state_dir == '\0')
                return cgb_fault_set(fault, -EINVAL, "state_dir", "it is empty", "name a folder, or leave it NULL");
        if (cgb_backend_find(options->backend) == NULL)
                return cgb_fault_set(fault, -EINVAL, "backend", "this build has no backend of that name",
                        "cgroupfs, libcgroup, systemd or auto");
        if (options->calls_per_second > CALLS_PER_SECOND_MAX)
                return cgb_fault_set(
                        fault, -EINVAL, "calls_per_second", "it is out of range", "1 to 1000, or 0 for the default");
        return 0;
}

static bool has_control_characters(const char *text)
{
        for (; *text != '\0'; text++)
                if ((unsigned char)*text < ' ' || *text == 0x7f)
                        return true;
        return false;
}

static int copy_options(struct cgb *cgb, const struct cgb_options *options, struct cgb_fault *fault)
{
        char *mount, *parent = NULL;
        int r;

        cgb->options = *options;
        cgb->options.policy = NULL;
        cgb->options.backend = NULL;
        cgb->options.mount = cgb->options.parent = cgb->options.state_dir = NULL;
        cgb->options.rules = NULL;
        if (options->policy != NULL)
                cgb->policy_options = *options->policy;
        else
                cgb_policy_options_init(&cgb->policy_options, options->step_usec, CAPACITY);
        if (options->n_rules > 0)
                cgb->policy_options.beside_others = 1;

        r = cgb_rules_copy(&cgb->rules, options->rules, options->n_rules, fault);
        if (r == 0)
                r = find_mount(options->mount, cgb->backend_type, &mount, fault);
        if (r < 0)
                return r;
        cgb->options.mount = without_slashes(mount, false);
        free(mount);
        if (cgb->options.mount == NULL)
                return cgb_fault_set(fault, -ENOMEM, "mount", "out of memory", NULL);
        if (options->parent == NULL) {
                r = cgb_default_parent(cgb->options.mount, &parent, fault);
                if (r < 0)
                        return r;
        }
        cgb->options.parent = options->parent == NULL ? parent : without_slashes(options->parent, true);
        cgb->options.state_dir =
                options->state_dir == NULL ? default_state_dir() : without_slashes(options->state_dir, false);
        if (cgb->options.parent == NULL || cgb->options.state_dir == NULL)
                return cgb_fault_set(fault, -ENOMEM, "parent", "out of memory", NULL);
        if (!cgb_path_is_valid(cgb->options.parent) || has_control_characters(cgb->options.parent))
                return cgb_fault_set(fault, -EINVAL, "parent", "this cannot be the path of a group",
                        "name it relative to the mount, without \".\", \"..\" or control characters");
        cgb->state_name = cgb_state_name(cgb->options.state_dir, cgb->options.parent);
        if (cgb->state_name == NULL)
                return cgb_fault_set(fault, -ENOMEM, "state_dir", "out of memory", NULL);
        if (!cgb_state_name_fits(cgb->state_name))
                return cgb_fault_set(fault, -ENAMETOOLONG, "parent",
                        "no file of the state can be called after so long a path",
                        "name another parent: of the name of a file each \"-\" of the path takes four characters");
        return 0;
}

static int watch_fd(struct cgb *cgb, int fd)
{
        struct epoll_event event = {.events = EPOLLIN};

        return fd < 0 ? -1 : epoll_ctl(cgb->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int open_fds(struct cgb *cgb, struct cgb_fault *fault)
{
        cgb->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        cgb->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
        cgb->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (cgb->epoll_fd < 0 || watch_fd(cgb, cgb->timer_fd) < 0 || watch_fd(cgb, cgb->inotify_fd) < 0)
                return cgb_fault_set(fault, -errno, "epoll, timerfd, inotify", "they cannot be opened", NULL);
        return 0;
}

int cgb_new(struct cgb **ret, const struct cgb_options *options, struct cgb_fault *fault)
{
        struct cgb *cgb;
        int r;

        if (fault != NULL)
                *fault = (struct cgb_fault){0};
        r = check_options(options, fault);
        if (r < 0)
                return r;
        cgb = calloc(1, sizeof *cgb);
        if (cgb == NULL)
                return cgb_fault_set(fault, -ENOMEM, "cgb_new", "out of memory", NULL);
        cgb->epoll_fd = cgb->timer_fd = cgb->inotify_fd = cgb->lock_fd = -1;
        cgb->tree.fd = -1;
        cgb->deadline_usec = UINT64_MAX;
        cgb->backend_type = cgb_backend_find(options->backend);
        cgb->chooses_writers = options->backend == NULL || strcmp(options->backend, CGB_BACKEND_AUTO) == 0;

        r = copy_options(cgb, options, fault);
        if (r == 0)
                r = cgb_tree_open(&cgb->tree, cgb->options.mount, fault);
        if (r == 0)
                r = open_fds(cgb, fault);
        if (r == 0)
                r = cgb_fd_cache_new(&cgb->fds, 0);
        if (r < 0) {
                cgb_free(cgb);
                return r;
        }
        *ret = cgb;
        return 0;
}

static void close_fd(int fd)
{
        if (fd >= 0)
                close(fd);
}

struct cgb *cgb_free(struct cgb *cgb)
{
        if (cgb == NULL)
                return NULL;
        cgb_stop(cgb);
        cgb_writers_close(cgb);
        cgb_events_clear(&cgb->events);
        cgb_fd_cache_free(cgb->fds);
        cgb_tree_close(&cgb->tree);
        close_fd(cgb->inotify_fd);
        close_fd(cgb->timer_fd);
        close_fd(cgb->epoll_fd);
        free((char *)cgb->options.mount);
        free((char *)cgb->options.parent);
        free((char *)cgb->options.state_dir);
        free(cgb->state_name);
        cgb_rules_free(&cgb->rules);
        free(cgb);
        return NULL;
}

const struct cgb_fault *cgb_get_fault(const struct cgb *cgb)
{
        return &cgb->fault;
}

int cgb_get_fd(const struct cgb *cgb)
{
        return cgb->epoll_fd;
}

uint64_t cgb_get_deadline_usec(const struct cgb *cgb)
{
        return cgb->memory.law != NULL && cgb->memory.due_usec < cgb->deadline_usec ? cgb->memory.due_usec
                                                                                    : cgb->deadline_usec;
}

int cgb_get_workspace(const struct cgb *cgb, size_t index, struct cgb_workspace *ret)
{
        const struct cgb_group *group;

        if (ret->size != sizeof *ret)
                return -EINVAL;
        if (index >= cgb->n_groups)
                return -ENOENT;
        group = cgb->groups[index];
        ret->name = group->name;
        ret->depth = group->depth;
        ret->foreign = group->foreign;
        ret->owner = group->owner;
        ret->writer = group->is_anothers ? NULL : group->writer->type->name;
        ret->dry_run = cgb_group_is_dry(cgb, group);
        ret->rule = group->rule != NULL ? group->rule->name : "";
        ret->memory = (struct cgb_memory_state){0};
        ret->has_memory = group->memory.known && cgb_memory_get(cgb->memory.law, group->memory.node, &ret->memory) == 0;
        return cgb_policy_get_account(cgb->policy, group->node, &ret->account);
}

int cgb_get_overview(const struct cgb *cgb, struct cgb_overview *ret)
{
        if (ret->size != sizeof *ret)
                return -EINVAL;
        *ret = (struct cgb_overview){
                .size = sizeof *ret,
                .mount = cgb->options.mount,
                .parent = cgb->options.parent,
                .state_name = cgb->state_name,
                .started = cgb->started,
                .workspaces = (uint32_t)cgb->n_groups,
                .cpus_permille = cgb->top.sample.cpus_permille,
                .step_usec = cgb->options.step_usec,
                .steps = cgb->steps,
                .weights_written = cgb->weights_written,
                .longest_dispatch_usec = cgb->longest_dispatch_usec,
                .events_lost = cgb->events.lost,
        };
        cgb_writers_count(cgb, ret);
        if (cgb->started)
                cgb_policy_get_pool(cgb->policy, CGB_NODE_ROOT, &ret->pool);
        if (cgb->memory.law != NULL) {
                cgb_memory_get_pool(cgb->memory.law, &ret->memory);
                ret->memory_can_reclaim = cgb->memory.options.can_reclaim;
                ret->limits_written = cgb->memory.limits_written;
                ret->reclaims_late = cgb->memory.reclaimer != NULL ? cgb_reclaimer_late(cgb->memory.reclaimer) : 0;
        }
        return 0;
}
