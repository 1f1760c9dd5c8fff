# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the host must have: the programs and files named in tests/vm/packages."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess

from .report import BedError

TOP = pathlib.Path(__file__).absolute().parents[3]
IMAGE = TOP / "tests" / "vm" / "image"
PACKAGES = TOP / "tests" / "vm" / "packages"
GRACE_SECONDS = 10      # mmdebstrap removes a large tree when it is ended

# Some of them live where only root's PATH looks.
os.environ["PATH"] = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"


def plain_lines(path):
    """The lines of a list without comments and blanks."""
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    return [line for line in lines if line]


def demand_packages():
    missing = []
    for line in PACKAGES.read_text().splitlines():
        match = re.match(r"(\S+)\s+# (\S+):", line)
        if match and not shutil.which(match[2]) and not os.path.exists(match[2]):
            missing.append(match[1])
    if missing:
        raise BedError(f"missing on this host: {', '.join(missing)}",
                       f"run: apt-get install --no-install-recommends {' '.join(missing)}")


def run(words, what, **options):
    """Run a tool to its end; its output is shown only if it fails."""
    status, output = attempt(words, **options)
    if status:
        raise BedError(f"{what} failed ({words[0]}, status {status}){tail(output)}")
    return output


def attempt(words, text=b"", **options):
    """Run a tool with `text` as its input: its status and output. It and all it started end with us."""
    child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             start_new_session=True, **options)
    try:
        output, _ = child.communicate(text)
        return child.returncode, output
    except BaseException:
        end_group(child)
        raise


def end_group(child):
    """First kindly, for it may have temporary files to remove."""
    for number, seconds in ((signal.SIGTERM, GRACE_SECONDS), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(child.pid, number)
            child.wait(seconds)


def tail(output, lines=15):
    return "".join(f"\n    {line}" for line in output.decode(errors="replace").strip().splitlines()[-lines:])


def boot_id():
    return pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
