/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What scopes and slices may be called, before anybody is asked to start one.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scope.h"
#include "scratch.h"

static void assert_slice(const char *slice, const char *path)
{
        char found[4096] = "";

        assert_int_equal(cgb_slice_to_path(found, sizeof found, slice), path != NULL ? 0 : -EINVAL);
        assert_string_equal(found, path != NULL ? path : "");
}

static void dashes_in_a_slice_are_levels(void **state)
{
        (void)state;
        assert_slice("cgburst.slice", "cgburst.slice");
        assert_slice("a-b-cd.slice", "a.slice/a-b.slice/a-b-cd.slice");
        assert_slice("x.y.slice", "x.y.slice");
}

static void what_is_no_slice_is_refused(void **state)
{
        static const char *const names[] = {"", ".slice", "a", "a.scope", "-a.slice", "a-.slice", "-.slice", "a--b.slice",
                "a/b.slice", "a b.slice", "@a.slice"};

        (void)state;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                assert_slice(names[i], NULL);
}

/* Without systemd this says so first; names are looked at where there is one. */
static void a_name_that_no_unit_has_is_refused(void **state)
{
        static const char *const names[] = {NULL, "", "a/b", "a b", "caf\xc3\xa9", "$HOME", "@a"};
        struct cgb_scope scope = {.size = sizeof scope};
        struct cgb_scope_options options;
        struct cgb_fault fault;
        pid_t pid = getpid();

        (void)state;
        cgb_scope_options_init(&options);
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                int wanted = access("/run/systemd/system", F_OK) == 0 ? -EINVAL : -EOPNOTSUPP;

                options.name = names[i];
                assert_int_equal(cgb_scope_start(&options, &pid, 1, &scope, &fault), wanted);
                assert_string_not_equal(fault.file, "");
                assert_string_not_equal(fault.remedy, "");
        }
}

static void options_of_another_version_are_refused(void **state)
{
        struct cgb_scope_options options;
        char *parent = NULL;

        (void)state;
        cgb_scope_options_init(&options);
        options.size--;
        assert_int_equal(cgb_scope_parent(&options, &parent, NULL), -EINVAL);
        assert_null(parent);
}

static void root_asks_pid_1_and_others_their_own(void **state)
{
        struct cgb_scope_options options;

        (void)state;
        cgb_scope_options_init(&options);
        assert_int_equal(options.manager, geteuid() == 0 ? CGB_MANAGER_SYSTEM : CGB_MANAGER_USER);
        if (geteuid() != 0)
                return;
        scratch_become_nobody();
        cgb_scope_options_init(&options);
        assert_int_equal(options.manager, CGB_MANAGER_USER);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(dashes_in_a_slice_are_levels),
                cmocka_unit_test(what_is_no_slice_is_refused),
                cmocka_unit_test(a_name_that_no_unit_has_is_refused),
                cmocka_unit_test(options_of_another_version_are_refused),
                cmocka_unit_test_setup_teardown(root_asks_pid_1_and_others_their_own, scratch_setup, scratch_teardown),
        };

        return cmocka_run_group_tests_name("scope", tests, NULL, NULL);
}
