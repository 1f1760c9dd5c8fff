/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_OPTIONS_H
#define CGCTL_OPTIONS_H

/*
 * The options that verbs share, and strict numbers. A verb has its own table for getopt_long() with OPTIONS_COMMON in it,
 * and hands what it does not know itself to options_common().
 */

#include <getopt.h>

#include <cgburst/cgburst.h>

#include "verb.h"

struct common_options {
        const char *parent;
        const char *mount;
        const char *state_dir;
        const char *backend;
        bool json;
};

/* Values of long options without a letter: above every character. */
enum {
        OPTION_PARENT = 256,
        OPTION_MOUNT,
        OPTION_STATE_DIR,
        OPTION_BACKEND,
        OPTION_OF_VERB, /* the first that a verb may use */
};

#define OPTIONS_COMMON                                                                                                      \
        {"help", no_argument, NULL, 'h'}, {"parent", required_argument, NULL, OPTION_PARENT},                               \
                {"mount", required_argument, NULL, OPTION_MOUNT}, {"state-dir", required_argument, NULL, OPTION_STATE_DIR}, \
        {                                                                                                                   \
                "backend", required_argument, NULL, OPTION_BACKEND                                                          \
        }

#define OPTION_JSON                            \
        {                                      \
                "json", no_argument, NULL, 'j' \
        }
#define OPTIONS_END              \
        {                        \
                NULL, 0, NULL, 0 \
        }

/* The lines of --help about them. */
#define OPTIONS_COMMON_HELP                                                                                 \
        "  --parent PATH     the group whose children are managed, below the mount ($CGBURST_PARENT;\n"     \
        "                    default: cgburst; without root: cgburst below what is delegated to you)\n"     \
        "  --mount PATH      where cgroup v2 is mounted ($CGBURST_MOUNT; default: as /proc says)\n"         \
        "  --state-dir DIR   journal, lock and status socket ($CGBURST_STATE_DIR; default: /run/cgburst;\n" \
        "                    without root: $XDG_RUNTIME_DIR/cgburst)\n"                                     \
        "  --backend NAME    who writes: auto, by whose each group is; or cgroupfs, libcgroup, systemd\n"   \
        "                    ($CGBURST_BACKEND; default: auto)\n"                                           \
        "  -h, --help        this\n"

#define OPTION_JSON_HELP "  -j, --json        JSON instead of a table\n"

/* From the environment, where the variables are set and not empty. */
void options_init(struct common_options *ret);

/* Takes what getopt_long() returned in @option. Returns the exit code to leave with, or -1 to go on. */
int options_common(struct common_options *options, const struct verb *verb, int option);

/* Complains of the first word that is not an option. Returns EXIT_USAGE, or -1 if there is none. */
int options_refuse_operands(const struct verb *verb, int argc, char **argv);

/* Points at the verb's --help. Returns EXIT_USAGE. */
int options_usage_error(const struct verb *verb);

/* Default options of the library with the common ones in. */
void options_apply(const struct common_options *options, struct cgb_options *ret);

/* cgb_new(), and the message if it fails. */
int options_open(const struct cgb_options *options, struct cgb **ret);

/*
 * A decimal number in units of 1/@scale (a power of ten), read digit by digit. Returns false if it is none, or is finer than
 * the unit.
 */
bool options_take_decimal(const char *text, uint64_t scale, uint64_t *ret);

/*
 * A decimal number such as "2" or "0.25", in units of 1/@scale (a power of ten), from @min to @max in the same units.
 * Signs, spaces, exponents, words, and digits finer than the unit are refused, and reported with @option and the range.
 *
 * Returns 0 or -EINVAL.
 */
int options_parse_decimal(const char *option, const char *text, uint64_t scale, uint64_t min, uint64_t max, uint64_t *ret);

/* Sizes of memory: below, the kernel kills before anything can run; above, the memory law tells no difference. */
#define SIZE_MIN_BYTES (1ull << 20)
#define SIZE_MAX_BYTES (16ull << 40)
#define SIZE_RANGE "1M to 16T"

/*
 * A size such as "512M" or "2G": a whole number, and K, M, G or T for powers of 1024.
 *
 * Returns false if it is none, or out of range.
 */
bool options_take_size(const char *text, uint64_t *ret);

/* The same, reported with @option. Returns 0 or -EINVAL. */
int options_parse_size(const char *option, const char *text, uint64_t *ret);

#endif
