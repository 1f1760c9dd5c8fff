/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which unit a path is, as systemd lays its tree out: systemd.slice(5), systemd.unit(5), and what `systemd-cgls` shows of a host.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "backend/unit.h"

static void expect(const char *path, const char *name, const char *below)
{
        struct cgb_unit unit;

        assert_int_equal(cgb_unit_of_path(&unit, path), 0);
        assert_string_equal(unit.name, name);
        assert_string_equal(unit.below, below);
        assert_false(unit.is_users);
}

static void expect_users(const char *path, uid_t uid, const char *name, const char *below)
{
        struct cgb_unit unit;

        assert_int_equal(cgb_unit_of_path(&unit, path), 0);
        assert_string_equal(unit.name, name);
        assert_string_equal(unit.below, below);
        assert_true(unit.is_users);
        assert_int_equal(unit.uid, uid);
}

static void expect_none(const char *path)
{
        struct cgb_unit unit;

        assert_int_equal(cgb_unit_of_path(&unit, path), -ENXIO);
}

static void slices_services_and_scopes_are_units(void **state)
{
        (void)state;
        expect("system.slice", "system.slice", "");
        expect("system.slice/cron.service", "cron.service", "");
        expect("init.scope", "init.scope", "");
        expect("a.slice/a-b.slice/a-b-c.slice", "a-b-c.slice", "");
        expect("a.slice/a-b.slice/work.scope", "work.scope", "");
        expect("system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service", "");
        expect("system.slice/run-user.mount", "run-user.mount", "");
        expect("system.slice/docker-0123abcd.scope", "docker-0123abcd.scope", "");
}

static void escapes_in_a_name_stay_as_they_are(void **state)
{
        (void)state;
        expect("system.slice/system-serial\\x2dgetty.slice/serial-getty@ttyS0.service", "serial-getty@ttyS0.service", "");
        expect("system.slice/dev-disk-by\\x2duuid.swap", "dev-disk-by\\x2duuid.swap", "");
}

/* systemd puts an underscore before a name that could be a file of the kernel's, and before one that begins with an underscore. */
static void an_underscore_before_a_name_is_no_part_of_it(void **state)
{
        (void)state;
        expect("system.slice/_cpu.service", "cpu.service", "");
        expect("system.slice/__mine.service", "_mine.service", "");
}

static void what_is_inside_of_a_unit_is_not_the_unit(void **state)
{
        (void)state;
        expect("machine.slice/build.scope/payload", "build.scope", "payload");
        expect("system.slice/box.service/a.slice/b.service", "box.service", "a.slice/b.service");
}

static void a_users_own_manager_has_units_of_its_own(void **state)
{
        (void)state;
        expect("user.slice/user-1000.slice/user@1000.service", "user@1000.service", "");
        expect("user.slice/user-1000.slice/session-3.scope", "session-3.scope", "");
        expect_users("user.slice/user-1000.slice/user@1000.service/app.slice/run-u7.scope", 1000, "run-u7.scope", "");
        expect_users("user.slice/user-1000.slice/user@1000.service/app.slice", 1000, "app.slice", "");
        expect_users("user.slice/user-1000.slice/user@1000.service/init.scope", 1000, "init.scope", "");
        expect_users("user.slice/user-7.slice/user@7.service/app.slice/a.scope/lane", 7, "a.scope", "lane");
        expect("user.slice/user-1000.slice/user@1000.service/cgburst", "user@1000.service", "cgburst");
}

static void other_groups_are_no_units(void **state)
{
        (void)state;
        expect_none("");
        expect_none("work");
        expect_none("work/alice.service");
        expect_none("system.slice/alice");
        expect_none("kubepods/pod1");
        expect_none("system.slice/.service");
        expect_none("system.slice/with space.service");
        expect_none("system.slice/@.service");
}

static void a_name_that_no_unit_can_have_is_none(void **state)
{
        char path[400];

        (void)state;
        memset(path, 'a', 300);
        strcpy(path + 300, ".service");
        expect_none(path);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(slices_services_and_scopes_are_units),
                cmocka_unit_test(escapes_in_a_name_stay_as_they_are),
                cmocka_unit_test(an_underscore_before_a_name_is_no_part_of_it),
                cmocka_unit_test(what_is_inside_of_a_unit_is_not_the_unit),
                cmocka_unit_test(a_users_own_manager_has_units_of_its_own),
                cmocka_unit_test(other_groups_are_no_units),
                cmocka_unit_test(a_name_that_no_unit_can_have_is_none),
        };

        return cmocka_run_group_tests_name("unit", tests, NULL, NULL);
}
