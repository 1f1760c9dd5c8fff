# SPDX-License-Identifier: LGPL-2.1-or-later
"""KVM, if it truly works.

On some hosts /dev/kvm opens and guests hang, so the only test that counts is a boot: the kernel
and initramfs must get as far as their first program within a few seconds. The verdict is kept
for as long as the host stays up.
"""

import dataclasses
import os
import time

from . import host, qemu
from .report import say

PROBE_SECONDS = 5.0     # a working KVM needs about one
MARK = "BED-PROBE-ALIVE"


def choose(cache, machine):
    """The machine with the fastest accelerator that works."""
    kvm = dataclasses.replace(machine, accel="kvm")
    tcg = dataclasses.replace(machine, accel="tcg")
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return tcg
    verdict = cache.folder / "accel"
    with cache.lock("accel"):
        known = verdict.read_text().split() if verdict.exists() else []
        if len(known) != 2 or known[0] != host.boot_id():
            known = [host.boot_id(), "kvm" if boots(cache, kvm) else "tcg"]
            verdict.write_text(" ".join(known) + "\n")
            say(f"KVM {'works' if known[1] == 'kvm' else 'does not work here: emulating'}")
    return kvm if known[1] == "kvm" else tcg


def boots(cache, machine):
    with cache.scratch() as scratch:
        words = machine.words(machine.rootfs / "root.ext4", "bed.probe")
        with qemu.Process(words, scratch) as process:
            ends = time.monotonic() + PROBE_SECONDS
            while time.monotonic() < ends and process.is_alive():
                if process.console_file.exists() and MARK in process.console_file.read_text(errors="replace"):
                    return True
                time.sleep(0.05)
    return False
