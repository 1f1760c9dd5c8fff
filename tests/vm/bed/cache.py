# SPDX-License-Identifier: LGPL-2.1-or-later
"""Things that are slow to make, kept under the hash of what they were made from.

An entry is a directory KIND-KEY. It is made under a temporary name and renamed when whole, so
an entry that exists is complete. Two locks keep concurrent runs apart, both of them flock(2) on
an open file and so gone with the process that held them: an exclusive one while an entry of a
kind is made, and a shared one on each entry in use, so that pruning passes it over.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import tempfile

from .report import say, step

KEPT_OF_EACH_KIND = 2


def digest(*parts):
    """A short name for exactly these texts or bytes, in this order."""
    total = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        total.update(b"%d:" % len(data) + data)
    return total.hexdigest()[:16]


def default_folder():
    own = os.environ.get("CGBURST_VM_CACHE")
    if own:
        return pathlib.Path(own).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "cgburst" / "vm"


def try_lock(path, how):
    """An open, locked descriptor of a file or directory, or None if it is taken or gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        # Renamed away or removed between open and lock?
        if os.stat(path).st_ino == os.fstat(descriptor).st_ino:
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None


class Cache:
    def __init__(self, folder=None):
        self.folder = folder or default_folder()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._held = {}

    def find(self, kind, key):
        """The entry, kept from pruning for as long as this process lives, or None."""
        return self._hold(self.folder / f"{kind}-{key}")

    def newest(self, kind):
        """The entry of this kind that was made last, or None."""
        for path in sorted(self._entries(kind), key=made_at, reverse=True):
            if self._hold(path):
                return path
        return None

    def make(self, kind, key, label, maker):
        """The entry, made by `maker(folder)` unless it is there already."""
        found = self.find(kind, key)
        if found:
            return found
        with self.lock(kind):
            found = self.find(kind, key)
            if found:
                return found
            with step(f"making {label}"):
                path = self._make_now(kind, key, label, maker)
            self._prune(kind)
            return path

    def entries(self):
        """All entries, for people to look at."""
        return sorted(path for path in self.folder.iterdir() if (path / "about").is_file())

    @contextlib.contextmanager
    def lock(self, name, quietly=False):
        """Only one process at a time is in here under this name."""
        with open(self.folder / f".lock-{name}", "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not quietly:
                    say(f"waiting for another run that makes {name}")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def scratch(self):
        """A folder for this run alone. What a killed run left behind, the next one removes."""
        with self.lock("scratch", quietly=True):
            for path in self.folder.glob(".run-*"):
                remove_unused(path)
            folder = pathlib.Path(tempfile.mkdtemp(prefix=".run-", dir=self.folder))
            descriptor = try_lock(folder, fcntl.LOCK_SH)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(descriptor)

    def _entries(self, kind):
        return [path for path in self.entries() if path.name.rpartition("-")[0] == kind]

    def _hold(self, path):
        if path in self._held:
            return path
        descriptor = try_lock(path, fcntl.LOCK_SH)
        if descriptor is None:
            return None
        self._held[path] = descriptor
        os.utime(path / "about")
        return path

    def _make_now(self, kind, key, label, maker):
        path = self.folder / f"{kind}-{key}"
        with self.scratch() as scratch:
            fresh = scratch / "entry"
            fresh.mkdir()
            maker(fresh)
            (fresh / "about").write_text(label + "\n")
            os.rename(fresh, path)
        return self._hold(path)

    def _prune(self, kind):
        used_last = sorted(self._entries(kind), key=used_at, reverse=True)
        for path in used_last[KEPT_OF_EACH_KIND:]:
            remove_unused(path)


def remove_unused(path):
    descriptor = try_lock(path, fcntl.LOCK_EX)
    if descriptor is not None:
        shutil.rmtree(path, ignore_errors=True)
        os.close(descriptor)


def made_at(path):
    return path.stat().st_mtime


def used_at(path):
    return (path / "about").stat().st_mtime
