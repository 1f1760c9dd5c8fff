/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"
#include "kernel/path.h"
#include "kernel/process.h"
#include "kernel/verbs.h"
#include "lanes/lanes.h"
#include "state/state.h"

#define SUFFIX ".lanes"

/*
 * Processes are listed and moved again while new ones appear. A build that starts a hundred a second is done after two or
 * three rounds.
 */
#define ROUNDS_MAX 32

int cgb_lane_path(char *ret, size_t size, const char *group, enum cgb_lane lane)
{
        return cgb_path_join(ret, size, group, cgb_lane_to_string(lane));
}

/* ------------------------------------------------------------------------------------ written down */

struct note {
        uint64_t inode;
        char *group;
};

struct notes {
        char *text;
        struct note *list;
        size_t n;
};

static void notes_free(struct notes *notes)
{
        free(notes->list);
        free(notes->text);
}

/* What is on disk; another boot's is nothing, nor is a group that is not the same any more. */
static int notes_load(struct notes *ret, const struct cgb_tree *tree, const char *state_name)
{
        struct notes notes = {0};
        char boot[64], *at, *line;
        int r = cgb_state_read(&notes.text, state_name, SUFFIX);

        if (r < 0) {
                *ret = (struct notes){0};
                return r == -ENOENT ? 0 : r;
        }
        notes.list = calloc(strlen(notes.text) / 2 + 1, sizeof *notes.list);
        if (notes.list == NULL) {
                free(notes.text);
                return -ENOMEM;
        }
        cgb_boot_id(boot, sizeof boot);
        at = notes.text;
        line = strsep(&at, "\n");
        if (strcmp(line, boot) == 0)
                while ((line = strsep(&at, "\n")) != NULL) {
                        uint64_t inode, now;
                        int end = 0;

                        if (sscanf(line, "%" SCNu64 " %n", &inode, &end) == 1 && end > 0 && line[end] != '\0' &&
                                cgb_path_is_valid(line + end) && cgb_tree_find(&now, tree, line + end) == 0 && now == inode)
                                notes.list[notes.n++] = (struct note){inode, line + end};
                }
        *ret = notes;
        return 0;
}

/* Makes the disk hold the notes whose group is set, and one more if @more is not NULL. */
static int notes_save(const struct notes *notes, const char *state_name, const struct note *more, struct cgb_fault *fault)
{
        char boot[64], *text = NULL;
        size_t size, lines = 0;
        FILE *out = open_memstream(&text, &size);
        int r;

        if (out == NULL)
                return -ENOMEM;
        cgb_boot_id(boot, sizeof boot);
        fprintf(out, "%s\n", boot);
        for (size_t i = 0; i <= notes->n; i++) {
                const struct note *note = i < notes->n ? &notes->list[i] : more;

                if (note == NULL || note->group == NULL)
                        continue;
                fprintf(out, "%" PRIu64 " %s\n", note->inode, note->group);
                lines++;
        }
        r = fclose(out) == 0 ? cgb_state_write(state_name, SUFFIX, lines > 0 ? text : NULL, CGB_ON_DISK, fault) : -ENOMEM;
        free(text);
        return r;
}

static int note_down(const struct cgb_tree *tree, const char *state_name, const char *group, struct cgb_fault *fault)
{
        struct note note = {.group = (char *)group};
        struct notes notes;
        int r = strchr(group, '\n') != NULL ? -EINVAL : cgb_tree_find(&note.inode, tree, group);

        if (r == 0)
                r = notes_load(&notes, tree, state_name);
        if (r < 0)
                return cgb_fault_set(fault, r, group, "its lanes cannot be written down, so they are not made", NULL);
        r = notes_save(&notes, state_name, &note, fault);
        notes_free(&notes);
        return r;
}

/* -------------------------------------------------------------------------------------- make, undo */

static int explain(const struct cgb_tree *tree, const char *group, int code, const char *message, const char *remedy,
        struct cgb_fault *fault)
{
        char name[512];

        cgb_tree_name(name, sizeof name, tree, group, "");
        return cgb_fault_set(fault, code, name, message, remedy);
}

/* Moves what is in @from now. @return how many there were; a negative errno. */
static ssize_t move_all(const struct cgb_tree *tree, const char *from, const char *group, cgb_lane_chooser *choose,
        void *userdata, struct cgb_fault *fault)
{
        pid_t *pids;
        ssize_t n = cgb_process_list(&pids, tree, from, CGB_LANE_PROCESSES_MAX);
        int r = 0;

        if (n < 0)
                return explain(tree, from, (int)n, "its processes cannot be listed", NULL, fault);
        for (ssize_t i = 0; i < n && r == 0; i++) {
                int lane = choose != NULL ? choose(userdata, pids[i]) : 0;
                char path[PATH_MAX];

                if (lane < 0)
                        continue;
                r = choose != NULL ? cgb_lane_path(path, sizeof path, group, (enum cgb_lane)lane)
                                   : cgb_path_join(path, sizeof path, group, "");
                if (r == 0)
                        r = cgb_tree_attach(tree, path, pids[i], fault);
                if (r == -ESRCH)
                        r = 0; /* it has ended */
        }
        free(pids);
        return r < 0 ? r : n;
}

static int empty_group(
        const struct cgb_tree *tree, const char *group, cgb_lane_chooser *choose, void *userdata, struct cgb_fault *fault)
{
        for (int i = 0; i < ROUNDS_MAX; i++) {
                ssize_t n = move_all(tree, group, group, choose, userdata, fault);

                if (n == CGB_LANE_PROCESSES_MAX)
                        return explain(tree, group, -E2BIG, "it has more processes than are sorted into lanes",
                                "let its rule have no lanes", fault);
                if (n <= 0)
                        return (int)n;
        }
        return explain(tree, group, -EAGAIN, "its processes come faster than they can be moved into lanes",
                "start the daemon again when it is calm", fault);
}

static int find_any(void *userdata, const char *name, uint64_t inode)
{
        (void)userdata, (void)name, (void)inode;
        return -EBUSY;
}

/*
 * To whom the group belongs the lanes do as well, as with delegation: the directory, and the files with which processes are
 * moved.
 */
static int give_to_owner(const struct cgb_tree *tree, const char *group, const char *lane)
{
        static const char *const files[] = {"", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"};
        struct stat owner;

        if (fstatat(tree->fd, group, &owner, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (owner.st_uid == geteuid())
                return 0;
        for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
                char path[PATH_MAX];

                if (cgb_path_join(path, sizeof path, lane, files[i]) < 0)
                        return -ENAMETOOLONG;
                if (fchownat(tree->fd, path, owner.st_uid, owner.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
                        return -errno;
        }
        return 0;
}

static int make_lane(const struct cgb_tree *tree, const char *group, enum cgb_lane lane, struct cgb_fault *fault)
{
        char path[PATH_MAX];
        int r = cgb_lane_path(path, sizeof path, group, lane);

        if (r == 0)
                r = cgb_tree_make(tree, path, fault);
        if (r < 0)
                return r;
        r = give_to_owner(tree, group, path);
        return r < 0 ? explain(tree, path, r, "the lane cannot be given to the owner of its group", NULL, fault) : 0;
}

/* Processes go back into @group, and its lanes away. What is gone already is no error. */
static int take_back(const struct cgb_tree *tree, const char *group, struct cgb_fault *fault)
{
        int r = cgb_tree_disable(tree, group, "cpu", fault);

        for (int lane = 0; lane < CGB_LANES && (r == 0 || r == -ENOENT); lane++) {
                char path[PATH_MAX];
                ssize_t n = 1;

                r = cgb_lane_path(path, sizeof path, group, (enum cgb_lane)lane);
                for (int i = 0; i < ROUNDS_MAX && r == 0 && n > 0 && cgb_tree_find(NULL, tree, path) == 0; i++)
                        n = move_all(tree, path, group, NULL, NULL, fault);
                if (r == 0 && n < 0 && n != -ENOENT && n != -ENODEV)
                        r = (int)n;
                if (r == 0)
                        r = cgb_tree_remove(tree, path, fault);
        }
        return r == -ENOENT ? 0 : r;
}

static int fill_lanes(
        const struct cgb_tree *tree, const char *group, cgb_lane_chooser *choose, void *userdata, struct cgb_fault *fault)
{
        int r = 0;

        for (int lane = 0; lane < CGB_LANES && r == 0; lane++)
                r = make_lane(tree, group, (enum cgb_lane)lane, fault);
        /* between the last look and the controller another process may have come */
        for (int i = 0; i < ROUNDS_MAX && (r == 0 || r == -EBUSY); i++) {
                r = empty_group(tree, group, choose, userdata, fault);
                if (r == 0)
                        r = cgb_tree_enable(tree, group, "cpu", fault);
                if (r > 0)
                        return 0;
        }
        return r;
}

int cgb_lanes_check(const struct cgb_tree *tree, const char *group, struct cgb_fault *fault)
{
        int r = cgb_tree_list(tree, group, find_any, NULL);

        if (r == 0)
                return 0;
        return explain(tree, group, r,
                r == -EBUSY ? "it has groups of its own, and lanes cannot be beside them" : "it cannot be looked into",
                r == -EBUSY ? "let the rule name the groups inside, or have no lanes" : NULL, fault);
}

int cgb_lanes_make(const struct cgb_tree *tree, const char *state_name, const char *group, cgb_lane_chooser *choose,
        void *userdata, struct cgb_fault *fault)
{
        int r = cgb_lanes_check(tree, group, fault);

        if (r < 0)
                return r;
        r = note_down(tree, state_name, group, fault);
        if (r == 0)
                r = fill_lanes(tree, group, choose, userdata, fault);
        if (r < 0)
                take_back(tree, group, NULL);
        return r;
}

int cgb_lanes_undo(const struct cgb_tree *tree, const char *state_name, struct cgb_fault *fault)
{
        struct notes notes;
        int r = notes_load(&notes, tree, state_name), error = 0;

        if (r < 0)
                return cgb_fault_set(fault, r, state_name, "what lanes there are cannot be read", NULL);
        for (size_t i = 0; i < notes.n; i++) {
                int u = take_back(tree, notes.list[i].group, error == 0 ? fault : NULL);

                if (u == 0)
                        notes.list[i].group = NULL;
                else if (error == 0)
                        error = u;
        }
        if (notes.text != NULL)
                r = notes_save(&notes, state_name, NULL, error == 0 ? fault : NULL);
        notes_free(&notes);
        return error < 0 ? error : r;
}
