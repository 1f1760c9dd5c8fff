/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Inside of the systemd backend: systemd.c has the units and decides which is asked for next, systemd-bus.c has the
 * connection and the calls.
 */
#include <systemd/sd-bus.h>

#include "backend/backend.h"

enum cgb_systemd_property {
        CGB_SYSTEMD_CPU_WEIGHT,
        CGB_SYSTEMD_MEMORY_HIGH,
        CGB_SYSTEMD_MEMORY_LOW,
        CGB_SYSTEMD_PROPERTIES,
};

/** What a property is to be. */
struct cgb_systemd_value {
        bool is_wanted; /* .wanted was not sent yet */
        bool is_sent;   /* .sent is under way */
        uint64_t wanted, sent;
};

struct cgb_systemd;

/** A group that is a unit's own. */
struct cgb_systemd_unit {
        struct cgb_systemd *systemd;
        uint64_t inode;
        char *path;       /* below the mount */
        const char *name; /* in the path, which ends with it */
        struct cgb_systemd_value values[CGB_SYSTEMD_PROPERTIES];
        uint64_t urgency;  /* of what is wanted: how many thousandfold it changes */
        bool is_asked;     /* whether it has a weight of its own is to be found out */
        uint32_t attempts; /* calls that were not answered */
        sd_bus_slot *call; /* under way: at most one a unit, so that nothing overtakes */
};

struct cgb_systemd {
        struct cgb_backend backend;

        /** Connects; a test's own peer stands in for the bus. @return 0 or a negative errno. */
        int (*connect)(struct cgb_systemd *systemd, sd_bus **ret);
        void *userdata;        /* for that */
        uint64_t timeout_usec; /* of a call */

        struct cgb_systemd_unit **units;
        size_t n_units;
        uint32_t n_calls;         /* under way */
        bool hurries;             /* no limit of calls a second */
        bool is_woken;            /* the timer is armed for now */
        uint64_t paid_until_usec; /* the calls of each second are paid for in advance */

        sd_bus *bus;          /* NULL: none */
        int bus_fd, timer_fd; /* within backend.fd */
        uint64_t retry_usec;  /* when to connect or to ask again; 0: now */
        uint64_t delay_usec;  /* the last one; 0: all is well */
};

/* systemd.c */
/**
 * The calls that a unit's entry had are over: with an answer (0, -errno), or without one (then what was sent is wanted
 * again).
 */
void cgb_systemd_answered(struct cgb_systemd_unit *unit, int code);
void cgb_systemd_unanswered(struct cgb_systemd_unit *unit);
void cgb_systemd_found(struct cgb_systemd_unit *unit, bool weight_is_unset);
const char *cgb_systemd_property_name(enum cgb_systemd_property property);
uint64_t cgb_systemd_now_usec(void);

/* systemd-bus.c */
int cgb_systemd_bus_open(struct cgb_systemd *systemd);
void cgb_systemd_bus_close(struct cgb_systemd *systemd);
/** Takes what has come, and connects when it is time to. @return whether there is somebody to ask now. */
bool cgb_systemd_bus_take(struct cgb_systemd *systemd);
/** Wakes the backend's fd when the connection wants it, or at @wake_usec. */
void cgb_systemd_bus_rearm(struct cgb_systemd *systemd, uint64_t wake_usec);
int cgb_systemd_call_set(struct cgb_systemd_unit *unit);
int cgb_systemd_call_get(struct cgb_systemd_unit *unit);
