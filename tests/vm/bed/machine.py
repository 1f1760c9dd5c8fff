# SPDX-License-Identifier: LGPL-2.1-or-later
"""All pieces together: from a wish to a machine, and from a machine to a run."""

from . import accel, initrd, kernel, qemu, rootfs, session, snapshot
from .job import unpack_fetched
from .report import BedError, complain, say


def assemble(cache, apt, series, cpus, memory, wanted_accel=None, refresh=False):
    """The machine, with what is missing of it made now."""
    kernel_entry = kernel.get(cache, apt, series, refresh)
    machine = qemu.Machine(series=series, kernel=kernel_entry, initrd=initrd.get(cache, kernel_entry, series),
                           rootfs=rootfs.get(cache, apt), cpus=cpus, memory=memory, accel=wanted_accel or "tcg")
    return machine if wanted_accel else accel.choose(cache, machine)


def run(cache, machine, job, timeout, use_snapshot=True):
    """Run the job; its exit status."""
    saved = find_snapshot(cache, machine) if use_snapshot else None
    with cache.scratch() as scratch:
        job.write_disk(scratch / "disk")
        if saved:
            try:
                return run_once(machine, job, timeout, scratch, saved)
            except NotAwake as failure:
                complain(failure)
                say(f"the snapshot cannot be used: booting instead (if this comes again, remove {saved})")
        return run_once(machine, job, timeout, scratch, None)


class NotAwake(BedError):
    """The guest never took the job, so it may be tried again in another way."""


def find_snapshot(cache, machine):
    try:
        return snapshot.get(cache, machine)
    except BedError as failure:
        complain(failure)
        say("no snapshot could be made: booting instead")
        return None


def run_once(machine, job, timeout, scratch, saved):
    incoming = snapshot.incoming(saved) if saved else None
    with open(scratch / "files", "w+b") as files:
        with qemu.Process(machine.words(scratch / "disk"), scratch, incoming) as process:
            talk = session.Session(process, files)
            try:
                if not saved:
                    talk.await_ready()
                talk.wake()
            except BedError as failure:
                raise NotAwake(str(failure)) from None
            status = talk.finish(timeout)
        files.flush()
        unpack_fetched(scratch / "files", job.fetch)
    return status
