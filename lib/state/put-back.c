/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Putting back what a journal says: the kernel's files by ourselves, and what a unit of systemd had by asking systemd, for
 * what we wrote there ourselves would be undone by its next reload. Here one waits for the answers, which only the beginning
 * and the end of managing do.
 */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "context.h"
#include "kernel/path.h"

/*
 * systemd writes a file in the turn after its answer, which is a matter of milliseconds. A file that after a second holds
 * something else is somebody else's by then.
 */
#define LOOK_USEC 1000
#define LOOKS_MAX 1000

static enum cgb_file file_of(enum cgb_journal_file file)
{
        return cgb_journal_is_weight(file) ? CGB_FILE_CPU_WEIGHT : CGB_FILE_MEMORY_HIGH;
}

/* @return 0 if it is under way, or nobody is there to have it back. */
static int ask(struct cgb *cgb, struct cgb_backend *backend, struct cgb_journal_entry *entry)
{
        struct cgb_group_dir dir = {0};
        char path[PATH_MAX];
        int r;

        if (!cgb_path_is_valid(entry->name) || cgb_path_join(path, sizeof path, cgb->options.parent, entry->name) < 0 ||
                cgb_group_dir_open(&dir, cgb->fds, &cgb->tree, path) < 0)
                return 0;
        r = dir.inode == entry->inode ? cgb_backend_write(backend, &dir, file_of(entry->file), entry->value) : 0;
        entry->is_under_way = r == 1;
        cgb_group_dir_close(&dir, cgb->fds);
        return r < 0 ? r : 0;
}

static void ask_units(struct cgb *cgb, struct cgb_journal *journal)
{
        struct cgb_backend *backend = NULL;
        int r = 0;

        for (size_t i = 0; i < journal->n; i++) {
                struct cgb_journal_entry *entry = &journal->entries[i];

                if (!cgb_journal_is_unit(entry->file))
                        continue;
                if (r == 0 && backend == NULL)
                        r = cgb_writer_of_units(cgb, &backend);
                entry->code = r < 0 ? r : ask(cgb, backend, entry);
        }
        if (backend == NULL)
                return;
        cgb->putting_back = journal;
        cgb_backend_flush(backend, CGB_FLUSH_USEC);
        cgb->putting_back = NULL;
}

void cgb_put_back_done(struct cgb_journal *journal, const struct cgb_backend_result *result)
{
        for (size_t i = 0; i < journal->n; i++) {
                struct cgb_journal_entry *entry = &journal->entries[i];

                if (entry->is_under_way && entry->inode == result->inode && file_of(entry->file) == result->file)
                        entry->code = result->code == -ENODEV ? 0 : result->code;
        }
}

/*
 * Whoever looks next, the manager that starts now included, is to find what was there before us: what the file holds then is
 * taken for the unit's share, and for what is to be put back once more.
 */
static void wait_for_files(const struct cgb *cgb, const struct cgb_journal *journal)
{
        unsigned looks = 0;

        for (size_t i = 0; i < journal->n; i++) {
                const struct cgb_journal_entry *entry = &journal->entries[i];

                while (entry->is_under_way && entry->code == 0 && looks < LOOKS_MAX &&
                        !cgb_journal_is_back(entry, &cgb->tree, cgb->options.parent)) {
                        usleep(LOOK_USEC);
                        looks++;
                }
        }
}

/* What was answered leaves the journal. @return 0, or the first failure. */
static int settle(struct cgb *cgb, struct cgb_journal *journal, size_t *count, struct cgb_fault *fault)
{
        char path[PATH_MAX], file[sizeof fault->file];
        int error = 0;

        for (size_t i = journal->n; i > 0; i--) {
                struct cgb_journal_entry *entry = &journal->entries[i - 1];

                if (!cgb_journal_is_unit(entry->file))
                        continue;
                if (entry->code == 0) {
                        *count += entry->is_under_way;
                        cgb_journal_remove(journal, i - 1);
                        continue;
                }
                entry->is_under_way = false;
                error = entry->code;
                if (cgb_path_join(path, sizeof path, cgb->options.parent, entry->name) < 0)
                        continue;
                cgb_tree_name(file, sizeof file, &cgb->tree, path, cgb_file_to_string(file_of(entry->file)));
                cgb_fault_set(fault, error, file, "systemd has not put back the value that was found here",
                        "when it answers again: cgctl restore");
        }
        return error;
}

int cgb_put_back(struct cgb *cgb, struct cgb_journal *journal, size_t *ret_count, struct cgb_fault *fault)
{
        int r, units;

        ask_units(cgb, journal);
        r = cgb_journal_put_back(journal, &cgb->tree, cgb->options.parent, ret_count, fault);
        wait_for_files(cgb, journal);
        units = settle(cgb, journal, ret_count, r < 0 ? NULL : fault);
        return r < 0 ? r : units;
}
