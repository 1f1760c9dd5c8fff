# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's archive, seen through lists of the bed's own.

The guest is Debian 12 whatever the host is, so the bed keeps package lists of its own in the
cache. That needs no root rights and leaves the host's lists alone; the proxies and options
in /etc/apt/apt.conf.d hold as ever.
"""

import os
import re
import time

from . import host
from .report import BedError, step

LISTS_STAY_FRESH = 24 * 3600    # seconds; Debian publishes kernels every week or two
MIRROR = "https://deb.debian.org"


def sources():
    mirror = os.environ.get("CGBURST_VM_MIRROR", MIRROR).rstrip("/")
    return (host.IMAGE / "sources.list").read_text().replace("@MIRROR@", mirror)


class Apt:
    def __init__(self, cache):
        self.cache = cache
        self.folder = cache.folder / "apt"
        for part in ("lists/partial", "archives/partial"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        self.stamp = self.folder / "updated"
        self.is_offline = False

    def is_fresh(self):
        try:
            return time.time() - self.stamp.stat().st_mtime < LISTS_STAY_FRESH
        except FileNotFoundError:
            return False

    def update(self):
        """Fetch the lists. False if that cannot be done now."""
        if self.is_offline:
            return False        # found out a moment ago
        asked = time.time()
        with self.cache.lock("apt"):
            if self.stamp.exists() and self.stamp.stat().st_mtime > asked:
                return True     # another run did while this one waited
            return self._update_now()

    def _update_now(self):
        with step("fetching package lists"):
            (self.folder / "sources.list").write_text(sources())
            self.stamp.unlink(missing_ok=True)
            status, _ = host.attempt(self._words("apt-get", "-qq", "-o", "APT::Update::Error-Mode=any", "update"))
            if status == 0:
                self.stamp.touch()
            self.is_offline = status != 0
            return not self.is_offline

    def newest(self, pattern):
        """The package whose name matches, with the highest numbers in it, or None."""
        names = host.run(self._words("apt-cache", "pkgnames"), "reading package names").decode().split()
        matching = [name for name in names if re.fullmatch(pattern, name)]
        return max(matching, key=numbers, default=None)

    def version(self, package):
        text = host.run(self._words("apt-cache", "show", "--no-all-versions", package), f"reading {package}").decode()
        return re.search(r"^Version: (\S+)", text, re.MULTILINE)[1]

    def fetch(self, package, folder):
        """Download one package and open it in `folder`."""
        host.run(self._words("apt-get", "-qq", "download", package), f"downloading {package}", cwd=folder)
        archives = list(folder.glob("*.deb"))
        if len(archives) != 1:
            raise BedError(f"no package file after downloading {package}")
        host.run(["dpkg-deb", "-x", str(archives[0]), str(folder)], f"opening {package}")
        archives[0].unlink()

    def _words(self, tool, *rest):
        options = {
            "Dir::State::lists": self.folder / "lists",
            "Dir::Cache": self.folder,
            "Dir::Etc::sourcelist": self.folder / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::State::status": "/dev/null",
            "APT::Architecture": "amd64",
            "APT::Architectures": "amd64",
            "APT::Sandbox::User": "",
            "Acquire::Languages": "none",
        }
        return [tool, *(word for name, value in options.items() for word in ("-o", f"{name}={value}")), *rest]


def numbers(name):
    return [int(number) for number in re.findall(r"\d+", name)]
