/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Headroom: what has to stay free above usage. Known to the law, and to whoever writes a limit and looks once more at the
 * last moment.
 */
#include <stdint.h>

/** What a tripwire needs so that a read every 250 ms sees usage coming before the kernel does: 64 MiB are 256 MB/s. */
#define HEADROOM_MIN_BYTES (64ull << 20)
#define HEADROOM_PART 20 /* 5 %: of a large group, more happens at once */

/**
 * Who is held has at least so much left: half of it must still be there when its limit is written, since the kernel lets the
 * writer of a limit below usage wait until it is reclaimed.
 */
#define HELD_ROOM_MIN_BYTES (8ull << 20)

static inline uint64_t cgb_memory_headroom(uint64_t usage_bytes)
{
        return usage_bytes / HEADROOM_PART > HEADROOM_MIN_BYTES ? usage_bytes / HEADROOM_PART : HEADROOM_MIN_BYTES;
}
