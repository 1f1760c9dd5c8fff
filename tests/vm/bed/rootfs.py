# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guest's root: a small Debian 12 on a read-only ext4 image.

mmdebstrap makes the tree and, at its very end, mke2fs copies the tree into the image. Both run
inside mmdebstrap's own view of users, so the image comes out the same with and without root
rights.
"""

import os
import pathlib
import shlex
import shutil
import tempfile

from . import apt as archive
from . import cache as caches
from . import host
from .report import BedError, say

SPARE_MIB = 64      # ext4's own tables; the image is never written to
ROOM_MIB = 3072     # for the tree and what dpkg needs beside it

# $1 is the tree, with /proc and its like mounted in it: a plain bind mount does not show those.
PACK = f"""set -e
size=$(du -sxm "$1" | cut -f 1)
mkdir "$1.bare"
mount --bind "$1" "$1.bare"
mke2fs -q -t ext4 -O ^has_journal -m 0 -E root_owner=0:0 -d "$1.bare" "$BED_IMAGE" $((size * 11 / 10 + {SPARE_MIB}))M
umount "$1.bare"
rmdir "$1.bare"
"""

# dpkg waits for the disk after each file; on a tmpfs that nobody else sees it need not.
IN_MEMORY = f'mount -t tmpfs -o size={ROOM_MIB}M bed "$TMPDIR" && exec "$@"'


def get(cache, apt):
    key = caches.digest(*inputs())
    found = cache.find("rootfs", key)
    if found:
        return found
    if not apt.is_fresh() and not apt.update():
        return offline(cache)
    packages = host.plain_lines(host.IMAGE / "packages")
    try:
        return cache.make("rootfs", key, f"root file system of Debian 12 with {len(packages)} chosen packages",
                          lambda folder: make(folder, packages))
    except BedError:
        if apt.update():
            raise
        return offline(cache)   # lists can be fresh and the network gone


def inputs():
    """Everything the image is made from, save the archive itself."""
    names = ("packages", "sources.list", "setup", "agent", "bed.service")
    yield from ((host.IMAGE / name).read_bytes() for name in names)
    yield PACK


def offline(cache):
    cached = cache.newest("rootfs")
    if not cached:
        raise BedError("no root file system in the cache, and the package lists cannot be fetched",
                       "check the network, or set CGBURST_VM_MIRROR to a mirror of Debian that can be reached")
    say("package lists cannot be fetched: using an older cached root file system")
    return cached


def make(folder, packages):
    # Without root rights mmdebstrap works as a user of its own, who cannot enter the cache.
    with tempfile.TemporaryDirectory(prefix="bed-") as place:
        os.chmod(place, 0o755)
        work, out = pathlib.Path(place, "work"), pathlib.Path(place, "out")
        for path in (work, out):
            path.mkdir()
            path.chmod(0o777)
        image = out / "root.ext4"
        setup = shlex.quote(str(host.IMAGE / "setup"))
        words = [*namespace(), "mmdebstrap", "--quiet", f"--mode={mode()}", "--variant=minbase", "--architectures=amd64",
                 f"--include={','.join(packages)}", "--format=null", "--skip=chroot/mount/sys",
                 f'--customize-hook={setup} "$1"', f"--customize-hook={PACK}", "bookworm", "-", "-"]
        status, output = host.attempt(words, archive.sources().encode(),
                                      env={**os.environ, "TMPDIR": str(work), "BED_IMAGE": str(image)})
        if status or not image.exists():
            explain(output)
        shutil.move(image, folder / "root.ext4")


def namespace():
    """Root makes its mounts where nobody sees them; mmdebstrap does so itself for a user."""
    if mode() != "root":
        return []
    roomy = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20 > 2 * ROOM_MIB
    return ["unshare", "--mount", *(["sh", "-c", IN_MEMORY, "sh"] if roomy else [])]


def mode():
    return "root" if os.geteuid() == 0 else "unshare"


def explain(output):
    remedy = None
    if b"newuidmap" in output or b"subuid" in output or b"unprivileged" in output:
        remedy = "run as root, or install uidmap, give this user a range in /etc/subuid and /etc/subgid, " \
                 "and allow unprivileged user namespaces"
    elif b"Unable to locate package" in output:
        remedy = "correct tests/vm/image/packages"
    elif b"Failed to fetch" in output or b"Temporary failure" in output:
        remedy = "check the network, or set CGBURST_VM_MIRROR to a mirror of Debian that can be reached"
    raise BedError(f"mmdebstrap could not make the root file system{host.tail(output)}", remedy)
