/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Whose a group is: hosts of every kind, made of lists of what is delegated and where a systemd runs; then the looking, in a
 * folder.
 */

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "owner/owner.h"
#include "scratch.h"

/* A host, in lists that NULL ends. */
struct host {
        bool no_systemd;
        uid_t caller;
        const char *delegated[4];
        const char *managers[4];
        const char *claimed[4];
};

static bool has(const char *const *list, const char *path)
{
        for (; *list != NULL; list++)
                if (strcmp(*list, path) == 0)
                        return true;
        return false;
}

static bool is_delegated(void *userdata, const char *path, const struct cgb_owner *owner)
{
        (void)owner;
        return has(((const struct host *)userdata)->delegated, path);
}

static bool has_manager(void *userdata, const char *path)
{
        return has(((const struct host *)userdata)->managers, path);
}

static struct cgb_owner judge(const struct host *host, const char *path)
{
        struct cgb_claims claims = {.patterns = (char **)(uintptr_t)host->claimed};
        struct cgb_owner_view view = {
                .has_systemd = !host->no_systemd,
                .caller = host->caller,
                .libcgroup = &claims,
                .can_libcgroup = true,
                .userdata = (void *)(uintptr_t)host,
                .is_delegated = is_delegated,
                .has_manager = has_manager,
        };
        struct cgb_owner owner;

        while (host->claimed[claims.n] != NULL)
                claims.n++;
        cgb_owner_judge(&owner, path, &view);
        return owner;
}

/* @writer NULL: nobody here may. */
static void assert_owner(
        const struct host *host, const char *path, enum cgb_owner_type type, const char *unit, const char *writer)
{
        struct cgb_owner owner = judge(host, path);

        if (owner.type != type)
                fail_msg("%s: %s: %s", path, cgb_owner_type_to_string(owner.type), owner.why);
        assert_string_equal(owner.unit, unit);
        assert_string_equal(owner.writer != NULL ? owner.writer : "nobody", writer != NULL ? writer : "nobody");
        assert_string_not_equal(owner.why, "");
        if (writer == NULL)
                assert_string_not_equal(owner.remedy, "");
}

static const struct host plain_host = {
        .delegated = {"system.slice/app.service", "user.slice/user-1000.slice/user@1000.service"},
        .managers = {"", "user.slice/user-1000.slice/user@1000.service"},
};

static void the_attributes_of_a_unit_are_its_managers(void **state)
{
        (void)state;
        assert_owner(&plain_host, "user.slice", CGB_OWNER_UNIT, "user.slice", "systemd");
        assert_owner(&plain_host, "user.slice/user-1000.slice", CGB_OWNER_UNIT, "user-1000.slice", "systemd");
        assert_owner(&plain_host, "system.slice/docker-1.scope", CGB_OWNER_UNIT, "docker-1.scope", "systemd");
        assert_owner(&plain_host, "system.slice/srv-data.mount", CGB_OWNER_UNIT, "srv-data.mount", "systemd");
        /* delegation is of what lies below, and not of the unit's own group */
        assert_owner(&plain_host, "system.slice/app.service", CGB_OWNER_UNIT, "app.service", "systemd");
        assert_true(judge(&plain_host, "system.slice/app.service").delegated);
        assert_false(judge(&plain_host, "system.slice/docker-1.scope").delegated);
}

static void what_lies_below_a_delegated_unit_is_written_raw(void **state)
{
        struct cgb_owner owner = judge(&plain_host, "system.slice/app.service/alice/deep");

        (void)state;
        assert_owner(&plain_host, "system.slice/app.service/alice/deep", CGB_OWNER_DELEGATED, "app.service", "cgroupfs");
        assert_int_equal(owner.manager, CGB_MANAGER_SYSTEM);
        assert_true(owner.delegated);
        assert_string_equal(owner.remedy, "");
        /* a name alone makes no unit where no manager keeps any */
        assert_owner(&plain_host, "system.slice/app.service/fake.scope", CGB_OWNER_DELEGATED, "app.service", "cgroupfs");
}

static void what_lies_below_a_unit_without_delegation_may_lose_its_controllers(void **state)
{
        (void)state;
        assert_owner(&plain_host, "system.slice/docker-1.scope/init", CGB_OWNER_INSIDE, "docker-1.scope", "cgroupfs");
        assert_non_null(strstr(judge(&plain_host, "system.slice/docker-1.scope/init").remedy, "Delegate=yes"));
        assert_owner(&plain_host, "system.slice/by-hand", CGB_OWNER_INSIDE, "system.slice", "cgroupfs");
        assert_non_null(strstr(judge(&plain_host, "system.slice/by-hand").remedy, "no unit"));
        assert_owner(&plain_host, "system.slice/docker-1.scope/x.service", CGB_OWNER_INSIDE, "docker-1.scope", "cgroupfs");
}

static void a_group_beside_the_units_is_nobodys(void **state)
{
        struct cgb_owner owner = judge(&plain_host, "cgburst/alice");

        (void)state;
        assert_owner(&plain_host, "cgburst/alice", CGB_OWNER_NOBODY, "", "cgroupfs");
        assert_int_equal(owner.manager, CGB_MANAGER_NONE);
        assert_owner(&plain_host, "cgburst/x.scope", CGB_OWNER_NOBODY, "", "cgroupfs");
        assert_owner(&plain_host, ".slice/x", CGB_OWNER_NOBODY, "", "cgroupfs");
}

static void a_units_name_has_the_letters_that_systemd_permits(void **state)
{
        (void)state;
        assert_owner(&plain_host, "system.slice/serial\\x2dgetty@ttyS0.service", CGB_OWNER_UNIT,
                "serial\\x2dgetty@ttyS0.service", "systemd");
        assert_owner(&plain_host, "system.slice/with space.service", CGB_OWNER_INSIDE, "system.slice", "cgroupfs");
        assert_owner(&plain_host, "system.slice/@.service", CGB_OWNER_INSIDE, "system.slice", "cgroupfs");
        assert_owner(&plain_host, "system.slice/.service", CGB_OWNER_INSIDE, "system.slice", "cgroupfs");
}

/* systemd puts it before a name that could be a file of the kernel's, and before one that begins with it. */
static void an_underscore_before_a_name_is_no_part_of_it(void **state)
{
        (void)state;
        assert_owner(&plain_host, "system.slice/_cpu.service", CGB_OWNER_UNIT, "cpu.service", "systemd");
        assert_owner(&plain_host, "system.slice/__mine.service", CGB_OWNER_UNIT, "_mine.service", "systemd");
}

static void without_systemd_a_units_name_says_nothing(void **state)
{
        struct host host = {.no_systemd = true};

        (void)state;
        assert_owner(&host, "system.slice/docker-1.scope", CGB_OWNER_NOBODY, "", "cgroupfs");
}

static void a_user_asks_the_manager_of_his_own_and_no_other(void **state)
{
        static const char unit[] = "user.slice/user-1000.slice/user@1000.service/app.slice/build.scope";
        struct host host = plain_host;
        struct cgb_owner owner;

        (void)state;
        host.caller = 1000;
        assert_owner(&host, unit, CGB_OWNER_UNIT, "build.scope", "systemd");
        owner = judge(&host, unit);
        assert_int_equal(owner.manager, CGB_MANAGER_USER);
        assert_int_equal(owner.manager_uid, 1000);
        assert_owner(&host, "system.slice/docker-1.scope", CGB_OWNER_UNIT, "docker-1.scope", NULL);
        host.caller = 1001;
        assert_owner(&host, unit, CGB_OWNER_UNIT, "build.scope", NULL);
        host.caller = 0;
        assert_owner(&host, unit, CGB_OWNER_UNIT, "build.scope", NULL);
        assert_non_null(strstr(judge(&host, unit).remedy, "1000"));
}

static void a_plain_group_at_the_top_of_a_users_manager_is_the_users(void **state)
{
        struct host host = plain_host;

        (void)state;
        host.caller = 1000;
        assert_owner(&host, "user.slice/user-1000.slice/user@1000.service/cgburst/alice", CGB_OWNER_DELEGATED,
                "user@1000.service", "cgroupfs");
        assert_owner(&host, "user.slice/user-1000.slice/user@1000.service/app.slice/alice", CGB_OWNER_INSIDE, "app.slice",
                "cgroupfs");
}

static void a_systemd_inside_of_a_container_has_its_units_to_itself(void **state)
{
        static const struct host host = {
                .delegated = {"machine.slice/box.scope"},
                .managers = {"", "machine.slice/box.scope", "docker/4711"},
        };

        (void)state;
        assert_owner(&host, "machine.slice/box.scope/system.slice/web.service", CGB_OWNER_UNIT, "web.service", NULL);
        assert_int_equal(judge(&host, "machine.slice/box.scope/system.slice/web.service").manager, CGB_MANAGER_OTHER);
        assert_owner(&host, "docker/4711/system.slice", CGB_OWNER_UNIT, "system.slice", NULL);
        /* the container's own group is still the one of him who made it */
        assert_owner(&host, "docker/4711", CGB_OWNER_NOBODY, "", "cgroupfs");
        assert_owner(&host, "machine.slice/box.scope", CGB_OWNER_UNIT, "box.scope", "systemd");
}

static void a_group_of_libcgroups_configuration_is_written_through_it(void **state)
{
        struct host host = plain_host;

        (void)state;
        host.claimed[0] = "students/*";
        assert_owner(&host, "students/alice", CGB_OWNER_LIBCGROUP, "", "libcgroup");
        assert_owner(&host, "students", CGB_OWNER_NOBODY, "", "cgroupfs");
        assert_owner(&host, "students/alice/deep", CGB_OWNER_NOBODY, "", "cgroupfs");
}

static void a_unit_that_libcgroup_claims_as_well_stays_systemds_and_that_is_said(void **state)
{
        struct host host = plain_host;

        (void)state;
        host.claimed[0] = "system.slice/docker-1.scope";
        assert_owner(&host, "system.slice/docker-1.scope", CGB_OWNER_UNIT, "docker-1.scope", "systemd");
        assert_non_null(strstr(judge(&host, "system.slice/docker-1.scope").remedy, "cgconfig.conf"));
}

static struct cgb_claims parse(int (*add)(struct cgb_claims *, const char *, size_t), const char *text)
{
        struct cgb_claims claims = {0};

        assert_int_equal(add(&claims, text, strlen(text)), 0);
        return claims;
}

static void groups_and_templates_of_cgconfig_are_claimed(void **state)
{
        struct cgb_claims claims =
                parse(cgb_claims_add_cgconfig, "# group comment { }\n"
                                               "mount { cpu = /sys/fs/cgroup; }\n"
                                               "group www { perm { task { uid = root; } } cpu { cpu.weight = \"200\"; } }\n"
                                               "group \"my stuff/*1\" {\n memory { memory.high = 1G; } }\n"
                                               "group . { cpu { } }\n"
                                               "template students/%u-%g { cpu { group = x; } }\n"
                                               "group late/ {");

        (void)state;
        assert_true(cgb_claims_has(&claims, "www"));
        assert_true(cgb_claims_has(&claims, "my stuff/*1"));
        assert_false(cgb_claims_has(&claims, "my stuff/21"));
        assert_true(cgb_claims_has(&claims, "students/alice-staff"));
        assert_false(cgb_claims_has(&claims, "students"));
        assert_true(cgb_claims_has(&claims, "late"));
        assert_false(cgb_claims_has(&claims, "comment"));
        assert_false(cgb_claims_has(&claims, "x"));
        assert_false(cgb_claims_has(&claims, ""));
        assert_int_equal(claims.n, 4);
        cgb_claims_free(&claims);
}

static void destinations_of_cgrules_are_claimed(void **state)
{
        struct cgb_claims claims = parse(cgb_claims_add_cgrules, "# alice cpu comment/\n"
                                                                 "alice:make\tcpu,memory\tbuilds/\n"
                                                                 "@staff * staff/%u # of each\n"
                                                                 "% cpu\n"
                                                                 "bob\n"
                                                                 "carol cpu last");

        (void)state;
        assert_true(cgb_claims_has(&claims, "builds"));
        assert_true(cgb_claims_has(&claims, "staff/alice"));
        assert_true(cgb_claims_has(&claims, "last"));
        assert_int_equal(claims.n, 3);
        cgb_claims_free(&claims);
}

/* A host in a folder: /run/systemd/system, /etc, and a tree. */
static struct cgb_owner look(void **state, const char *path)
{
        struct cgb_owner_host host;
        struct cgb_owner owner;
        struct cgb_tree tree;

        assert_int_equal(cgb_tree_open(&tree, scratch_path(state, "tree"), NULL), 0);
        assert_int_equal(cgb_owner_host_open(&host, *state, &tree), 0);
        cgb_owner_find(&host, path, &owner);
        cgb_owner_host_close(&host);
        cgb_tree_close(&tree);
        return owner;
}

static void looking_finds_systemd_by_its_folder_and_libcgroup_by_its_files(void **state)
{
        scratch_mkdir(state, "tree/system.slice/web.service/a");
        scratch_mkdir(state, "tree/www");
        scratch_mkdir(state, "tree/late");
        assert_int_equal(look(state, "system.slice/web.service").type, CGB_OWNER_NOBODY);
        scratch_mkdir(state, "run/systemd/system");
        assert_int_equal(look(state, "system.slice/web.service").type, CGB_OWNER_UNIT);
        assert_int_equal(look(state, "www").type, CGB_OWNER_NOBODY);
        scratch_write(state, "etc/cgconfig.conf", "group www { }\n");
        scratch_write(state, "etc/cgrules.d/late.conf", "* cpu late\n");
        assert_int_equal(look(state, "www").type, CGB_OWNER_LIBCGROUP);
        assert_int_equal(look(state, "late").type, CGB_OWNER_LIBCGROUP);
}

static void looking_finds_another_manager_by_its_init_scope(void **state)
{
        scratch_mkdir(state, "run/systemd/system");
        scratch_mkdir(state, "tree/docker/4711/system.slice");
        assert_int_equal(look(state, "docker/4711/system.slice").type, CGB_OWNER_NOBODY);
        scratch_mkdir(state, "tree/docker/4711/init.scope");
        assert_int_equal(look(state, "docker/4711/system.slice").manager, CGB_MANAGER_OTHER);
}

static void looking_finds_delegation_by_systemds_mark(void **state)
{
        scratch_mkdir(state, "run/systemd/system");
        scratch_mkdir(state, "tree/system.slice/app.service/alice");
        assert_int_equal(look(state, "system.slice/app.service/alice").type, CGB_OWNER_INSIDE);
        if (setxattr(scratch_path(state, "tree/system.slice/app.service"), "user.delegate", "1", 1, 0) < 0) {
                print_message("SKIPPED: the folder for tests has no extended attributes\n");
                skip();
        }
        assert_int_equal(look(state, "system.slice/app.service/alice").type, CGB_OWNER_DELEGATED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_attributes_of_a_unit_are_its_managers),
                cmocka_unit_test(what_lies_below_a_delegated_unit_is_written_raw),
                cmocka_unit_test(what_lies_below_a_unit_without_delegation_may_lose_its_controllers),
                cmocka_unit_test(a_group_beside_the_units_is_nobodys),
                cmocka_unit_test(a_units_name_has_the_letters_that_systemd_permits),
                cmocka_unit_test(an_underscore_before_a_name_is_no_part_of_it),
                cmocka_unit_test(without_systemd_a_units_name_says_nothing),
                cmocka_unit_test(a_user_asks_the_manager_of_his_own_and_no_other),
                cmocka_unit_test(a_plain_group_at_the_top_of_a_users_manager_is_the_users),
                cmocka_unit_test(a_systemd_inside_of_a_container_has_its_units_to_itself),
                cmocka_unit_test(a_group_of_libcgroups_configuration_is_written_through_it),
                cmocka_unit_test(a_unit_that_libcgroup_claims_as_well_stays_systemds_and_that_is_said),
                cmocka_unit_test(groups_and_templates_of_cgconfig_are_claimed),
                cmocka_unit_test(destinations_of_cgrules_are_claimed),
                cmocka_unit_test_setup_teardown(
                        looking_finds_systemd_by_its_folder_and_libcgroup_by_its_files, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(
                        looking_finds_another_manager_by_its_init_scope, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(looking_finds_delegation_by_systemds_mark, scratch_setup, scratch_teardown),
        };

        return cmocka_run_group_tests_name("owner", tests, NULL, NULL);
}
