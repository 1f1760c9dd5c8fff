/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * owner.h - who writes a group's files: the judgement (owner.c) apart from the looking (look.c) and from what libcgroup's
 * configuration names (claims.c), so that every kind of host can be judged without being on it.
 */
#include <cgburst/owner.h>

#include "kernel/tree.h"

/** Patterns of paths that somebody claims. All zeros is none. */
struct cgb_claims {
        char **patterns; /* as rules/glob.h has them */
        size_t n;
};

/**
 * Adds the groups and templates that a cgconfig.conf names. What makes no sense there is skipped: it is not for us to
 * complain. @return 0; -ENOMEM.
 */
int cgb_claims_add_cgconfig(struct cgb_claims *claims, const char *text, size_t n);

/** Adds the groups to which a cgrules.conf sends processes. */
int cgb_claims_add_cgrules(struct cgb_claims *claims, const char *text, size_t n);

bool cgb_claims_has(const struct cgb_claims *claims, const char *path);
void cgb_claims_free(struct cgb_claims *claims);

/** What the judgement asks of the host. Paths are below the mount. */
struct cgb_owner_view {
        bool has_systemd; /* it is PID 1 here */
        uid_t caller;     /* who wants to write */
        const struct cgb_claims *libcgroup;
        bool can_libcgroup; /* that backend is in this build */
        void *userdata;
        bool (*is_delegated)(void *userdata, const char *path,
                const struct cgb_owner *owner);                /* this unit is, whose name and manager are known already */
        bool (*has_manager)(void *userdata, const char *path); /* a systemd keeps its units below this group */
};

/** Judges. Does not fail: what is not known is nobody's. uid is left to the caller. */
void cgb_owner_judge(struct cgb_owner *ret, const char *path, const struct cgb_owner_view *view);

/** What of a host is read once, and is good for all its groups. */
struct cgb_owner_host {
        const struct cgb_tree *tree;
        struct cgb_claims libcgroup;
        bool has_systemd;
        bool may_ask; /* the caller's own manager, of whose units nothing else tells; takes some milliseconds, so not in the loop */
        bool bus_failed;
        void *bus; /* to it, once it was asked */
};

/** @prefix: put before /etc and /run; "" on a real host. @return 0; -ENOMEM. */
int cgb_owner_host_open(struct cgb_owner_host *ret, const char *prefix, const struct cgb_tree *tree);
void cgb_owner_host_close(struct cgb_owner_host *host);

/** Whose is @path, which need not exist? */
void cgb_owner_find(struct cgb_owner_host *host, const char *path, struct cgb_owner *ret);

/* delegation.c: of the caller's own manager's units; false also if it does not answer. */
bool cgb_owner_ask(struct cgb_owner_host *host, const char *unit);
void cgb_owner_ask_no_more(struct cgb_owner_host *host);
