/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The folder in which a manager keeps what has to outlive it, and the lock that says that it lives. One set of files a
 * parent, all called "<state_name><suffix>".
 */
#include <cgburst/cgburst.h>

/** "/proc/sys/kernel/random/boot_id", or "unknown" where that cannot be read. @ret: at least 64 bytes. */
void cgb_boot_id(char *ret, size_t size);

/**
 * "<state_dir>/<parent>", for suffixes; the parent's slashes become "-", dashes "\x2d", backslashes "\x5c". @return NULL
 * without memory.
 */
char *cgb_state_name(const char *state_dir, const char *parent);

/** Can files be called so? What a group may be called can be too long for a file's name, with dashes and suffix. */
bool cgb_state_name_fits(const char *state_name);

/**
 * Takes the lock "<state_name>.lock", making the folder. @return an fd for cgb_lock_release(); -EBUSY if another manager
 * lives; -EACCES, ...
 */
int cgb_lock_take(const char *state_name, struct cgb_fault *fault);

/**
 * Gives a lock back, also for processes that were forked while it was held, and closes it. Nothing for a negative @fd.
 * @return -1.
 */
int cgb_lock_release(int fd);

/** Waits for the lock "<state_name><suffix>". @return an fd for cgb_lock_release(), or a negative errno. */
int cgb_lock_wait(const char *state_name, const char *suffix, struct cgb_fault *fault);

/** How safely a file is written. Either way it is replaced as a whole. */
enum cgb_durability {
        CGB_CACHED,  /* it may be lost with the machine; nothing waits for a disk */
        CGB_ON_DISK, /* it is there when the call returns (fsync) */
};

/** Replaces "<state_name><suffix>" by @text. @text NULL removes it. @return 0 or a negative errno. */
int cgb_state_write(const char *state_name, const char *suffix, const char *text, enum cgb_durability durability,
        struct cgb_fault *fault);

/** Reads it. @return 0 and a string for free(); -ENOENT if there is none. */
int cgb_state_read(char **ret, const char *state_name, const char *suffix);
