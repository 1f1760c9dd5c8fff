# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's own kernels, as QEMU likes them.

The kernel in the package is compressed, and unpacking it under emulation costs seconds at each
boot. So the ELF image is taken out of it here, once. An entry holds `vmlinux`, `release` (what
`uname -r` will say) and the tree `modules`.
"""

import gzip
import lzma
import pathlib
import re
import shutil
import subprocess
import zlib

from . import cache as caches
from .report import BedError, say

PACKAGES = {
    "6.1": r"linux-image-6\.1\.0-\d+-cloud-amd64",
    "6.12": r"linux-image-6\.12\.\d+\+deb12-cloud-amd64",
}
DEFAULT = "6.12"


def get(cache, apt, series, refresh):
    """The entry of the newest kernel: of the archive if `refresh`, of the cache otherwise."""
    cached = cache.newest(f"kernel-{series}")
    if cached and not refresh:
        return cached
    if not apt.is_fresh() and not apt.update():
        return offline(cached, series)
    try:
        return make_newest(cache, apt, series)
    except BedError:
        # Lists may be fresh and yet name a package that was replaced an hour ago.
        if not apt.update():
            return offline(cached, series)
        return make_newest(cache, apt, series)


def offline(cached, series):
    if not cached:
        raise BedError(f"no kernel {series} in the cache, and the package lists cannot be fetched",
                       "check the network, or set CGBURST_VM_MIRROR to a mirror of Debian that can be reached")
    say(f"package lists cannot be fetched: using the cached kernel {release(cached)}")
    return cached


def make_newest(cache, apt, series):
    package = apt.newest(PACKAGES[series])
    if not package:
        raise BedError(f"Debian 12 offers no package that matches {PACKAGES[series]}")
    version = apt.version(package)
    return cache.make(f"kernel-{series}", caches.digest(package, version), f"{package} {version}",
                      lambda folder: unpack(apt, package, folder))


def unpack(apt, package, folder):
    tree = folder / "tree"
    tree.mkdir()
    apt.fetch(package, tree)
    image = next((tree / "boot").glob("vmlinuz-*"))
    (folder / "release").write_text(image.name.partition("-")[2])
    (folder / "vmlinux").write_bytes(extract(image.read_bytes()))
    modules = next(path for top in ("lib", "usr/lib") for path in (tree / top).glob("modules/*"))
    shutil.move(modules, folder / "modules")
    shutil.rmtree(tree)


def release(entry):
    return (entry / "release").read_text()


def extract(image):
    """The ELF file inside a bzImage: whatever unpacks to one, behind a known magic."""
    for magic, unpacker in UNPACKERS:
        for found in re.finditer(re.escape(magic), image):
            try:
                elf = unpacker(image[found.start():])
            except (OSError, EOFError, lzma.LZMAError, zlib.error):
                continue
            if elf.startswith(b"\x7fELF"):
                return elf
    raise BedError("no kernel in any known compression found in the package's vmlinuz")


def with_tool(*words):
    # What follows the compressed kernel makes the tool complain; the output tells if it worked.
    return lambda data: subprocess.run(words, input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


UNPACKERS = (
    (b"\x28\xb5\x2f\xfd", with_tool("zstd", "-dcq")),
    (b"\x02\x21\x4c\x18", with_tool("lz4", "-dcq")),
    (b"\xfd7zXZ\x00", lambda data: lzma.LZMADecompressor().decompress(data)),
    (b"\x1f\x8b\x08", lambda data: zlib.decompressobj(wbits=31).decompress(data)),
)


def read_module(path):
    """A module as insmod of busybox takes it: not compressed."""
    path = pathlib.Path(path)
    if path.suffix == ".xz":
        return lzma.decompress(path.read_bytes())
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".zst":
        return with_tool("zstd", "-dcq")(path.read_bytes())
    return path.read_bytes()
