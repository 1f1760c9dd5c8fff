/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "journal.h"
#include "kernel/path.h"
#include "state.h"

#define MAGIC "cgburst journal 1\n"

static void print_name(FILE *out, const char *name)
{
        for (; *name != '\0'; name++) {
                if (*name == '\n')
                        fputs("\\n", out);
                else if (*name == '\\')
                        fputs("\\\\", out);
                else
                        fputc(*name, out);
        }
        fputc('\n', out);
}

/* The reverse, in place. */
static void unescape_name(char *name)
{
        char *to = name;

        for (; *name != '\0'; name++) {
                if (*name == '\\' && name[1] != '\0')
                        *to++ = *++name == 'n' ? '\n' : *name;
                else
                        *to++ = *name;
        }
        *to = '\0';
}

int cgb_journal_format(char **ret, const struct cgb_journal_entry *entries, size_t n)
{
        char boot[64], *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        if (out == NULL)
                return -ENOMEM;
        cgb_boot_id(boot, sizeof boot);
        fprintf(out, MAGIC "boot %s\n", boot);
        for (size_t i = 0; i < n; i++) {
                fprintf(out, "weight %" PRIu64 " %" PRIu32 " ", entries[i].inode, entries[i].weight);
                print_name(out, entries[i].name);
        }
        if (fclose(out) != 0) {
                free(text);
                return -ENOMEM;
        }
        *ret = text;
        return 0;
}

/* Puts one weight back. @return 1 if it was, 0 if there was no need or the group is gone, or a negative errno. */
static int put_back(const struct cgb_tree *tree, const char *parent, const struct cgb_journal_entry *entry, struct cgb_fault *fault)
{
        char path[PATH_MAX], file[512], now[64], value[16];
        uint64_t inode;
        ssize_t n;
        int r;

        if (!cgb_path_is_valid(entry->name) || cgb_path_join(path, sizeof path, parent, entry->name) < 0)
                return 0;
        if (cgb_tree_find(&inode, tree, path) < 0 || inode != entry->inode)
                return 0;
        snprintf(value, sizeof value, "%" PRIu32, entry->weight);
        n = cgb_tree_read(tree, path, "cpu.weight", now, sizeof now);
        if (n >= 0 && (size_t)n >= strlen(value) && memcmp(now, value, strlen(value)) == 0
            && ((size_t)n == strlen(value) || now[strlen(value)] == '\n'))
                return 0;
        r = cgb_tree_write(tree, path, "cpu.weight", value, strlen(value));
        if (r == -ENOENT || r == -ENODEV)
                return 0;
        if (r < 0) {
                cgb_tree_name(file, sizeof file, tree, path, "cpu.weight");
                return cgb_fault_set(fault, r, file, "the weight that was found here cannot be put back", NULL);
        }
        return 1;
}

/* The next entry of a journal's text; lines of other kinds are skipped. */
static bool next_entry(char **text, struct cgb_journal_entry *ret)
{
        while (**text != '\0') {
                char *line = *text, *end = line + strcspn(line, "\n");
                int name_at = 0;

                *text = *end == '\0' ? end : end + 1;
                *end = '\0';
                if (sscanf(line, "weight %" SCNu64 " %" SCNu32 " %n", &ret->inode, &ret->weight, &name_at) == 2 && name_at > 0) {
                        unescape_name(line + name_at);
                        ret->name = line + name_at;
                        return true;
                }
        }
        return false;
}

/* Is this a journal at all, and of this boot? Moves @text behind the head. */
static bool take_head(char **text)
{
        char boot[64], line[sizeof boot + sizeof "boot \n"];

        if (strncmp(*text, MAGIC, strlen(MAGIC)) != 0)
                return false;
        *text += strlen(MAGIC);
        cgb_boot_id(boot, sizeof boot);
        snprintf(line, sizeof line, "boot %s\n", boot);
        return strncmp(*text, line, strlen(line)) == 0;
}

/* Goes through a journal; @ret_left takes what could not be put back. */
static int replay(const struct cgb_tree *tree, const char *parent, char *text, FILE *left, size_t *ret_left, struct cgb_fault *fault)
{
        struct cgb_journal_entry entry;
        int count = 0, error = 0;

        while (next_entry(&text, &entry)) {
                int r = put_back(tree, parent, &entry, error == 0 ? fault : NULL);

                if (r < 0) {
                        error = error == 0 ? r : error;
                        fprintf(left, "weight %" PRIu64 " %" PRIu32 " ", entry.inode, entry.weight);
                        print_name(left, entry.name);
                        (*ret_left)++;
                } else {
                        count += r;
                }
        }
        return error < 0 ? error : count;
}

int cgb_journal_replay(const struct cgb_tree *tree, const char *state_name, const char *parent, struct cgb_fault *fault)
{
        char *text, *at, *left_text = NULL, boot[64];
        size_t left_size, left = 0;
        FILE *out;
        int r;

        r = cgb_state_read(&text, state_name, CGB_JOURNAL_SUFFIX);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return cgb_fault_set(fault, r, state_name, "its journal cannot be read", NULL);
        at = text;
        if (!take_head(&at)) {
                free(text);
                return cgb_state_write(state_name, CGB_JOURNAL_SUFFIX, NULL, CGB_ON_DISK, fault);
        }
        out = open_memstream(&left_text, &left_size);
        if (out == NULL) {
                free(text);
                return cgb_fault_set(fault, -ENOMEM, state_name, "out of memory", NULL);
        }
        cgb_boot_id(boot, sizeof boot);
        fprintf(out, MAGIC "boot %s\n", boot);
        r = replay(tree, parent, at, out, &left, fault);
        fclose(out);
        cgb_state_write(state_name, CGB_JOURNAL_SUFFIX, left > 0 ? left_text : NULL, CGB_ON_DISK, NULL);
        free(left_text);
        free(text);
        return r;
}
