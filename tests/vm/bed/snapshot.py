# SPDX-License-Identifier: LGPL-2.1-or-later
"""A booted machine in a file.

Booting takes many times longer than most tests. So a machine is booted once, up to the point
where its agent waits for a job, and "migrated" into a file; each run then starts a new machine
as the receiving end of that migration. The file depends on everything the machine is made of,
so the machine's key is its name.
"""

import shlex
import time

from . import kernel, qemu, session
from .report import BedError

SAVE_SECONDS = 120      # far more than needed; only there to end a save that hangs
UNLIMITED = 1 << 40     # bytes a second; the default is a network's pace


def get(cache, machine):
    """The entry with the saved state, made now if there is none."""
    shape = f"{machine.cpus}x{machine.memory}"
    label = f"snapshot of {kernel.release(machine.kernel)} with {machine.cpus} CPUs, {machine.memory} MiB"
    return cache.make(f"snapshot-{machine.series}-{shape}", machine.key(), label,
                      lambda folder: save(cache, machine, folder / "state"))


def incoming(entry):
    return f"exec:cat {shlex.quote(str(entry / 'state'))}"


def save(cache, machine, path):
    with cache.scratch() as scratch:
        disk = scratch / "disk"
        with open(disk, "wb") as file:
            file.truncate(qemu.JOB_DISK_BYTES)
        with qemu.Process(machine.words(disk), scratch, monitor=True) as process:
            session.Session(process).await_ready()
            migrate(process.monitor, path)


def migrate(monitor, path):
    monitor.ask("migrate-set-parameters", **{"max-bandwidth": UNLIMITED})
    monitor.ask("migrate", uri=f"exec:cat > {shlex.quote(str(path))}")
    ends = time.monotonic() + SAVE_SECONDS
    while time.monotonic() < ends:
        status = monitor.ask("query-migrate").get("status")
        if status == "completed":
            return
        if status in ("failed", "cancelled"):
            break
        time.sleep(0.05)
    raise BedError("QEMU could not save the booted guest", "is there room left on the disk of the cache?")
