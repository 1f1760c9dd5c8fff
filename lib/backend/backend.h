/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who does the writing. Reading is always our own, on kept fds; a backend only knows how a value gets into a file of a
 * group: by writing it, or by asking whoever owns the tree, which may take a while. So a write has three answers: it is
 * done, it is under way, it failed.
 *
 * A context opens the backends that its groups need, one of each type, and names one for each group when it is adopted
 * (lib/writers.c).
 */
#include "kernel/group.h"

struct cgb_backend;

/** As a weight for a backend that asks a manager: the group is to have none of its own there. */
#define CGB_WEIGHT_UNSET UINT64_MAX

/** What became of a write that was under way. */
struct cgb_backend_result {
        uint64_t inode; /* of the group */
        enum cgb_file file;
        uint64_t value;
        int code; /* 0; -ENODEV if the group is gone; -EAGAIN: not now, without fault; a negative errno else */
};

/** What a backend is opened with, and keeps. Outlives it. */
struct cgb_backend_host {
        struct cgb_fd_cache *fds;
        const struct cgb_tree *tree;
        uint32_t calls_per_second; /* at most, to a manager that is asked; not 0 */
        void *userdata;

        /**
         * Called once for each write that was under way, from process() and from flush() alone. These two must not call the
         * backend.
         */
        void (*done)(void *userdata, const struct cgb_backend_result *result);

        /** The manager does not answer (code < 0), and later does again (0). */
        void (*absent)(void *userdata, int code);

        /** Answers adopt(). */
        void (*adopted)(void *userdata, uint64_t inode, bool weight_is_unset);
};

/** What all backends of a kind have in common. Only name and write are needed; NULL else stands for nothing to do. */
struct cgb_backend_type {
        const char *name;
        size_t size;       /* of what begins with a struct cgb_backend; 0: that alone */
        bool asks_manager; /* of the group, who keeps the values that it is told, and may be told others by people */

        /**
         * Prepares what is zeros but for type, host and fd -1. Who is asked need not answer yet. @return 0, or a negative
         * errno with nothing kept.
         */
        int (*open)(struct cgb_backend *backend);
        void (*close)(struct cgb_backend *backend);

        /**
         * A group is managed from now on. @return 0: what its files hold is all there is to know; 1: somebody is asked,
         * nothing may be written before host.adopted() has been called; -ENOMEM.
         */
        int (*adopt)(struct cgb_backend *backend, struct cgb_group_dir *group);

        /**
         * Puts @value into @group's @file. Never blocks for longer than the kernel's own file does. Of several for one file
         * that are under way the last one counts; those before it may be left out, and are not told of then.
         *
         * @return 0: it is there; 1: it is under way, and host.done() will be called; -ENODEV if the group is gone; the
         * errno of the file else
         */
        int (*write)(struct cgb_backend *backend, struct cgb_group_dir *group, enum cgb_file file, uint64_t value);

        /**
         * Does what is due: sends, takes answers. Called whenever the backend's fd is readable, and after each step. Never
         * blocks.
         */
        void (*process)(struct cgb_backend *backend);

        /** Waits until nothing is under way any more, at most so long; what still is then has failed with -ETIMEDOUT. */
        void (*flush)(struct cgb_backend *backend, uint64_t timeout_usec);

        /** The group is not managed any more, or is gone: what is under way for it concerns nobody. */
        void (*forget)(struct cgb_backend *backend, uint64_t inode);

        /** Where it finds cgroup v2. @ret: for free(). @return 0; -ENOENT. NULL: /proc is looked at. */
        int (*find_mount)(char **ret);

        /*
         * Groups that the embedder makes, below a parent that passes the cpu controller on. NULL: by the tree itself
         * (kernel/verbs.h), and with its errors.
         */
        int (*make)(struct cgb_backend *backend, const char *path, struct cgb_fault *fault);
        int (*attach)(struct cgb_backend *backend, const char *path, pid_t pid, struct cgb_fault *fault);
        int (*remove)(struct cgb_backend *backend, const char *path, struct cgb_fault *fault);
};

/** One that is open. */
struct cgb_backend {
        const struct cgb_backend_type *type;
        const struct cgb_backend_host *host;
        int fd;         /* readable when process() has something to do, and always the same; -1: never */
        uint64_t calls; /* that were made to a manager to change something */
};

extern const struct cgb_backend_type cgb_backend_cgroupfs;
extern const struct cgb_backend_type cgb_backend_libcgroup;
extern const struct cgb_backend_type cgb_backend_systemd;

/** The name that stands for a choice by owner, group by group (lib/writers.c). */
#define CGB_BACKEND_AUTO "auto"

/**
 * By name. @return NULL if there is none of that name in this build; for NULL and "auto" the one for what is nobody's,
 * cgroupfs.
 */
const struct cgb_backend_type *cgb_backend_find(const char *name);

/** @return 0 and a backend for cgb_backend_close(); -ENOMEM; what its open() says. */
int cgb_backend_open(struct cgb_backend **ret, const struct cgb_backend_type *type, const struct cgb_backend_host *host);

/** What is under way is not waited for, see flush(). NULL is allowed. Returns NULL. */
struct cgb_backend *cgb_backend_close(struct cgb_backend *backend);

/* As of the type, for callers who need not know which ones it has. */
int cgb_backend_adopt(struct cgb_backend *backend, struct cgb_group_dir *group);
int cgb_backend_write(struct cgb_backend *backend, struct cgb_group_dir *group, enum cgb_file file, uint64_t value);
void cgb_backend_process(struct cgb_backend *backend);
void cgb_backend_flush(struct cgb_backend *backend, uint64_t timeout_usec);
void cgb_backend_forget(struct cgb_backend *backend, uint64_t inode);

/** As cgb_tree_make(), cgb_tree_attach(), cgb_tree_remove(). */
int cgb_backend_make(struct cgb_backend *backend, const char *path, struct cgb_fault *fault);
int cgb_backend_attach(struct cgb_backend *backend, const char *path, pid_t pid, struct cgb_fault *fault);
int cgb_backend_remove(struct cgb_backend *backend, const char *path, struct cgb_fault *fault);
