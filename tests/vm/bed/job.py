# SPDX-License-Identifier: LGPL-2.1-or-later
"""What goes into the guest, and what comes back.

In goes one tar archive, written to a disk without any file system: the checkout and its build
folders at the paths they have on the host, and in /run/bed the job itself. Back comes an
archive of what changed under the wanted paths, and nothing in it may land anywhere else.
"""

import dataclasses
import io
import os
import pathlib
import shlex
import shutil
import subprocess
import tarfile

from . import host, qemu
from .report import BedError, say

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LEFT_OUT_FOLDERS = {".git", "meson-logs", "__pycache__"}


@dataclasses.dataclass
class Job:
    command: list           # the words of the command
    environment: dict
    builds: list            # folders
    fetch: list             # paths relative to the checkout
    user: str = "root"
    swap: int = 0           # MiB

    def write_disk(self, path):
        with open(path, "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as archive:
                for source in sorted(self._files()):
                    add_path(archive, source)
                for name, text in self._orders():
                    add_text(archive, f"run/bed/{name}", text)
            if file.tell() > qemu.JOB_DISK_BYTES:
                raise BedError(f"the checkout with its build folders is too large for the job disk: {file.tell()} bytes")
            file.truncate(qemu.JOB_DISK_BYTES)

    def _files(self):
        found = set(checkout_files())
        found.add(host.TOP)
        for build in self.builds:
            found.update(build_files(build))
        return found

    def _orders(self):
        yield "command", self._script()
        yield "settings", f"top={shlex.quote(str(host.TOP))}\nuser={shlex.quote(self.user)}\nswap={self.swap}\n"
        yield "fetch", "".join(f"./{path}\0" for path in self.fetch)

    def _script(self):
        """A shell script that becomes the command; its $1 is the command's control group."""
        user = shlex.quote(self.user)
        own = " ".join(shlex.quote(f"{name}={value}") for name, value in self.environment.items())
        become = "" if self.user == "root" else f"setpriv --reuid={user} --regid={user} --init-groups "
        session = "" if self.user == "root" else (
            'XDG_RUNTIME_DIR="/run/user/$id" DBUS_SESSION_BUS_ADDRESS="unix:path=/run/user/$id/bus" ')
        return f"""\
echo $$ >"$1/cgroup.procs"
echo 0 >/proc/self/oom_score_adj
cd {shlex.quote(str(host.TOP))} || exit 126
id=$(id -u {user})
home=$(getent passwd {user} | cut -d : -f 6)
exec {become}env -i --default-signal HOME="$home" USER={user} LOGNAME={user} LANG=C.UTF-8 PATH={SEARCH_PATH} {session}{own} \\
	/bin/sh -c 'exec "$@"' sh {shlex.join(self.command)}
"""


def add_path(archive, source):
    try:
        archive.add(source, str(source).lstrip("/"), recursive=False, filter=as_root)
    except FileNotFoundError:
        pass    # a compiler's temporary file, gone since the listing


def as_root(entry):
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry if entry.isreg() or entry.issym() or entry.isdir() or entry.islnk() else None


def add_text(archive, name, text):
    data = os.fsencode(text)
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def checkout_files():
    """What git tracks and what it would offer to track; without git, everything."""
    words = ["git", "-c", f"safe.directory={host.TOP}", "-C", str(host.TOP),
             "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        listed = None
    if not listed or listed.returncode:
        return walk(host.TOP)
    paths = (host.TOP / os.fsdecode(name) for name in listed.stdout.split(b"\0") if name)
    return [path for path in paths if os.path.lexists(path)]


def build_files(build):
    if not build.is_dir():
        raise BedError(f"no build folder {build}", "build first, or name the right one with --build")
    return walk(build, keep=lambda path: not (path.suffix == ".o" and path.parent.name.endswith(".p")))


def walk(top, keep=lambda path: True):
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name not in LEFT_OUT_FOLDERS]
        here = pathlib.Path(folder)
        yield here
        yield from (here / name for name in folders if (here / name).is_symlink())
        yield from (here / name for name in names if keep(here / name))


def unpack_fetched(path, wanted):
    """Put what the guest sent into the checkout, and say which wanted paths were not there."""
    arrived = set()
    if path.stat().st_size:
        with tarfile.open(path, "r:") as archive:
            for entry in archive:
                name = pathlib.PurePosixPath(entry.name)
                arrived.add(name)
                put(archive, entry, host.TOP / name)
    for one in wanted:
        pure = pathlib.PurePosixPath(one)
        if not any(name == pure or pure in name.parents for name in arrived) and str(pure) != ".":
            say(f"--fetch {one}: nothing new under that path in the guest")


def put(archive, entry, target):
    top = host.TOP.resolve()
    inside = target.parent.resolve()
    if inside != top and top not in inside.parents or ".." in target.parts:
        raise BedError(f"the guest sent a file to outside the checkout: {entry.name}")
    if entry.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_symlink() or target.exists():
        target.unlink()
    if entry.issym():
        target.symlink_to(entry.linkname)
    elif entry.isreg():
        with open(target, "wb") as file:
            shutil.copyfileobj(archive.extractfile(entry), file)
        os.chmod(target, entry.mode & 0o777)
        os.utime(target, (entry.mtime, entry.mtime))
