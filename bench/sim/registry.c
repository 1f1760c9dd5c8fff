/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/complain.h"
#include "../peers/policies.h"
#include "policies.h"
#include "registry.h"

static const struct sim_policy *const policies[] = {
        &sim_policy_equal,
        &sim_policy_oracle,
        &sim_policy_cgburst,
        &sim_policy_quota,
        &sim_policy_quota_burst,
        &sim_policy_gitpod1,
        &sim_policy_gitpod2,
        &sim_policy_ec2,
        &sim_policy_koordinator,
        &sim_policy_arbiter2,
        &sim_policy_uresourced,
        &sim_policy_karma,
};

#define N_POLICIES (sizeof(policies) / sizeof(policies[0]))

const struct sim_policy *sim_policy_at(size_t i)
{
        return i < N_POLICIES ? policies[i] : NULL;
}

bool sim_argument(struct sim_arguments *arguments, const char *key, double min, double max, double *value)
{
        for (size_t i = 0; i < arguments->n; i++) {
                if (strcmp(arguments->given[i].key, key) != 0)
                        continue;
                arguments->given[i].taken = true;
                if (arguments->given[i].value >= min && arguments->given[i].value <= max)
                        *value = arguments->given[i].value;
                else
                        snprintf(arguments->out_of_range, sizeof(arguments->out_of_range), "%s wants a number from %g to %g",
                                key, min, max);
                return true;
        }
        return false;
}

int sim_arguments_check(const struct sim_choice *choice)
{
        if (choice->arguments.out_of_range[0])
                return complain(-EINVAL, "--policy %s: %s", choice->name, choice->arguments.out_of_range);
        for (size_t i = 0; i < choice->arguments.n; i++)
                if (!choice->arguments.given[i].taken)
                        return complain(-EINVAL, "--policy %s: %s has no option %s", choice->name, choice->policy->name,
                                choice->arguments.given[i].key);
        return 0;
}

static const struct sim_policy *find_policy(const char *name)
{
        for (size_t i = 0; i < N_POLICIES; i++)
                if (!strcmp(policies[i]->name, name))
                        return policies[i];
        return NULL;
}

/* "key=number" */
static int parse_argument(struct sim_choice *choice, const char *text)
{
        struct sim_arguments *arguments = &choice->arguments;
        size_t key = strcspn(text, "=");
        char *end;

        if (arguments->n == ARGUMENTS_MAX || key == 0 || key >= ARGUMENT_KEY_SIZE || !text[key])
                return complain(
                        -EINVAL, "--policy %s: %s: wants KEY=NUMBER, at most %d of them", choice->name, text, ARGUMENTS_MAX);
        memcpy(arguments->given[arguments->n].key, text, key);
        arguments->given[arguments->n].value = strtod(text + key + 1, &end);
        if (end == text + key + 1 || *end)
                return complain(-EINVAL, "--policy %s: %s: wants a number", choice->name, text);
        arguments->n++;
        return 0;
}

static int append_name(struct sim_choice *choice, char separator, const char *text)
{
        size_t n = strlen(choice->name);

        if (n + 1 + strlen(text) >= sizeof(choice->name))
                return complain(-EINVAL, "--policy %s: is longer than %zu", choice->name, sizeof(choice->name));
        if (n > 0)
                choice->name[n++] = separator;
        strcpy(choice->name + n, text);
        return 0;
}

/* "name" or "name:key=number" */
static int begin_choice(struct sim_choice *choice, char *text)
{
        char *colon = strchr(text, ':');
        int error;

        *choice = (struct sim_choice){0};
        error = append_name(choice, ':', text);
        if (error < 0)
                return error;
        if (colon)
                *colon = 0;
        choice->policy = find_policy(text);
        if (!choice->policy)
                return complain(-EINVAL, "--policy %s: there is no such policy; sim --help names them", text);
        return colon ? parse_argument(choice, colon + 1) : 0;
}

static int parse_token(struct sim_choice *choices, size_t *n, size_t max, char *token)
{
        bool continues = strchr(token, '=') && !strchr(token, ':') && *n > 0;
        int error;

        if (continues) {
                char separator = choices[*n - 1].arguments.n > 0 ? ',' : ':';

                error = append_name(&choices[*n - 1], separator, token);
                return error < 0 ? error : parse_argument(&choices[*n - 1], token);
        }
        if (*n == max)
                return complain(-EINVAL, "--policy: more than %zu", max);
        error = begin_choice(&choices[*n], token);
        *n += error == 0;
        return error;
}

int sim_choices_parse(struct sim_choice *choices, size_t *n, size_t max, const char *list)
{
        char *copy = strdup(list), *rest;
        int error = copy ? 0 : -ENOMEM;

        for (char *token = strtok_r(copy, ",", &rest); token && error == 0; token = strtok_r(NULL, ",", &rest))
                error = parse_token(choices, n, max, token);
        free(copy);
        return error;
}
