# SPDX-License-Identifier: LGPL-2.1-or-later
"""The initramfs: busybox, tests/vm/image/init and the modules the guest needs.

The archive is written here directly (the "newc" form is a header and a body a file), which
needs neither root rights nor tools. Modules go in with all they depend on, in loading order.
"""

import pathlib
import re

from . import cache as caches
from . import host, kernel
from .report import BedError

BUSYBOX = pathlib.Path("/bin/busybox")


def get(cache, kernel_entry, series):
    init = (host.IMAGE / "init").read_bytes()
    busybox = BUSYBOX.read_bytes()
    wanted = host.plain_lines(host.IMAGE / "modules")
    if b"/ld-linux" in busybox:
        raise BedError("/bin/busybox is not a static program", "run: apt-get install busybox-static")
    key = caches.digest(kernel_entry.name, init, busybox, "\n".join(wanted), pathlib.Path(__file__).read_bytes())

    def make(folder):
        modules = collect(kernel_entry / "modules", wanted)
        order = "".join(f"{name}\n" for name in modules)
        files = {"init": (0o100755, init), "bin": (0o040755, b""), "bin/busybox": (0o100755, busybox),
                 "modules": (0o040755, b""), "modules/order": (0o100644, order.encode())}
        files.update({f"modules/{name}": (0o100644, data) for name, data in modules.items()})
        (folder / "initrd").write_bytes(archive(files))

    return cache.make(f"initrd-{series}", key, f"initramfs for {kernel.release(kernel_entry)}", make)


def collect(tree, wanted):
    """Name to content, each module behind those it depends on."""
    paths = {plain(path.name): path for path in tree.rglob("*.ko*")}
    built_in = {plain(line) for line in (tree / "modules.builtin").read_text().splitlines()}
    chosen = {}

    def add(name):
        name = plain(name)
        if name in chosen or name in built_in:
            return
        if name not in paths:
            raise BedError(f"the kernel has no module {name}", "see tests/vm/image/modules")
        data = kernel.read_module(paths[name])
        for needed in dependencies(data):
            add(needed)
        chosen[name] = data

    for name in wanted:
        add(name)
    return chosen


def plain(name):
    """virtio_pci for kernel/drivers/virtio/virtio-pci.ko.xz: the name the kernel itself uses."""
    return name.rpartition("/")[2].partition(".ko")[0].replace("-", "_")


def dependencies(module):
    found = re.search(rb"\0depends=([^\0]*)\0", module)
    return found[1].decode().split(",") if found and found[1] else []


def archive(files):
    parts = [member(number, name, mode, data) for number, (name, (mode, data)) in enumerate(files.items(), 1)]
    return b"".join(parts) + member(0, "TRAILER!!!", 0, b"")


def member(number, name, mode, data):
    path = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return pad(header + path) + pad(data)


def pad(data):
    return data + b"\0" * (-len(data) % 4)
