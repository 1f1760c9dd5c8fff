/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whose groups are on a host that systemd runs: units with and without delegation, a user's own manager, and libcgroup's
 * configuration.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cgburst/owner.h>

#include "ground.h"
#include "units.h"

/* From the command line; read only. */
static const char *program;

static struct cgb_owner owner_of(const char *path)
{
        struct cgb_owner owner = {.size = sizeof owner};
        struct cgb_fault fault;

        if (cgb_get_owner(NULL, path, &owner, &fault) < 0)
                fail_msg("%s: %s", fault.file, fault.message);
        return owner;
}

static void assert_owner(const char *path, enum cgb_owner_type type, const char *writer)
{
        struct cgb_owner owner = owner_of(path);

        if (owner.type != type || strcmp(owner.writer != NULL ? owner.writer : "nobody", writer) != 0)
                fail_msg("%s: %s, %s: %s", path, cgb_owner_type_to_string(owner.type), owner.writer, owner.why);
}

/* A service in @unit that sleeps, beside a group which it has made for itself. */
static void start_service(const char *unit, const char *properties)
{
        assert_int_equal(units_sh("systemd-run --quiet --unit=%s %s sleep 600", unit, properties), 0);
        assert_int_equal(units_sh("mkdir -p /sys/fs/cgroup/system.slice/%s.service/sub", unit), 0);
}

static int stop_services(void **state)
{
        (void)state;
        units_sh("systemctl stop cgb-plain.service cgb-given.service 2>/dev/null; true");
        units_sh_as_user("systemctl --user stop cgb-plain.service cgb-given.service 2>/dev/null; true");
        return 0;
}

static void units_and_what_is_in_them(void **state)
{
        (void)state;
        start_service("cgb-plain", "");
        start_service("cgb-given", "--property=Delegate=yes");
        assert_owner("system.slice", CGB_OWNER_UNIT, "systemd");
        assert_owner("system.slice/cgb-plain.service", CGB_OWNER_UNIT, "systemd");
        assert_owner("system.slice/cgb-plain.service/sub", CGB_OWNER_INSIDE, "cgroupfs");
        assert_owner("system.slice/cgb-given.service", CGB_OWNER_UNIT, "systemd");
        assert_owner("system.slice/cgb-given.service/sub", CGB_OWNER_DELEGATED, "cgroupfs");
        assert_true(owner_of("system.slice/cgb-given.service").delegated);
        assert_false(owner_of("system.slice/cgb-plain.service").delegated);
}

static void a_group_that_is_not_there_is_nobodys_to_tell(void **state)
{
        struct cgb_owner owner = {.size = sizeof owner};

        (void)state;
        assert_int_equal(cgb_get_owner(NULL, "no/such/group", &owner, NULL), -ENOENT);
}

/*
 * In a process of the user's, where a failure of an assertion has nobody to go back to: the exit status is what it finds
 * amiss.
 */
static int ask_as_user(void)
{
        static const struct {
                const char *path, *writer;
                enum cgb_owner_type type;
                enum cgb_manager manager;
        } wanted[] = {
                {UNITS_USER_TOP "/app.slice/cgb-given.service", "systemd", CGB_OWNER_UNIT, CGB_MANAGER_USER},
                {UNITS_USER_TOP "/app.slice/cgb-given.service/sub", "cgroupfs", CGB_OWNER_DELEGATED, CGB_MANAGER_USER},
                {UNITS_USER_TOP "/app.slice/cgb-plain.service/sub", "cgroupfs", CGB_OWNER_INSIDE, CGB_MANAGER_USER},
                {UNITS_USER_TOP, NULL, CGB_OWNER_UNIT, CGB_MANAGER_SYSTEM},
                {"system.slice", NULL, CGB_OWNER_UNIT, CGB_MANAGER_SYSTEM},
        };
        int amiss = 0;

        setenv("XDG_RUNTIME_DIR", "/run/user/1000", 1);
        setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/1000/bus", 1);
        for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
                struct cgb_owner owner = {.size = sizeof owner};

                if (cgb_get_owner(NULL, wanted[i].path, &owner, NULL) == 0 && owner.type == wanted[i].type &&
                        owner.manager == wanted[i].manager &&
                        strcmp(owner.writer != NULL ? owner.writer : "", wanted[i].writer != NULL ? wanted[i].writer : "") ==
                                0)
                        continue;
                fprintf(stderr, "%s: %s\n", wanted[i].path, owner.why);
                amiss++;
        }
        return amiss;
}

static void a_user_sees_what_is_the_users(void **state)
{
        pid_t pid;
        int status;

        (void)state;
        assert_int_equal(units_sh_as_user("systemd-run --user --quiet --unit=cgb-plain sleep 600"), 0);
        assert_int_equal(
                units_sh_as_user("systemd-run --user --quiet --unit=cgb-given --property=Delegate=yes sleep 600"), 0);
        assert_int_equal(units_sh_as_user("cd /sys/fs/cgroup/" UNITS_USER_TOP
                                          "/app.slice && mkdir cgb-plain.service/sub cgb-given.service/sub"),
                0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
                _exit(setresuid(UNITS_UID, UNITS_UID, UNITS_UID) == 0 ? ask_as_user() : 100);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        /* root may write there, but is not the one whom that manager listens to */
        assert_owner(UNITS_USER_TOP "/app.slice/cgb-given.service", CGB_OWNER_UNIT, "nobody");
}

static void the_doctor_names_the_owner_of_each_group(void **state)
{
        char text[65536];

        (void)state;
        start_service("cgb-plain", "");
        assert_int_equal(units_read(text, sizeof text, "%s doctor --parent system.slice", program), 0);
        units_assert_text(text, "unit      systemd   cgb-plain.service: ");
        assert_null(strstr(text, "nobody is chosen"));
        assert_int_equal(units_read(text, sizeof text, "%s doctor --parent system.slice --backend cgroupfs", program), 0);
        units_assert_text(text, "but with --backend cgroupfs nobody is chosen by owner");
        assert_int_equal(units_read(text, sizeof text, "%s doctor --parent system.slice --json", program), 0);
        units_assert_text(text, "\"name\":\"cgb-plain.service\"");
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(units_and_what_is_in_them, stop_services),
                cmocka_unit_test(a_group_that_is_not_there_is_nobodys_to_tell),
                cmocka_unit_test_teardown(a_user_sees_what_is_the_users, stop_services),
                cmocka_unit_test_teardown(the_doctor_names_the_owner_of_each_group, stop_services),
        };

        program = ground_cgctl(argc, argv);
        if (program == NULL || units_are_missing())
                return GROUND_SKIP;
        return cmocka_run_group_tests_name("owner", tests, NULL, NULL);
}
