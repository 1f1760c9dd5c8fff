/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * scope.h - the calls of <cgburst/scope.h> after their options were found to be sound (scope-options.c), and where there is
 * an sd-bus (scope.c)
 */
#include <cgburst/scope.h>

/**
 * "a-b.slice" -> "a.slice/a-b.slice": where systemd puts a slice below its top. @return 0; -EINVAL if that cannot be a
 * slice; -ENAMETOOLONG.
 */
int cgb_slice_to_path(char *ret, size_t size, const char *slice);

int cgb_scope_parent_of(const struct cgb_scope_options *options, char **ret, struct cgb_fault *fault);
int cgb_scope_start_in(const struct cgb_scope_options *options, const char *unit, const pid_t *pids, size_t n,
        struct cgb_scope *ret, struct cgb_fault *fault);
int cgb_scope_attach_to(
        const struct cgb_scope_options *options, const char *unit, const char *lane, pid_t pid, struct cgb_fault *fault);
