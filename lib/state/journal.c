/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "kernel/parse.h"
#include "kernel/path.h"
#include "state/journal.h"
#include "state/state.h"

#define SUFFIX ".journal"
#define MAGIC "cgburst journal 1\n"

/* "max", or the 20 digits of 2^64. */
#define VALUE_SIZE 24

/* In the journal and in the tree, and what stands for CGB_NO_LIMIT. */
static const struct {
        const char *word, *file, *none;
        bool is_weight, is_unit;
} files[] = {
        [CGB_JOURNAL_WEIGHT] = {"weight", "cpu.weight", "max", true, false},
        [CGB_JOURNAL_HIGH] = {"high", "memory.high", "max", false, false},
        [CGB_JOURNAL_UNIT_WEIGHT] = {"unit-weight", "cpu.weight", "unset", true, true},
        [CGB_JOURNAL_UNIT_HIGH] = {"unit-high", "memory.high", "max", false, true},
};
#define FILES (sizeof files / sizeof files[0])

int cgb_journal_add(
        struct cgb_journal *journal, uint64_t inode, enum cgb_journal_file file, uint64_t value, const char *name)
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
        entries[journal->n++] = (struct cgb_journal_entry){.inode = inode, .file = file, .value = value, .name = copy};
        return 0;
}

void cgb_journal_remove(struct cgb_journal *journal, size_t index)
{
        free(journal->entries[index].name);
        journal->n--;
        memmove(&journal->entries[index], &journal->entries[index + 1], (journal->n - index) * sizeof *journal->entries);
}

bool cgb_journal_is_weight(enum cgb_journal_file file)
{
        return files[file].is_weight;
}

bool cgb_journal_is_unit(enum cgb_journal_file file)
{
        return files[file].is_unit;
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

static void print_value(char ret[static VALUE_SIZE], enum cgb_journal_file file, uint64_t value)
{
        if (value == CGB_NO_LIMIT)
                strcpy(ret, files[file].none);
        else
                snprintf(ret, VALUE_SIZE, "%" PRIu64, value);
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
                char value[VALUE_SIZE];

                print_value(value, journal->entries[i].file, journal->entries[i].value);
                fprintf(out, "%s %" PRIu64 " %s ", files[journal->entries[i].file].word, journal->entries[i].inode, value);
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

/* What a file of this kind may hold. */
static int parse_value(uint64_t *ret, enum cgb_journal_file file, const char *text, size_t n)
{
        uint32_t weight;
        int r;

        if (!files[file].is_weight)
                return cgb_parse_limit(ret, text, n);
        if (files[file].is_unit && n == strlen(files[file].none) && memcmp(text, files[file].none, n) == 0) {
                *ret = CGB_NO_LIMIT;
                return 0;
        }
        r = cgb_parse_weight(&weight, text, n);
        if (r == 0)
                *ret = weight;
        return r;
}

/* Enters one line, if it is one of ours. */
static int take_line(struct cgb_journal *journal, char *line)
{
        char word[16], text[VALUE_SIZE];
        uint64_t inode, value;
        int end = 0;

        if (sscanf(line, "%15s %" SCNu64 " %23s%n", word, &inode, text, &end) != 3 || line[end] != ' ' ||
                line[end + 1] == '\0')
                return 0;
        for (size_t file = 0; file < FILES; file++) {
                if (strcmp(word, files[file].word) != 0 ||
                        parse_value(&value, (enum cgb_journal_file)file, text, strlen(text)) < 0)
                        continue;
                unescape_name(line + end + 1);
                return cgb_journal_add(journal, inode, (enum cgb_journal_file)file, value, line + end + 1);
        }
        return 0;
}

int cgb_journal_load(struct cgb_journal *ret, const char *state_name, struct cgb_fault *fault)
{
        struct cgb_journal journal = {0};
        char *text, *at, *line, file[sizeof fault->file];
        int r;

        r = cgb_state_read(&text, state_name, SUFFIX);
        if (r < 0 && r != -ENOENT) {
                snprintf(file, sizeof file, "%s" SUFFIX, state_name);
                return cgb_fault_set(fault, r, file, "what the groups had before us cannot be read",
                        "make it readable; or remove it, and nothing is put back");
        }
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

/* It does, or there is no such file. To the kernel a weight that is unset is the default. */
static bool holds(const struct cgb_tree *tree, const char *path, const struct cgb_journal_entry *entry)
{
        bool is_unset = files[entry->file].is_weight && entry->value == CGB_NO_LIMIT;
        uint64_t now, wanted = is_unset ? CGB_WEIGHT_DEFAULT : entry->value;
        char text[64];
        ssize_t n = cgb_tree_read(tree, path, files[entry->file].file, text, sizeof text);

        if (n == -ENOENT || n == -ENODEV)
                return true;
        return n >= 0 && parse_value(&now, entry->file, text, (size_t)n) == 0 && now == wanted;
}

/* @return false if there is no such group any more. */
static bool find_group(
        char ret[static PATH_MAX], const struct cgb_journal_entry *entry, const struct cgb_tree *tree, const char *parent)
{
        uint64_t inode;

        return cgb_path_is_valid(entry->name) && cgb_path_join(ret, PATH_MAX, parent, entry->name) == 0 &&
               cgb_tree_find(&inode, tree, ret) == 0 && inode == entry->inode;
}

bool cgb_journal_is_back(const struct cgb_journal_entry *entry, const struct cgb_tree *tree, const char *parent)
{
        char path[PATH_MAX];

        return !find_group(path, entry, tree, parent) || holds(tree, path, entry);
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
static int put_back(
        const struct cgb_journal_entry *entry, const struct cgb_tree *tree, const char *parent, struct cgb_fault *fault)
{
        char path[PATH_MAX], file[sizeof fault->file], value[VALUE_SIZE];
        int r;

        if (!find_group(path, entry, tree, parent) || holds(tree, path, entry))
                return 0;
        print_value(value, entry->file, entry->value);
        r = cgb_tree_write(tree, path, files[entry->file].file, value, strlen(value));
        if (r == -ENOENT || r == -ENODEV || (r == -EINVAL && files[entry->file].is_weight && is_idle(tree, path)))
                return 0;
        cgb_tree_name(file, sizeof file, tree, path, files[entry->file].file);
        return r < 0 ? cgb_fault_set(fault, r, file, "the value that was found here cannot be put back", NULL) : 1;
}

int cgb_journal_put_back(struct cgb_journal *journal, const struct cgb_tree *tree, const char *parent, size_t *ret_count,
        struct cgb_fault *fault)
{
        size_t left = 0, count = 0;
        int error = 0;

        for (size_t i = 0; i < journal->n; i++) {
                int r;

                if (files[journal->entries[i].file].is_unit) {
                        journal->entries[left++] = journal->entries[i];
                        continue;
                }
                r = put_back(&journal->entries[i], tree, parent, error == 0 ? fault : NULL);
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
