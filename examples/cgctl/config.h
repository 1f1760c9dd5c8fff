/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_CONFIG_H
#define CGCTL_CONFIG_H

/*
 * The configuration of cgctl daemon: an INI file with a [rule NAME] section a rule (cgctl(1) has the keys). What comes out
 * is sorted by parent, the part of a pattern before its first wildcard: each parent becomes a context with the rules that
 * begin there. Weights compare siblings alone, and lock, journal and credits are a parent's; so one that fails never stops
 * the others.
 */

#include <cgburst/cgburst.h>

/* A parent and the rules below it. */
struct config_parent {
        char *path;             /* below the mount; "" is its top */
        struct cgb_rule *rules; /* in the order of the file; patterns are below the parent */
        size_t n_rules;
        unsigned line; /* of its first rule */
};

struct config {
        uint64_t step_usec; /* 0: the library's default */
        struct config_parent *parents;
        size_t n_parents;
};

/* Told of each mistake. @line is 0 where it is about the file as a whole. */
typedef void config_complain(void *userdata, unsigned line, const char *message, const char *remedy);

/*
 * Reads @text, a whole file. Every mistake is told, and with one mistake there is no configuration.
 *
 * Returns 0 and a configuration for config_free(); -EINVAL; -ENOMEM.
 */
int config_parse(struct config *ret, const char *text, config_complain *complain, void *userdata);

/* The same of a file; one that cannot be read is told as a mistake, and its errno returned. */
int config_load(struct config *ret, const char *path, config_complain *complain, void *userdata);

void config_free(struct config *config);

#endif
