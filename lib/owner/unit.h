/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * unit.h - what systemd calls its units, and their groups (systemd.unit(5))
 */
#include <stdbool.h>

/** The longest name, its end included, as systemd limits it. */
#define CGB_UNIT_NAME_SIZE 256

/** Is there a name before this type (".scope")? */
bool cgb_unit_is(const char *name, const char *type);

/** Can this be the name of a unit of a type that has groups? */
bool cgb_unit_has_group(const char *name);

/** The unit whose group is called so: systemd puts "_" before a name that could be a file of the kernel's. */
const char *cgb_unit_of_directory(const char *directory);
