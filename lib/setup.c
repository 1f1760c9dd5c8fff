/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What has to be there before a workspace can be: the parent group, and the cpu controller on the way down to it. What had to be made or
 * switched on for it is written down in "<state_name>.setup" before it is done, by whoever does it, and undone when the parent is
 * empty again or its manager ends.
 *
 *     boot 5d0c...
 *     made cgburst                 a group, path below the mount
 *     enabled a/b                  the cpu controller in this group's cgroup.subtree_control; empty: the top of the tree
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "context.h"
#include "kernel/path.h"
#include "kernel/verbs.h"

#define SETUP_SUFFIX ".setup"

/* The file, locked for as long as it is open. Several processes make workspaces at once, each for some milliseconds. */
static FILE *open_locked(const char *state_name, const char *mode, struct cgb_fault *fault)
{
        char path[PATH_MAX];
        struct stat open_one, named_one;
        FILE *file;

        snprintf(path, sizeof path, "%s" SETUP_SUFFIX, state_name);
        for (;;) {
                file = fopen(path, mode);
                if (file == NULL)
                        break;
                if (flock(fileno(file), LOCK_EX) == 0 && fstat(fileno(file), &open_one) == 0 && stat(path, &named_one) == 0
                    && open_one.st_ino == named_one.st_ino)
                        return file;
                fclose(file); /* it was removed while we waited: there is a new one, or none */
        }
        if (errno != ENOENT || *mode != 'r')
                cgb_fault_set(fault, -errno, path, "it cannot be opened", "name a folder that you may write to (state_dir, --state-dir)");
        return NULL;
}

static int note(FILE *file, const char *what, const char *path)
{
        if (fprintf(file, "%s %s\n", what, path) < 0 || fflush(file) != 0 || fsync(fileno(file)) < 0)
                return -errno;
        return 0;
}

static int note_enabled(void *userdata, const char *path)
{
        return note(userdata, "enabled", path);
}

/* Makes @path and those above it that are missing. */
static int make_path(struct cgb *cgb, FILE *file, const char *path)
{
        char above[PATH_MAX];
        int r = cgb_tree_find(NULL, &cgb->tree, path);

        if (r != -ENOENT)
                return r;
        snprintf(above, sizeof above, "%s", path);
        if (cgb_path_cut(above)) {
                r = make_path(cgb, file, above);
                if (r < 0)
                        return r;
        }
        r = note(file, "made", path);
        if (r == 0)
                r = cgb_tree_make(&cgb->tree, path, &cgb->fault);
        return r == -EEXIST ? 0 : r;
}

static bool is_complete(struct cgb *cgb)
{
        char above[PATH_MAX];

        snprintf(above, sizeof above, "%s", cgb->options.parent);
        do {
                if (cgb_tree_is_enabled(&cgb->tree, above, "cpu") != 1)
                        return false;
        } while (cgb_path_cut(above));
        return true;
}

/* The folder of the state may be missing too. */
static FILE *open_for_notes(struct cgb *cgb)
{
        char boot[64];
        FILE *file;

        if (mkdir(cgb->options.state_dir, 0755) < 0 && errno != EEXIST) {
                cgb_fail(cgb, -errno, cgb->options.state_dir, "the state folder cannot be made",
                        "name a folder that you may write to (state_dir, --state-dir)");
                return NULL;
        }
        file = open_locked(cgb->state_name, "a", &cgb->fault);
        cgb_boot_id(boot, sizeof boot);
        if (file != NULL && ftell(file) == 0)
                note(file, "boot", boot);
        return file;
}

int cgb_setup_parent(struct cgb *cgb)
{
        FILE *file;
        int r;

        if (is_complete(cgb))
                return 0;
        file = open_for_notes(cgb);
        if (file == NULL)
                return cgb->fault.code;
        r = make_path(cgb, file, cgb->options.parent);
        if (r == 0)
                r = cgb_tree_enable_path(&cgb->tree, cgb->options.parent, "cpu", note_enabled, file, &cgb->fault);
        fclose(file);
        return r < 0 ? r : 0;
}

/* One line of the file. */
struct setup_line {
        bool made;
        char *path;
};

/* Takes the text apart, in place. @return the lines in *@ret for free(), and how many; none if they are of another boot. */
static size_t take_apart(char *text, struct setup_line **ret)
{
        struct setup_line *lines = calloc(strlen(text) / 5 + 1, sizeof *lines);
        char boot[64];
        size_t n = 0;

        cgb_boot_id(boot, sizeof boot);
        for (char *line = strtok(text, "\n"); line != NULL && lines != NULL; line = strtok(NULL, "\n")) {
                if (strncmp(line, "boot ", 5) == 0 && strcmp(line + 5, boot) != 0)
                        break;
                if (strncmp(line, "made ", 5) == 0)
                        lines[n++] = (struct setup_line){.made = true, .path = line + 5};
                else if (strncmp(line, "enabled ", 8) == 0)
                        lines[n++] = (struct setup_line){.made = false, .path = line + 8};
        }
        *ret = lines;
        return n;
}

/* Removes the groups that were made, the deepest first. @return 1 if some were, 0 if there was none, -EBUSY while one is in use. */
static int remove_made(const struct cgb_tree *tree, const struct setup_line *lines, size_t n)
{
        int removed = 0;

        for (size_t i = n; i > 0; i--) {
                int r = lines[i - 1].made ? cgb_tree_remove(tree, lines[i - 1].path, NULL) : 0;

                if (r < 0 && r != -ENOENT)
                        return r;
                removed |= lines[i - 1].made;
        }
        return removed;
}

static int disable_enabled(const struct cgb_tree *tree, const struct setup_line *lines, size_t n, struct cgb_fault *fault)
{
        int error = 0;

        for (size_t i = n; i > 0; i--) {
                int r = lines[i - 1].made ? 0 : cgb_tree_disable(tree, lines[i - 1].path, "cpu", error == 0 ? fault : NULL);

                if (r < 0 && r != -ENOENT && error == 0)
                        error = r;
        }
        return error;
}

int cgb_setup_undo(const struct cgb_tree *tree, const char *state_name, bool ended, struct cgb_fault *fault)
{
        FILE *file = open_locked(state_name, "r", fault);
        struct setup_line *lines;
        char *text;
        size_t n;
        int r;

        if (file == NULL)
                return 0;
        r = cgb_state_read(&text, state_name, SETUP_SUFFIX);
        if (r < 0) {
                fclose(file);
                return r;
        }
        n = take_apart(text, &lines);
        r = remove_made(tree, lines, n);
        if (r == -EBUSY || (r == 0 && n > 0 && !ended)) {
                r = 0; /* still in use: whoever is last does it */
        } else if (r >= 0) {
                r = disable_enabled(tree, lines, n, fault);
                if (r == 0)
                        r = cgb_state_write(state_name, SETUP_SUFFIX, NULL, CGB_ON_DISK, fault);
        }
        fclose(file);
        free(lines);
        free(text);
        return r;
}
