/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "credits.h"

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

                if (strncmp(line, "boot ", 5) == 0 && strcmp(line + 5, boot) != 0)
                        return;
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

struct cgb_balance cgb_credits_find(const struct cgb_saved_credits *saved, uint64_t inode)
{
        const struct cgb_saved_credit key = {.inode = inode}, *found = NULL;

        if (saved->n > 0)
                found = bsearch(&key, saved->entries, saved->n, sizeof key, by_inode);
        return found != NULL ? found->balance : (struct cgb_balance){0};
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

                if (cgb_policy_get_account(cgb->policy, cgb->groups[i]->node, &account) == 0)
                        fprintf(out, "credit %" PRIu64 " %" PRId64 " %" PRId64 "\n", cgb->groups[i]->dir.inode,
                                account.balance.slow_nsec, account.balance.fast_nsec);
        }
        r = fclose(out) == 0 ? cgb_state_write(cgb->state_name, SUFFIX, text, CGB_CACHED, NULL) : -ENOMEM;
        free(text);
        return r;
}
