/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "kernel/parse.h"
#include "kernel/path.h"
#include "kernel/verbs.h"
#include "state/setup.h"
#include "state/state.h"

#define SUFFIX ".setup"

enum kind {
        MADE,
        ENABLED,
        MEMORY,
        WORKSPACE,
        KINDS,
};

static const char *const words[KINDS] = {"made", "enabled", "memory", "workspace"};

/* Of those kinds that are about one. */
static const char *const controllers[KINDS] = {[ENABLED] = "cpu", [MEMORY] = "memory"};

/* One line. */
struct entry {
        enum kind kind;
        char *path;
};

/* The file in memory. */
struct setup {
        const char *state_name;
        struct cgb_fault *fault;
        char *text;
        struct entry *entries;
        size_t n;
};

int cgb_setup_lock(const char *state_name, struct cgb_fault *fault)
{
        return cgb_lock_wait(state_name, SUFFIX "-lock", fault);
}

static void setup_free(struct setup *setup)
{
        free(setup->entries);
        free(setup->text);
}

static void take_line(struct setup *setup, char *line)
{
        for (int kind = 0; kind < KINDS; kind++) {
                size_t length = strlen(words[kind]);

                if (strncmp(line, words[kind], length) == 0 && line[length] == ' ' && cgb_path_is_valid(line + length + 1) &&
                        (line[length + 1] != '\0' || controllers[kind] != NULL))
                        setup->entries[setup->n++] = (struct entry){(enum kind)kind, line + length + 1};
        }
}

/* What is on disk; another boot's is nothing. */
static int setup_load(struct setup *setup)
{
        char boot[64], *at, *line;
        int r = cgb_state_read(&setup->text, setup->state_name, SUFFIX);

        if (r < 0) {
                setup->text = NULL;
                return r == -ENOENT
                               ? 0
                               : cgb_fault_set(setup->fault, r, setup->state_name, "what was set up cannot be read", NULL);
        }
        setup->entries = calloc(strlen(setup->text) / strlen("made ") + 1, sizeof *setup->entries);
        if (setup->entries == NULL)
                return cgb_fault_set(setup->fault, -ENOMEM, setup->state_name, "out of memory", NULL);
        cgb_boot_id(boot, sizeof boot);
        at = setup->text;
        while ((line = strsep(&at, "\n")) != NULL) {
                if (strncmp(line, "boot ", 5) == 0 && strcmp(line + 5, boot) != 0)
                        break;
                take_line(setup, line);
        }
        return 0;
}

/* Makes the disk hold the entries whose path is set, and one more if @more is not NULL. */
static int setup_save(const struct setup *setup, const struct entry *more)
{
        char boot[64], *text = NULL;
        size_t size, lines = 0;
        FILE *out = open_memstream(&text, &size);
        int r;

        if (out == NULL)
                return cgb_fault_set(setup->fault, -ENOMEM, setup->state_name, "out of memory", NULL);
        cgb_boot_id(boot, sizeof boot);
        fprintf(out, "boot %s\n", boot);
        for (size_t i = 0; i <= setup->n; i++) {
                const struct entry *entry = i < setup->n ? &setup->entries[i] : more;

                if (entry == NULL || entry->path == NULL)
                        continue;
                fprintf(out, "%s %s\n", words[entry->kind], entry->path);
                lines++;
        }
        if (fclose(out) == 0)
                r = cgb_state_write(setup->state_name, SUFFIX, lines > 0 ? text : NULL, CGB_ON_DISK, setup->fault);
        else
                r = cgb_fault_set(setup->fault, -ENOMEM, setup->state_name, "out of memory", NULL);
        free(text);
        return r;
}

/* Writes one more entry down, on disk, before what it says is done. */
static int note(struct setup *setup, enum kind kind, const char *path)
{
        struct entry entry = {kind, (char *)path};
        int r = setup_save(setup, &entry);

        if (r < 0)
                return r;
        setup_free(setup);
        *setup = (struct setup){.state_name = setup->state_name, .fault = setup->fault};
        return setup_load(setup);
}

/* What is being enabled, for the notes. */
struct enabling {
        struct setup *setup;
        enum kind kind;
};

static int note_enabled(void *userdata, const char *path)
{
        const struct enabling *enabling = userdata;

        return note(enabling->setup, enabling->kind, path);
}

/* Makes @path and those above it that are missing. */
static int make_path(struct setup *setup, const struct cgb_tree *tree, const char *path)
{
        char above[PATH_MAX], file[512];
        int r = cgb_tree_find(NULL, tree, path);

        if (r == 0)
                return 0;
        cgb_tree_name(file, sizeof file, tree, path, "");
        if (r != -ENOENT)
                return cgb_fault_set(setup->fault, r, file, "this cannot be a group", NULL);
        snprintf(above, sizeof above, "%s", path);
        if (cgb_path_cut(above)) {
                r = make_path(setup, tree, above);
                if (r < 0)
                        return r;
        }
        r = note(setup, MADE, path);
        if (r == 0)
                r = cgb_tree_make(tree, path, setup->fault);
        return r == -EEXIST ? 0 : r;
}

static bool is_complete(const struct cgb_tree *tree, const char *parent, const char *controller)
{
        char above[PATH_MAX];

        snprintf(above, sizeof above, "%s", parent);
        do {
                if (cgb_tree_is_enabled(tree, above, controller) != 1)
                        return false;
        } while (cgb_path_cut(above));
        return true;
}

/*
 * The root of a tree may have processes beside its children; no other group on the way may. The kernel says so only when a
 * process moves in below: the cpu controller can be enabled here, and turns the groups below into invalid ones.
 */
static int refuse_processes(const struct cgb_tree *tree, const char *parent, struct cgb_fault *fault)
{
        char path[PATH_MAX], text[CGB_READ_SIZE], file[512];

        snprintf(path, sizeof path, "%s", parent);
        for (; *path != '\0'; cgb_path_cut(path)) {
                ssize_t n = cgb_tree_read(tree, path, "cgroup.procs", text, sizeof text);

                if (n <= 0 && n != -EMSGSIZE)
                        continue;
                cgb_tree_name(file, sizeof file, tree, path, "cgroup.procs");
                return cgb_fault_set(fault, -ENOTEMPTY, file,
                        "this group has processes of its own, so there can be no workspaces below it",
                        "move them into another group, or name another parent");
        }
        return 0;
}

static int set_up(
        const struct cgb_tree *tree, const char *state_name, const char *parent, enum kind kind, struct cgb_fault *fault)
{
        struct setup setup = {.state_name = state_name, .fault = fault};
        int r;

        r = refuse_processes(tree, parent, fault);
        if (r < 0 || is_complete(tree, parent, controllers[kind]))
                return r;
        r = setup_load(&setup);
        if (r == 0)
                r = make_path(&setup, tree, parent);
        if (r == 0)
                r = cgb_tree_enable_path(
                        tree, parent, controllers[kind], note_enabled, &(struct enabling){&setup, kind}, fault);
        setup_free(&setup);
        if (r == -EBUSY && fault != NULL)
                fault->code = -ENOTEMPTY;
        return r == -EBUSY ? -ENOTEMPTY : r < 0 ? r : 0;
}

int cgb_setup_parent(const struct cgb_tree *tree, const char *state_name, const char *parent, struct cgb_fault *fault)
{
        return set_up(tree, state_name, parent, ENABLED, fault);
}

int cgb_setup_memory(const struct cgb_tree *tree, const char *state_name, const char *parent, struct cgb_fault *fault)
{
        return set_up(tree, state_name, parent, MEMORY, fault);
}

struct children {
        const struct cgb_tree *tree;
        const char *path;
};

/* Has somebody given this child a weight or a quota of its own? */
static int find_weight(void *userdata, const char *name, uint64_t inode)
{
        const struct children *children = userdata;
        char path[PATH_MAX], text[64];
        uint32_t weight;
        ssize_t n;

        (void)inode;
        if (cgb_path_join(path, sizeof path, children->path, name) < 0)
                return 0;
        n = cgb_tree_read(children->tree, path, "cpu.max", text, sizeof text);
        if (n > 0 && strncmp(text, "max", 3) != 0)
                return -EBUSY;
        n = cgb_tree_read(children->tree, path, "cpu.weight", text, sizeof text);
        return n >= 0 && cgb_parse_weight(&weight, text, (size_t)n) == 0 && weight != CGB_WEIGHT_DEFAULT ? -EBUSY : 0;
}

/* The same of its memory. */
static int find_limit(void *userdata, const char *name, uint64_t inode)
{
        static const struct {
                const char *file;
                uint64_t value;
        } defaults[] = {
                {"memory.min", 0},
                {"memory.low", 0},
                {"memory.high", CGB_NO_LIMIT},
                {"memory.max", CGB_NO_LIMIT},
                {"memory.swap.max", CGB_NO_LIMIT},
        };
        const struct children *children = userdata;
        char path[PATH_MAX], text[64];

        (void)inode;
        if (cgb_path_join(path, sizeof path, children->path, name) < 0)
                return 0;
        for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
                ssize_t n = cgb_tree_read(children->tree, path, defaults[i].file, text, sizeof text);
                uint64_t value;

                if (n >= 0 && cgb_parse_limit(&value, text, (size_t)n) == 0 && value != defaults[i].value)
                        return -EBUSY;
        }
        return 0;
}

/* Would values that somebody chose go with the controller? */
static bool is_used(const struct cgb_tree *tree, const char *path, enum kind kind)
{
        return cgb_tree_list(tree, path, kind == MEMORY ? find_limit : find_weight, &(struct children){tree, path}) ==
               -EBUSY;
}

static bool is_below(const char *path, const char *above)
{
        size_t length = strlen(above);

        return length == 0 || (strncmp(path, above, length) == 0 && path[length] == '/');
}

static bool has_workspaces(const struct setup *setup, const char *path)
{
        for (size_t i = 0; i < setup->n; i++)
                if (setup->entries[i].kind == WORKSPACE && setup->entries[i].path != NULL &&
                        is_below(setup->entries[i].path, path))
                        return true;
        return false;
}

/*
 * What a slice passes on is systemd's to say, which takes a controller away as soon as no unit needs it. And it goes by what
 * it did last: what were taken away behind its back would be missing for the next unit that needs it.
 */
static bool is_systemds(const char *path)
{
        size_t n = strlen(path), suffix = strlen(".slice");

        return n > suffix && strcmp(path + n - suffix, ".slice") == 0;
}

/* @return 0 if it is undone or there was nothing to undo; -EBUSY while it is used. */
static int undo(const struct setup *setup, const struct cgb_tree *tree, const struct entry *entry, struct cgb_fault *fault)
{
        int r = -EBUSY;

        if (entry->kind == WORKSPACE)
                r = cgb_tree_find(NULL, tree, entry->path) == 0 ? -EBUSY : 0;
        else if (entry->kind == MADE)
                r = cgb_tree_remove(tree, entry->path, NULL);
        else if (is_systemds(entry->path))
                r = 0;
        else if (!has_workspaces(setup, entry->path) && !is_used(tree, entry->path, entry->kind))
                r = cgb_tree_disable(tree, entry->path, controllers[entry->kind], fault);
        return r == -ENOENT ? 0 : r;
}

int cgb_setup_undo(const struct cgb_tree *tree, const char *state_name, struct cgb_fault *fault)
{
        /* a group that goes takes its own controllers along, and no longer uses those above */
        static const enum kind order[KINDS] = {WORKSPACE, MADE, MEMORY, ENABLED};
        struct setup setup = {.state_name = state_name, .fault = fault};
        int r = setup_load(&setup), error = 0;

        for (int pass = 0; pass < KINDS; pass++) {
                for (size_t i = setup.n; i > 0; i--) { /* from below */
                        struct entry *entry = &setup.entries[i - 1];
                        int u;

                        if (entry->kind != order[pass])
                                continue;
                        u = undo(&setup, tree, entry, error == 0 ? fault : NULL);
                        if (u == 0)
                                entry->path = NULL;
                        else if (u != -EBUSY && error == 0)
                                error = u;
                }
        }
        if (r == 0 && setup.n > 0)
                r = setup_save(&setup, NULL);
        setup_free(&setup);
        return error < 0 ? error : r;
}

int cgb_setup_note_workspace(const char *state_name, const char *path, struct cgb_fault *fault)
{
        struct setup setup = {.state_name = state_name, .fault = fault};
        int r = setup_load(&setup);

        if (r == 0 && setup.n > 0)
                r = note(&setup, WORKSPACE, path);
        setup_free(&setup);
        return r;
}

bool cgb_setup_has_made(const char *state_name, const char *path)
{
        struct setup setup = {.state_name = state_name};
        bool made = false;

        if (setup_load(&setup) == 0)
                for (size_t i = 0; i < setup.n; i++)
                        made |= setup.entries[i].kind == MADE && strcmp(setup.entries[i].path, path) == 0;
        setup_free(&setup);
        return made;
}
