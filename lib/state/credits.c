/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "state/credits.h"

#define SUFFIX ".credits"

static int by_inode(const void *a, const void *b)
{
        uint64_t left = ((const struct cgb_saved_credit *)a)->inode, right = ((const struct cgb_saved_credit *)b)->inode;

        return left < right ? -1 : left > right;
}

static void take_lines(struct cgb_saved_credits *saved, char *text)
{
        char boot[64], *rest;

        cgb_boot_id(boot, sizeof boot);
        for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
                struct cgb_saved_credit *entry = &saved->entries[saved->n];
                int64_t byte_seconds;
                uint64_t inode;

                if (strncmp(line, "boot ", 5) == 0 && strcmp(line + 5, boot) != 0)
                        return;
                if (sscanf(line, "memory %" SCNu64 " %" SCNd64, &inode, &byte_seconds) == 2 && saved->n > 0 &&
                        entry[-1].inode == inode)
                        entry[-1].memory_byte_seconds = byte_seconds; /* it stands behind the same group's time */
                if (sscanf(line, "credit %" SCNu64 " %" SCNd64 " %" SCNd64, &entry->inode, &entry->balance.slow_nsec,
                            &entry->balance.fast_nsec) == 3)
                        saved->n++;
        }
}

void cgb_credits_load(struct cgb_saved_credits *ret, const char *state_name)
{
        size_t lines = 1;
        char *text;

        *ret = (struct cgb_saved_credits){0};
        if (cgb_state_read(&text, state_name, SUFFIX) < 0)
                return;
        for (const char *c = text; *c != '\0'; c++)
                lines += *c == '\n';
        ret->entries = calloc(lines, sizeof *ret->entries);
        if (ret->entries != NULL)
                take_lines(ret, text);
        if (ret->n > 0)
                qsort(ret->entries, ret->n, sizeof *ret->entries, by_inode);
        free(text);
}

void cgb_credits_free(struct cgb_saved_credits *saved)
{
        free(saved->entries);
        *saved = (struct cgb_saved_credits){0};
}

static struct cgb_saved_credit find(const struct cgb_saved_credits *saved, uint64_t inode)
{
        const struct cgb_saved_credit key = {.inode = inode}, *found = NULL;

        if (saved->n > 0)
                found = bsearch(&key, saved->entries, saved->n, sizeof key, by_inode);
        return found != NULL ? *found : (struct cgb_saved_credit){0};
}

struct cgb_balance cgb_credits_find(const struct cgb_saved_credits *saved, uint64_t inode)
{
        return find(saved, inode).balance;
}

int64_t cgb_credits_find_memory(const struct cgb_saved_credits *saved, uint64_t inode)
{
        return find(saved, inode).memory_byte_seconds;
}

/* The workspace's, in the line of the lane that holds its rights. */
static void save_memory(const struct cgb *cgb, const struct cgb_group *group, FILE *out)
{
        struct cgb_memory_state state;

        if (group->memory.known && cgb_memory_get(cgb->memory.law, group->memory.node, &state) == 0 &&
                state.workspace == group->memory.node && state.credit_byte_seconds != 0)
                fprintf(out, "memory %" PRIu64 " %" PRId64 "\n", group->dir.inode, state.credit_byte_seconds);
}

int cgb_credits_save(const struct cgb *cgb)
{
        char boot[64], *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        int r;

        if (out == NULL)
                return -ENOMEM;
        cgb_boot_id(boot, sizeof boot);
        fprintf(out, "boot %s\n", boot);
        for (size_t i = 0; i < cgb->n_groups; i++) {
                struct cgb_account_state account;

                if (cgb_policy_get_account(cgb->policy, cgb->groups[i]->node, &account) < 0)
                        continue;
                fprintf(out, "credit %" PRIu64 " %" PRId64 " %" PRId64 "\n", cgb->groups[i]->dir.inode,
                        account.balance.slow_nsec, account.balance.fast_nsec);
                save_memory(cgb, cgb->groups[i], out);
        }
        r = fclose(out) == 0 ? cgb_state_write(cgb->state_name, SUFFIX, text, CGB_CACHED, NULL) : -ENOMEM;
        free(text);
        return r;
}
