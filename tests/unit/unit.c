/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What can be the name of a unit that has a group, as systemd.unit(5) has it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "owner/unit.h"

static void units_that_have_groups_are_known_by_their_type(void **state)
{
        static const char *const with[] = {
                "system.slice",
                "a-b.slice",
                "getty@tty1.service",
                "docker-1.scope",
                "run-user.mount",
                "dev-disk-by\\x2duuid.swap",
                "dbus.socket",
                "x.y.scope",
        };
        static const char *const without[] = {
                "",
                ".slice",
                "cron",
                "cron.timer",
                "multi-user.target",
                "service",
                "a.scope.d",
                "a b.service",
                "@.service",
                "@a.scope",
                "caf\xc3\xa9.scope",
                "a/b.scope",
        };

        (void)state;
        for (size_t i = 0; i < sizeof with / sizeof with[0]; i++)
                if (!cgb_unit_has_group(with[i]))
                        fail_msg("%s has no group", with[i]);
        for (size_t i = 0; i < sizeof without / sizeof without[0]; i++)
                if (cgb_unit_has_group(without[i]))
                        fail_msg("%s has a group", without[i]);
}

static void a_name_has_255_characters_at_most(void **state)
{
        char name[300];

        (void)state;
        memset(name, 'a', sizeof name);
        strcpy(name + 255 - strlen(".scope"), ".scope");
        assert_int_equal(strlen(name), 255);
        assert_true(cgb_unit_has_group(name));
        memset(name, 'a', sizeof name);
        strcpy(name + 256 - strlen(".scope"), ".scope");
        assert_false(cgb_unit_has_group(name));
}

static void an_underscore_before_a_name_is_no_part_of_it(void **state)
{
        (void)state;
        assert_string_equal(cgb_unit_of_directory("cron.service"), "cron.service");
        assert_string_equal(cgb_unit_of_directory("_cpu.service"), "cpu.service");
        assert_string_equal(cgb_unit_of_directory("__mine.service"), "_mine.service");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(units_that_have_groups_are_known_by_their_type),
                cmocka_unit_test(a_name_has_255_characters_at_most),
                cmocka_unit_test(an_underscore_before_a_name_is_no_part_of_it),
        };

        return cmocka_run_group_tests_name("unit", tests, NULL, NULL);
}
