/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_CONFIG_PARSER_H
#define CGCTL_CONFIG_PARSER_H

/*
 * What the files of the configuration's reader share: config.c has lines and sections, config-keys.c the keys of a section,
 * config-rules.c makes rules of them and sorts these by parent.
 */

#include "config.h"

#define SPACES " \t\r\n"

/* More than anybody writes by hand; it bounds what a wrong file can make of memory. */
#define PATTERNS_MAX 64

/* What one key lists, in however many lines. */
struct patterns {
        char *list[PATTERNS_MAX + 1];
        size_t n;
        unsigned line; /* of the last */
};

/* The rule that is being read. */
struct draft {
        char *name;    /* NULL: none */
        unsigned line; /* of its section */
        char *match;
        unsigned match_line;
        struct patterns exclude, interactive, batch;
        uint32_t share_permille;
        uint64_t memory_floor_bytes; /* 0: none */
        bool has_shares, has_dry_run, is_dry;
};

struct parser {
        struct config config;
        config_complain *complain;
        void *userdata;
        const char *at; /* the rest of the text */
        unsigned line;
        unsigned section_line;
        bool section_is_empty;
        unsigned mistakes;
        bool no_memory;
        struct draft draft;
};

extern const char config_rule_example[];

/* Tells a mistake, printed as by printf(). @line is 0 where it is about the file as a whole. */
void config_mistake(struct parser *parser, unsigned line, const char *remedy, const char *format, ...)
        __attribute__((__format__(__printf__, 4, 5)));

/* Takes a key of the rule that is being read. */
void config_take_rule_key(struct parser *parser, const char *key, const char *value);

/* Takes a key of [daemon]. */
void config_take_daemon_key(struct parser *parser, const char *key, const char *value);

/* Enters the rule that was being read, if there is one, into the configuration. */
void config_finish_rule(struct parser *parser);

/* Tells which parents are in the way of another's rules. */
void config_check_parents_apart(struct parser *parser);

#endif
