/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is found in place of a journal, torn by a crash or written by anybody: no byte of it does harm.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

#define JOURNAL "work.journal"

static int setup(void **state)
{
        fake_setup(state);
        fake_group(*state, "work/alice", 100);
        fake_group(*state, "work/bob", 300);
        fake_group(*state, "work/carol", 50);
        return 0;
}

static void a_journal_that_is_torn_anywhere_does_no_harm(void **state)
{
        struct fake *fake = *state;
        uint32_t alice, bob;
        char *journal;

        fake_crash(fake, 10, fake_hog_alice);
        alice = fake_weight(fake, "work/alice");
        bob = fake_weight(fake, "work/bob");
        journal = fake_read_state(fake, JOURNAL);
        for (size_t n = strlen(journal); n > 0; n--) {
                journal[n - 1] = '\0';
                fake_write_state(fake, JOURNAL, journal);
                fake_set_weight(fake, "work/alice", alice);
                fake_set_weight(fake, "work/bob", bob);
                assert_true(fake_restore(fake) >= 0);
                assert_true(fake_weight(fake, "work/alice") == 100 || fake_weight(fake, "work/alice") == alice);
                assert_true(fake_weight(fake, "work/bob") == 300 || fake_weight(fake, "work/bob") == bob);
        }
        free(journal);
}

/* Head of a true journal, with @lines behind it. %1 is alice's inode, %2 that of the parent. */
static void write_journal(const struct fake *fake, const char *head, const char *lines)
{
        char *text = malloc(strlen(head) + 2 * strlen(lines) + 64), *to = stpcpy(text, head);

        for (; *lines != '\0'; lines++) {
                if (*lines == '%')
                        to += sprintf(to, "%" PRIu64, fake_inode(fake, *++lines == '1' ? "work/alice" : "work"));
                else
                        *to++ = *lines;
        }
        *to = '\0';
        fake_write_state(fake, JOURNAL, text);
        free(text);
}

static void garbage_for_a_journal_does_no_harm(void **state)
{
        static const char *const garbage[] = {
                "",
                "\n",
                "weight",
                "weight \n",
                "weight %1",
                "weight %1 \n",
                "weight %1 100",
                "weight %1 100\n",
                "weight %1 100 \n",
                "weight %1 0 alice\n",
                "weight %1 10001 alice\n",
                "weight %1 4294967396 alice\n",
                "weight %1 -1 alice\n",
                "weight 99999999999999999999999999 7 alice\n",
                "weight -%1 7 alice\n",
                "weight %1 7 ../work/alice\n",
                "weight %1 7 /alice\n",
                "weight %1 7 alice/\n",
                "weight %1 7 ./alice\n",
                "weight %2 7 \n",
                "weight %2 7 .\n",
                "weight %1 7 alice\\\n",
                "weight %1 7 bob\n",
                "height %1 7 alice\n",
                "\\\\\\\n\\n\n",
                "weight %1 7 nobody\n",
                "weight %2 7 ..\nboot\nboot\n\nweight weight weight\n",
        };
        struct fake *fake = *state;
        char *before = fake_picture(fake), *head, *end;

        fake_crash(fake, 10, fake_hog_alice);
        head = fake_read_state(fake, JOURNAL);
        end = strstr(head, "weight ");
        assert_non_null(end);
        *end = '\0';
        fake_set_weight(fake, "work/alice", 100);
        fake_set_weight(fake, "work/bob", 300);
        fake_set_weight(fake, "work/carol", 50);
        for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
                write_journal(fake, head, garbage[i]);
                if (fake_restore(fake) != 0)
                        fail_msg("garbage was believed: %s", garbage[i]);
                fake_assert_picture(fake, before);
                write_journal(fake, "", garbage[i]);
                fake_end(fake, fake_started(fake));
                fake_assert_picture(fake, before);
        }
        free(head);
        free(before);
}

static void a_long_line_and_zero_bytes_do_no_harm(void **state)
{
        struct fake *fake = *state;
        char *before = fake_picture(fake), *path = fake_state_file(fake, JOURNAL);
        FILE *file;

        fake_write_state(fake, JOURNAL, "");
        file = fopen(path, "we");
        assert_non_null(file);
        fprintf(file, "cgburst journal 1\n%c%c\n", 0, 0);
        for (int i = 0; i < 1000000; i++)
                fputc('w', file);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(fake_restore(fake), 0);
        fake_assert_picture(fake, before);
        free(path);
        free(before);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_journal_that_is_torn_anywhere_does_no_harm, setup, fake_teardown),
                cmocka_unit_test_setup_teardown(garbage_for_a_journal_does_no_harm, setup, fake_teardown),
                cmocka_unit_test_setup_teardown(a_long_line_and_zero_bytes_do_no_harm, setup, fake_teardown),
        };

        return cmocka_run_group_tests_name("journal-garbage", tests, NULL, NULL);
}
