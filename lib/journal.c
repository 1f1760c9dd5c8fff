/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "journal.h"
#include "kernel/parse.h"
#include "kernel/path.h"
#include "state.h"

#define SUFFIX ".journal"
#define MAGIC "cgburst journal 1\n"

int cgb_journal_add(struct cgb_journal *journal, uint64_t inode, uint32_t weight, const char *name)
{
        struct cgb_journal_entry *entries = journal->entries;
        char *copy = strdup(name);

        if ((journal->n & (journal->n - 1)) == 0)
                entries = realloc(entries, (journal->n == 0 ? 1 : 2 * journal->n) * sizeof *entries);
        if (entries != NULL)
                journal->entries = entries;
        if (entries == NULL || copy == NULL) {
                free(copy);
                return -ENOMEM;
        }
        entries[journal->n++] = (struct cgb_journal_entry){inode, weight, copy};
        return 0;
}

void cgb_journal_free(struct cgb_journal *journal)
{
        for (size_t i = 0; i < journal->n; i++)
                free(journal->entries[i].name);
        free(journal->entries);
        *journal = (struct cgb_journal){0};
}

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

int cgb_journal_save(const struct cgb_journal *journal, const char *state_name, struct cgb_fault *fault)
{
        char boot[64], *text = NULL;
        size_t size;
        FILE *out;
        int r;

        if (journal->n == 0)
                return cgb_state_write(state_name, SUFFIX, NULL, CGB_ON_DISK, fault);
        out = open_memstream(&text, &size);
        if (out == NULL)
                return cgb_fault_set(fault, -ENOMEM, state_name, "out of memory", NULL);
        cgb_boot_id(boot, sizeof boot);
        fprintf(out, MAGIC "boot %s\n", boot);
        for (size_t i = 0; i < journal->n; i++) {
                fprintf(out, "weight %" PRIu64 " %" PRIu32 " ", journal->entries[i].inode, journal->entries[i].weight);
                print_name(out, journal->entries[i].name);
        }
        if (fclose(out) == 0)
                r = cgb_state_write(state_name, SUFFIX, text, CGB_ON_DISK, fault);
        else
                r = cgb_fault_set(fault, -ENOMEM, state_name, "out of memory", NULL);
        free(text);
        return r;
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

/* Enters one line, if it is one of ours. */
static int take_line(struct cgb_journal *journal, char *line)
{
        uint64_t inode;
        uint32_t weight;
        int end = 0;

        if (sscanf(line, "weight %" SCNu64 " %" SCNu32 "%n", &inode, &weight, &end) != 2 || line[end] != ' '
            || line[end + 1] == '\0' || weight < CGB_WEIGHT_MIN || weight > CGB_WEIGHT_MAX)
                return 0;
        unescape_name(line + end + 1);
        return cgb_journal_add(journal, inode, weight, line + end + 1);
}

int cgb_journal_load(struct cgb_journal *ret, const char *state_name, struct cgb_fault *fault)
{
        struct cgb_journal journal = {0};
        char *text, *at, *line;
        int r;

        r = cgb_state_read(&text, state_name, SUFFIX);
        if (r < 0 && r != -ENOENT)
                return cgb_fault_set(fault, r, state_name, "its journal cannot be read", NULL);
        at = text;
        if (r == 0 && take_head(&at))
                while (r == 0 && (line = strsep(&at, "\n")) != NULL)
                        r = take_line(&journal, line);
        if (r != -ENOENT)
                free(text);
        if (r == -ENOMEM) {
                cgb_journal_free(&journal);
                return cgb_fault_set(fault, r, state_name, "out of memory", NULL);
        }
        *ret = journal;
        return 0;
}

static bool holds(const struct cgb_tree *tree, const char *path, uint32_t weight)
{
        char text[64];
        uint32_t now;
        ssize_t n = cgb_tree_read(tree, path, "cpu.weight", text, sizeof text);

        return n >= 0 && cgb_parse_weight(&now, text, (size_t)n) == 0 && now == weight;
}

/* An idle group takes no weight (EINVAL). Somebody has made it so meanwhile, and has the say. */
static bool is_idle(const struct cgb_tree *tree, const char *path)
{
        char text[64];
        uint64_t idle;
        ssize_t n = cgb_tree_read(tree, path, "cpu.idle", text, sizeof text);

        return n >= 0 && cgb_parse_u64(&idle, text, (size_t)n) == 0 && idle == 1;
}

/* @return 1 if it was written, 0 if there was no need or the group is gone, or a negative errno. */
static int put_back(const struct cgb_journal_entry *entry, const struct cgb_tree *tree, const char *parent, struct cgb_fault *fault)
{
        char path[PATH_MAX], file[sizeof fault->file], value[16];
        uint64_t inode;
        int r;

        if (!cgb_path_is_valid(entry->name) || cgb_path_join(path, sizeof path, parent, entry->name) < 0
            || cgb_tree_find(&inode, tree, path) < 0 || inode != entry->inode || holds(tree, path, entry->weight))
                return 0;
        snprintf(value, sizeof value, "%" PRIu32, entry->weight);
        r = cgb_tree_write(tree, path, "cpu.weight", value, strlen(value));
        if (r == -ENOENT || r == -ENODEV || (r == -EINVAL && is_idle(tree, path)))
                return 0;
        cgb_tree_name(file, sizeof file, tree, path, "cpu.weight");
        return r < 0 ? cgb_fault_set(fault, r, file, "the weight that was found here cannot be put back", NULL) : 1;
}

int cgb_journal_put_back(struct cgb_journal *journal, const struct cgb_tree *tree, const char *parent, size_t *ret_count,
        struct cgb_fault *fault)
{
        size_t left = 0, count = 0;
        int error = 0;

        for (size_t i = 0; i < journal->n; i++) {
                int r = put_back(&journal->entries[i], tree, parent, error == 0 ? fault : NULL);

                if (r < 0) {
                        error = error == 0 ? r : error;
                        journal->entries[left++] = journal->entries[i];
                } else {
                        count += (size_t)r;
                        free(journal->entries[i].name);
                }
        }
        journal->n = left;
        *ret_count = count;
        return error;
}
