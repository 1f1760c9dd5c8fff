/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the judgement of owner.c is made on: marks on the groups, and files of systemd and libcgroup. And the public calls.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "context.h"
#include "fault.h"
#include "kernel/mount.h"
#include "kernel/path.h"
#include "owner/owner.h"

typedef int add_claims(struct cgb_claims *claims, const char *text, size_t n);

/* Deeper than any manager of containers goes. */
#define LEVELS_MAX 16

/* ------------------------------------------------------------------ the configuration of libcgroup */

/* A file that is not there, or not for us to read, claims nothing. */
static int read_claims(struct cgb_claims *claims, const char *file, add_claims *add)
{
        char *text;
        size_t n;
        int r = cgb_mount_read_text(&text, &n, file);

        if (r < 0)
                return r == -ENOMEM ? r : 0;
        r = add(claims, text, n);
        free(text);
        return r;
}

static int read_folder(struct cgb_claims *claims, const char *folder, add_claims *add)
{
        char file[PATH_MAX];
        struct dirent *entry;
        DIR *dir = opendir(folder);
        int r = 0;

        while (dir != NULL && r == 0 && (entry = readdir(dir)) != NULL)
                if (entry->d_name[0] != '.' &&
                        (size_t)snprintf(file, sizeof file, "%s/%s", folder, entry->d_name) < sizeof file)
                        r = read_claims(claims, file, add);
        if (dir != NULL)
                closedir(dir);
        return r;
}

static int read_libcgroup(struct cgb_claims *claims, const char *prefix)
{
        static const struct {
                const char *file, *folder;
                add_claims *add;
        } sources[] = {
                {"/etc/cgconfig.conf", "/etc/cgconfig.d", cgb_claims_add_cgconfig},
                {"/etc/cgrules.conf", "/etc/cgrules.d", cgb_claims_add_cgrules},
        };
        char name[PATH_MAX];
        int r = 0;

        for (size_t i = 0; i < sizeof sources / sizeof sources[0] && r == 0; i++) {
                snprintf(name, sizeof name, "%s%s", prefix, sources[i].file);
                r = read_claims(claims, name, sources[i].add);
                snprintf(name, sizeof name, "%s%s", prefix, sources[i].folder);
                if (r == 0)
                        r = read_folder(claims, name, sources[i].add);
        }
        return r;
}

int cgb_owner_host_open(struct cgb_owner_host *ret, const char *prefix, const struct cgb_tree *tree)
{
        struct cgb_owner_host host = {.tree = tree};
        char state[PATH_MAX];
        int r = read_libcgroup(&host.libcgroup, prefix);

        if (r < 0) {
                cgb_owner_host_close(&host);
                return r;
        }
        snprintf(state, sizeof state, "%s/run/systemd/system", prefix); /* sd_booted(3) */
        host.has_systemd = access(state, F_OK) == 0;
        *ret = host;
        return 0;
}

void cgb_owner_host_close(struct cgb_owner_host *host)
{
        cgb_owner_ask_no_more(host);
        cgb_claims_free(&host->libcgroup);
}

/* ----------------------------------------------------------------------------- marks on the groups */

static bool has_mark(const char *group, const char *attribute)
{
        char value[2];

        return getxattr(group, attribute, value, sizeof value) == 1 && value[0] == '1';
}

static uid_t uid_of(const char *group)
{
        struct stat found;

        return stat(group, &found) < 0 ? 0 : found.st_uid;
}

/*
 * PID 1 marks a group that it delegates: for all to see since 251, before that where only root can; one that belongs to a
 * user leaves no doubt in any version. A user's manager marks nothing.
 */
static bool is_delegated(void *userdata, const char *path, const struct cgb_owner *owner)
{
        struct cgb_owner_host *host = userdata;
        char group[PATH_MAX], above[PATH_MAX];

        cgb_tree_name(group, sizeof group, host->tree, path, "");
        if (has_mark(group, "user.delegate") || has_mark(group, "trusted.delegate"))
                return true;
        if (owner->manager == CGB_MANAGER_USER)
                return host->may_ask && owner->manager_uid == geteuid() && cgb_owner_ask(host, owner->unit);
        snprintf(above, sizeof above, "%s", group);
        return cgb_path_cut(above) && uid_of(group) != 0 && uid_of(above) == 0;
}

static bool has_manager(void *userdata, const char *path)
{
        const struct cgb_owner_host *host = userdata;
        char scope[PATH_MAX];

        return cgb_path_join(scope, sizeof scope, path, "init.scope") == 0 && cgb_tree_find(NULL, host->tree, scope) == 0;
}

void cgb_owner_find(struct cgb_owner_host *host, const char *path, struct cgb_owner *ret)
{
        const struct cgb_owner_view view = {
                .has_systemd = host->has_systemd,
                .caller = geteuid(),
                .libcgroup = &host->libcgroup,
#ifdef HAVE_LIBCGROUP
                .can_libcgroup = true,
#endif
                .userdata = host,
                .is_delegated = is_delegated,
                .has_manager = has_manager,
        };
        char group[PATH_MAX];

        cgb_owner_judge(ret, path, &view);
        cgb_tree_name(group, sizeof group, host->tree, path, "");
        ret->uid = uid_of(group);
}

/* -------------------------------------------------------------------------------- the public calls */

/* A context that is not started: it opens the tree, and knows the defaults. */
struct look {
        struct cgb *cgb;
        struct cgb_owner_host host;
        cgb_owner_found *found;
        void *userdata;
        const char *name; /* below the parent, whose children are being listed */
};

static int look_open(struct look *ret, const struct cgb_options *options, struct cgb_fault *fault)
{
        int r = cgb_new(&ret->cgb, options, fault);

        if (r < 0)
                return r;
        r = cgb_owner_host_open(&ret->host, "", &ret->cgb->tree);
        ret->host.may_ask = true;
        if (r == 0)
                return 0;
        cgb_free(ret->cgb);
        return cgb_fault_set(fault, r, "owner", "out of memory", NULL);
}

static void look_close(struct look *look)
{
        cgb_owner_host_close(&look->host);
        cgb_free(look->cgb);
}

int cgb_get_owner(const struct cgb_options *options, const char *path, struct cgb_owner *ret, struct cgb_fault *fault)
{
        struct cgb_options own;
        struct look look = {.cgb = NULL};
        int r;

        if (ret->size != sizeof *ret)
                return cgb_fault_set(
                        fault, -EINVAL, "size", "the owner is of another version of cgburst", "set it to sizeof the struct");
        if (!cgb_path_is_valid(path))
                return cgb_fault_set(fault, -EINVAL, path != NULL ? path : "path", "this cannot be the path of a group",
                        "name it relative to the mount, without \".\" or \"..\"");
        cgb_options_init(&own);
        own.mount = options != NULL ? options->mount : NULL;
        own.parent = path; /* one that is delegated to the caller need not be searched for */
        r = look_open(&look, &own, fault);
        if (r < 0)
                return r;
        r = cgb_tree_find(NULL, &look.cgb->tree, path);
        if (r < 0)
                cgb_fault_set(fault, r, path, "there is no such group", NULL);
        else
                cgb_owner_find(&look.host, path, ret);
        look_close(&look);
        return r;
}

static int list_below(struct look *look, const char *name);

/* Is this one of the groups that a context manages, or on the way to one? */
static enum cgb_glob match(const struct look *look, const char *name)
{
        const struct cgb_rule *rule;
        uint32_t depth = 1;

        if (look->cgb->rules.n > 0)
                return cgb_rules_match(&look->cgb->rules, name, &rule);
        while ((name = strchr(name, '/')) != NULL) {
                name++;
                depth++;
        }
        return depth <= look->cgb->options.depth ? CGB_GLOB_YES : CGB_GLOB_NO;
}

static int found_child(void *userdata, const char *child, uint64_t inode)
{
        struct look *look = userdata;
        char name[PATH_MAX], path[PATH_MAX];
        struct cgb_owner owner;
        enum cgb_glob what;
        int r = 0;

        (void)inode;
        if (cgb_path_join(name, sizeof name, look->name, child) < 0 ||
                cgb_path_join(path, sizeof path, look->cgb->options.parent, name) < 0)
                return 0;
        what = match(look, name);
        if (what == CGB_GLOB_YES) {
                cgb_owner_find(&look->host, path, &owner);
                r = look->found(look->userdata, name, &owner);
        }
        if (r == 0 && (what == CGB_GLOB_BELOW || (what == CGB_GLOB_YES && look->cgb->rules.n == 0)))
                r = list_below(look, name);
        return r;
}

/* A group that vanishes meanwhile has no children, and a tree that somebody made too deep on purpose ends here. */
static int list_below(struct look *look, const char *name)
{
        const char *above = look->name;
        char path[PATH_MAX];
        unsigned level = 0;
        int r;

        for (const char *at = name; *at != '\0'; at++)
                level += *at == '/' ? 1 : 0;
        if (level >= LEVELS_MAX || cgb_path_join(path, sizeof path, look->cgb->options.parent, name) < 0)
                return 0;
        look->name = name;
        r = cgb_tree_list(&look->cgb->tree, path, found_child, look);
        look->name = above;
        return r == -ENOENT ? 0 : r;
}

int cgb_list_owners(const struct cgb_options *options, cgb_owner_found *found, void *userdata, struct cgb_fault *fault)
{
        struct look look = {.found = found, .userdata = userdata};
        int r;

        if (found == NULL)
                return cgb_fault_set(
                        fault, -EINVAL, "found", "there is nobody to tell the groups to", "hand a function over");
        r = look_open(&look, options, fault);
        if (r < 0)
                return r;
        r = list_below(&look, "");
        if (r < 0)
                cgb_fault_set(fault, r, look.cgb->options.parent, "its groups cannot be listed", NULL);
        look_close(&look);
        return r;
}
