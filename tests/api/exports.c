/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program that knows the shared library only, as any embedder does. Every function is called or at least linked, and the
 * calls that need no tree do what their comments say.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cgburst/cgburst.h>
#include <cgburst/owner.h>
#include <cgburst/scope.h>

typedef void (*function)(void);

/* Referenced so that the linker has to find each one. */
static const function scheduler[] = {
        (function)cgb_attach,
        (function)cgb_create,
        (function)cgb_default_parent,
        (function)cgb_dispatch,
        (function)cgb_event_type_to_string,
        (function)cgb_free,
        (function)cgb_get_deadline_usec,
        (function)cgb_get_fault,
        (function)cgb_get_fd,
        (function)cgb_get_overview,
        (function)cgb_get_owner,
        (function)cgb_list_owners,
        (function)cgb_owner_type_to_string,
        (function)cgb_get_workspace,
        (function)cgb_new,
        (function)cgb_next_event,
        (function)cgb_options_init,
        (function)cgb_probe,
        (function)cgb_reason_to_string,
        (function)cgb_scope_attach,
        (function)cgb_scope_options_init,
        (function)cgb_scope_parent,
        (function)cgb_scope_start,
        (function)cgb_remove,
        (function)cgb_restore,
        (function)cgb_rule_check,
        (function)cgb_start,
        (function)cgb_stop,
};

static void check(int condition, const char *what)
{
        if (condition)
                return;
        fprintf(stderr, "failed: %s\n", what);
        exit(1);
}

static void a_context_without_a_tree_is_refused_with_a_fault(void)
{
        struct cgb *untouched = (struct cgb *)&untouched, *cgb = untouched;
        struct cgb_options options;
        struct cgb_fault fault;

        cgb_options_init(&options);
        options.mount = "/nonexistent/cgroup";
        check(cgb_new(&cgb, &options, &fault) == -ENOENT, "a mount that is not there is -ENOENT");
        check(cgb == untouched, "an error leaves the out-parameter alone");
        check(fault.code == -ENOENT && strstr(fault.file, "/nonexistent/cgroup") != NULL, "the fault names the folder");
        check(fault.message[0] != '\0', "the fault says what is wrong");
}

static void nobody_is_freed_without_harm(void)
{
        check(cgb_free(NULL) == NULL, "cgb_free(NULL) returns NULL");
}

static void every_reason_and_event_has_its_own_word(void)
{
        check(strcmp(cgb_reason_to_string(CGB_REASON_FLOOR), "floor") == 0, "floor is called floor");
        check(strcmp(cgb_event_type_to_string(CGB_EVENT_FOREIGN_WRITE), "foreign-write") == 0, "foreign-write is called so");
        check(strcmp(cgb_reason_to_string((enum cgb_reason)99), "unknown") == 0, "what is not known is called unknown");
}

static void a_policy_works_in_memory_of_the_callers(void)
{
        struct cgb_policy_options options;
        struct cgb_account_options account = {.size = sizeof account, .share_permille = 1000, .weight = 100};
        struct cgb_policy *policy;
        cgb_node node;
        void *memory;

        cgb_policy_options_init(&options, 1000000, 4);
        memory = malloc(cgb_policy_memory_size(&options));
        check(memory != NULL, "there is memory");
        check(cgb_policy_init(&policy, memory, cgb_policy_memory_size(&options), &options) == 0, "a policy is made");
        check(cgb_policy_join(policy, &account, &node) == 0 && node != CGB_NODE_ROOT, "a group joins");
        check(cgb_policy_leave(policy, node) == 0, "and leaves");
        free(memory);
}

int main(void)
{
        for (size_t i = 0; i < sizeof scheduler / sizeof scheduler[0]; i++)
                check(scheduler[i] != NULL, "a function is exported");
        a_context_without_a_tree_is_refused_with_a_fault();
        nobody_is_freed_without_harm();
        every_reason_and_event_has_its_own_word();
        a_policy_works_in_memory_of_the_callers();
        return 0;
}
