# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the bed says of itself.

Standard output and the exit status belong to the command in the guest, so the bed speaks on
standard error only, each line marked with its name, and fails with one status of its own.
"""

import contextlib
import sys
import time

FAILED = 125    # the bed failed, as opposed to the command; the same number docker and git-bisect use


class BedError(Exception):
    """The bed cannot go on. `remedy` says what the reader can do about it."""

    def __init__(self, message, remedy=None):
        super().__init__(message)
        self.remedy = remedy


def say(text):
    print(f"guest: {text}", file=sys.stderr, flush=True)


def complain(error):
    say(str(error))
    if error.remedy:
        say(f"remedy: {error.remedy}")


@contextlib.contextmanager
def step(text):
    """Announce a step that takes its time, and say how long it took."""
    say(f"{text} ...")
    began = time.monotonic()
    yield
    say(f"{text}: {time.monotonic() - began:.1f} s")
