/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The daemon's messages: each kind has an id of its own, and the man page has it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"
#include "scratch.h"

/* The man page; from the command line, read only. */
static const char *man_page;

static bool has_kind(const char *name)
{
        for (const struct message_kind *kind = message_kinds; kind->name != NULL; kind++)
                if (strcmp(kind->name, name) == 0)
                        return true;
        return false;
}

static void every_event_of_the_library_is_a_kind(void **state)
{
        int type = 0;

        (void)state;
        for (; strcmp(cgb_event_type_to_string((enum cgb_event_type)type), "unknown") != 0; type++)
                if (!has_kind(cgb_event_type_to_string((enum cgb_event_type)type)))
                        fail_msg("no id for %s", cgb_event_type_to_string((enum cgb_event_type)type));
        assert_true(type > CGB_EVENT_SORTED);
}

static void every_id_is_one_of_its_own(void **state)
{
        (void)state;
        for (const struct message_kind *kind = message_kinds; kind->name != NULL; kind++) {
                assert_int_equal(strlen(kind->id), 32);
                assert_int_equal(strspn(kind->id, "0123456789abcdef"), 32);
                for (const struct message_kind *other = message_kinds; other != kind; other++) {
                        assert_string_not_equal(other->id, kind->id);
                        assert_string_not_equal(other->name, kind->name);
                }
        }
}

static void the_man_page_lists_every_kind_with_its_id(void **state)
{
        static char text[1 << 20];
        FILE *file = fopen(man_page, "re");

        (void)state;
        assert_non_null(file);
        text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
        fclose(file);
        for (const struct message_kind *kind = message_kinds; kind->name != NULL; kind++) {
                char line[128];

                snprintf(line, sizeof(line), ".It %s\n.Li %s\n", kind->name, kind->id);
                if (strstr(text, line) == NULL)
                        fail_msg("%s has not: %s", man_page, line);
        }
}

static void the_journals_stream_is_known_by_device_and_inode(void **state)
{
        char name[64], wrong[64];
        struct stat stream;
        int fds[2];

        (void)state;
        assert_int_equal(pipe(fds), 0);
        assert_int_equal(fstat(fds[1], &stream), 0);
        snprintf(name, sizeof(name), "%ju:%ju", (uintmax_t)stream.st_dev, (uintmax_t)stream.st_ino);
        snprintf(wrong, sizeof(wrong), "%ju:%ju", (uintmax_t)stream.st_dev, (uintmax_t)stream.st_ino + 1);
        assert_true(message_is_stream(name, fds[1]));
        assert_false(message_is_stream(wrong, fds[1]));
        assert_false(message_is_stream(name, STDIN_FILENO));
        assert_false(message_is_stream(NULL, fds[1]));
        assert_false(message_is_stream("", fds[1]));
        assert_false(message_is_stream("x:y", fds[1]));
        close(fds[0]);
        close(fds[1]);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_event_of_the_library_is_a_kind),
                cmocka_unit_test(every_id_is_one_of_its_own),
                cmocka_unit_test(the_man_page_lists_every_kind_with_its_id),
                cmocka_unit_test(the_journals_stream_is_known_by_device_and_inode),
        };

        man_page = argc > 1 ? argv[1] : "docs/man/cgctl.1";
        return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
