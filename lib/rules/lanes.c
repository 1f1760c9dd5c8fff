/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "rules/glob.h"
#include "rules/lanes.h"

/* What a pattern may ask, and which fact answers. */
static const struct question {
        const char *prefix;
        enum cgb_process_part part;
} questions[] = {
        {"comm:", CGB_PROCESS_STAT},
        {"terminal:", CGB_PROCESS_STAT},
        {"exe:", CGB_PROCESS_EXE},
        {"cmdline:", CGB_PROCESS_CMDLINE},
};
#define TERMINAL 1

static const char *const terminals[] = {
        [CGB_TERMINAL_NONE] = "none",
        [CGB_TERMINAL_FOREGROUND] = "foreground",
        [CGB_TERMINAL_BACKGROUND] = "background",
};

const char *cgb_lane_to_string(enum cgb_lane lane)
{
        return lane == CGB_LANE_BATCH ? "batch" : "interactive";
}

/* @return NULL: it asks for nothing that there is. @ret_text: what comes behind the colon. */
static const struct question *find_question(const char *pattern, const char **ret_text)
{
        for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
                size_t n = strlen(questions[i].prefix);

                if (strncmp(pattern, questions[i].prefix, n) != 0)
                        continue;
                *ret_text = pattern + n;
                return &questions[i];
        }
        return NULL;
}

static bool is_terminal(const char *text)
{
        for (size_t i = 0; i < sizeof terminals / sizeof terminals[0]; i++)
                if (strcmp(text, terminals[i]) == 0)
                        return true;
        return false;
}

const char *cgb_lane_complain(const char *pattern)
{
        const char *text = "";
        const struct question *question = find_question(pattern, &text);

        if (question == NULL)
                return "does not begin with comm:, exe:, cmdline: or terminal:";
        if (*text == '\0')
                return "has nothing behind its colon";
        if (question == &questions[TERMINAL])
                return is_terminal(text) ? NULL : "asks for a terminal that is not foreground, background or none";
        if (!cgb_glob_sets_are_closed(text))
                return "has a \"[\" without \"]\"";
        if (strncmp(pattern, "comm:", strlen("comm:")) == 0 && strlen(text) >= CGB_COMM_SIZE && strpbrk(text, "*[") == NULL)
                return "is longer than the 15 bytes that the kernel keeps of a name: end it with *, or use exe: or cmdline:";
        return NULL;
}

bool cgb_rule_has_lanes(const struct cgb_rule *rule)
{
        return rule != NULL &&
               ((rule->interactive != NULL && *rule->interactive != NULL) || (rule->batch != NULL && *rule->batch != NULL));
}

static unsigned parts_of(const char *const *patterns)
{
        unsigned parts = 0;
        const char *text = "";

        for (; patterns != NULL && *patterns != NULL; patterns++)
                parts |= find_question(*patterns, &text)->part;
        return parts;
}

unsigned cgb_rule_process_parts(const struct cgb_rule *rule)
{
        return CGB_PROCESS_STAT | parts_of(rule->interactive) | parts_of(rule->batch);
}

static bool matches(const char *pattern, const struct cgb_process *process)
{
        const char *text = "";
        const struct question *question = find_question(pattern, &text);

        if (question == &questions[TERMINAL])
                return strcmp(text, terminals[process->terminal]) == 0;
        switch (question->part) {
        case CGB_PROCESS_STAT:
                return cgb_glob_match_text(text, process->comm);
        case CGB_PROCESS_EXE:
                return *process->exe != '\0' && cgb_glob_match_text(text, process->exe);
        case CGB_PROCESS_CMDLINE:
                return *process->cmdline != '\0' && cgb_glob_match_text(text, process->cmdline);
        }
        return false;
}

static bool some_match(const char *const *patterns, const struct cgb_process *process)
{
        for (; patterns != NULL && *patterns != NULL; patterns++)
                if (matches(*patterns, process))
                        return true;
        return false;
}

enum cgb_lane cgb_lane_choose(const struct cgb_rule *rule, const struct cgb_process *process, bool parent_is_batch)
{
        if (parent_is_batch)
                return CGB_LANE_BATCH;
        return !some_match(rule->interactive, process) && some_match(rule->batch, process) ? CGB_LANE_BATCH
                                                                                           : CGB_LANE_INTERACTIVE;
}
