# SPDX-License-Identifier: LGPL-2.1-or-later
"""QEMU as a process.

All talk goes over socket pairs made before QEMU starts, so there are no socket files to name or
to leave behind, and QEMU ends with this process. A machine has a console (a file, read only
when something went wrong), four ports and, on demand, a monitor.
"""

import ctypes
import dataclasses
import json
import os
import pathlib
import signal
import socket
import subprocess

from . import cache as caches
from . import host
from .report import BedError

PROGRAM = "qemu-system-x86_64"
PORTS = ("control", "stdout", "stderr", "files")
JOB_DISK_BYTES = 4 << 30    # the same for every run, for a snapshot remembers the size; a sparse file
PR_SET_PDEATHSIG = 1
KERNEL_WORDS = ("console=ttyS0 loglevel=4 psi=1 panic=-1 oops=panic mitigations=off tsc=reliable no_timer_check "
                "nowatchdog norandmaps nokaslr systemd.unified_cgroup_hierarchy=1 systemd.show_status=0 rdinit=/init")


@dataclasses.dataclass(frozen=True)
class Machine:
    """What a guest is made of. The three paths are entries of the cache."""
    series: str
    kernel: pathlib.Path
    initrd: pathlib.Path
    rootfs: pathlib.Path
    cpus: int
    memory: int             # MiB
    accel: str              # "kvm" or "tcg"

    def words(self, job_disk, extra_words=""):
        return [PROGRAM, *ACCELS[self.accel], "-smp", str(self.cpus), "-m", str(self.memory),
                "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                "-kernel", str(self.kernel / "vmlinux"), "-initrd", str(self.initrd / "initrd"),
                "-append", f"{KERNEL_WORDS} {extra_words}".strip(),
                *disk("root", self.rootfs / "root.ext4"), *disk("job", job_disk), "-device", "virtio-serial-pci"]

    def key(self):
        """What a saved state depends on: the entries' names stand for their content, and the text
        of this file for the devices and the kernel's words."""
        return caches.digest(version(), self.kernel.name, self.initrd.name, self.rootfs.name, self.cpus, self.memory,
                             self.accel, cpu_model() if self.accel == "kvm" else "any",
                             pathlib.Path(__file__).read_bytes())


ACCELS = {
    "kvm": ("-accel", "kvm", "-cpu", "host"),
    "tcg": ("-accel", "tcg,thread=multi", "-cpu", "max"),
}


def disk(name, path):
    return ("-drive", f"if=none,id={name},format=raw,readonly=on,file.locking=off,file={escape(path)}",
            "-device", f"virtio-blk-pci,drive={name}")


def escape(path):
    """A path as part of an option: a comma is written twice."""
    return str(path).replace(",", ",,")


def version():
    return host.run([PROGRAM, "--version"], "asking QEMU for its version").decode().splitlines()[0]


def cpu_model():
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    return "".join(sorted({line for line in lines if line.startswith(("model name", "flags"))}))


class Process:
    """A running machine. Use it as a context: at its end the machine is gone."""

    def __init__(self, words, scratch, incoming=None, monitor=False):
        self.console_file = scratch / "console"
        self.complaints_file = scratch / "qemu"
        self._theirs = []
        self.ports = {name: self._pair() for name in PORTS}
        self.monitor = Monitor(self._pair()) if monitor else None
        self.child = self._start([*words, *self._talk(), *(["-incoming", incoming] if incoming else [])])

    def _pair(self):
        """Our end of a new connection; QEMU's end is kept in the same order."""
        ours, theirs = socket.socketpair()
        self._theirs.append(theirs)
        return ours

    def _talk(self):
        yield from ("-chardev", f"file,id=console,path={escape(self.console_file)}", "-serial", "chardev:console")
        for number, (name, end) in enumerate(zip(PORTS, self._theirs), 1):
            yield from ("-chardev", f"socket,id={name},fd={end.fileno()}",
                        "-device", f"virtserialport,chardev={name},name=bed.{name},nr={number}")
        if self.monitor:
            yield from ("-chardev", f"socket,id=monitor,fd={self._theirs[-1].fileno()}",
                        "-mon", "chardev=monitor,mode=control")

    def _start(self, words):
        with open(self.complaints_file, "wb") as complaints:
            child = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=complaints, stderr=complaints, start_new_session=True,
                pass_fds=[end.fileno() for end in self._theirs], preexec_fn=die_with_parent)
        for end in self._theirs:
            end.close()
        return child

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        for port in self.ports.values():
            port.close()

    def is_alive(self):
        return self.child.poll() is None

    def last_words(self, lines=60):
        """The end of what QEMU and the guest's console said."""
        text = ""
        for file in (self.complaints_file, self.console_file):
            if file.exists():
                text += file.read_bytes().decode(errors="replace").replace("\r", "")
        return "\n".join(f"    | {line}" for line in text.splitlines()[-lines:])


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Monitor:
    """QEMU's monitor protocol, as far as a snapshot needs it."""

    def __init__(self, connection):
        self.stream = connection.makefile("rwb", buffering=0)
        self._connection = connection
        self._greeted = False

    def ask(self, command, **arguments):
        if not self._greeted:
            self._greeted = True
            self.stream.readline()
            self.ask("qmp_capabilities")
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while line := self.stream.readline():
            answer = json.loads(line)
            if "error" in answer:
                raise BedError(f"QEMU refuses {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
        raise BedError(f"QEMU ended while it was asked to {command}")
