# SPDX-License-Identifier: LGPL-2.1-or-later
"""The talk with the guest's agent (tests/vm/image/agent tells its words).

While it waits for the agent's next word, a session passes on whatever arrives on the streams,
at once and unchanged. The agent's last word gives the length of each stream, since a port has
no end-of-file. Time limits are one alarm clock, which ends also a wait for a slow reader of
this program's output.
"""

import contextlib
import os
import selectors
import signal
import time

from .report import BedError, say

READY_SECONDS = 240     # a boot takes about 10 s emulated; this allows for a very busy host
AWAKE_SECONDS = 30      # a snapshot that has not answered by then is no good


class TimeUp(Exception):
    """The alarm rang."""


@contextlib.contextmanager
def time_limit(seconds):
    def ring(*_):
        raise TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds or 0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Session:
    def __init__(self, process, files=None):
        """`files` is an open file that takes the archive of fetched files."""
        self.process = process
        self.control = process.ports["control"]
        self.sinks = {"stdout": to_descriptor(1), "stderr": to_descriptor(2), "files": files and files.write}
        self.received = dict.fromkeys(self.sinks, 0)
        self._words = b""
        self._selector = selectors.DefaultSelector()
        for name, port in process.ports.items():
            self._selector.register(port, selectors.EVENT_READ, name)

    def await_ready(self):
        self._await_within("READY", READY_SECONDS, "the guest did not come up")

    def wake(self):
        """Say that there is a job, and tell the time once the guest is there to hear it."""
        self._send("GO")
        self._await_within("AWAKE", AWAKE_SECONDS, "the guest did not answer")
        self._send(f"TIME {time.time():.6f}")

    def finish(self, timeout):
        """Pass on all streams until the command has ended. Its exit status."""
        self._await_within("STARTED", READY_SECONDS, "the guest did not unpack its job")
        try:
            with time_limit(timeout):
                status, *sizes = (int(number) for number in self._await_word("EXIT"))
                expected = dict(zip(self.sinks, sizes))
                while self.received != expected:
                    self._pump()
        except TimeUp:
            raise BedError(f"the command did not end within {timeout:g} s, so the guest was stopped\n"
                           f"{self.process.last_words()}", "give it longer with --timeout") from None
        return status

    def _send(self, words):
        try:
            self.control.sendall(words.encode() + b"\n")
        except OSError:
            pass    # QEMU has ended; the next wait finds out and says so

    def _await_within(self, word, seconds, complaint):
        try:
            with time_limit(seconds):
                return self._await_word(word)
        except TimeUp:
            raise BedError(f"{complaint} within {seconds} s\n{self.process.last_words()}") from None

    def _await_word(self, word):
        """Pass on streams until the agent says this word; what it says with it."""
        while b"\n" not in self._words:
            self._pump()
        line, _, self._words = self._words.partition(b"\n")
        first, *rest = line.decode(errors="replace").split()
        if first == "FAIL":
            raise BedError(f"in the guest: {' '.join(rest)}")
        if first != word:
            raise BedError(f"the guest says {first} instead of {word}")
        return rest

    def _pump(self):
        for key, _ in self._selector.select():
            data = receive(key.fileobj)
            if not data:
                raise BedError(f"the guest died\n{self._obituary()}")
            if key.data == "control":
                self._words += data
            else:
                self.received[key.data] += len(data)
                if self.sinks[key.data]:
                    self.sinks[key.data](data)

    def _obituary(self):
        with contextlib.suppress(Exception):
            self.process.child.wait(timeout=5)
        return self.process.last_words()


def receive(port):
    try:
        return port.recv(1 << 16)
    except ConnectionResetError:
        return b""


def to_descriptor(descriptor):
    def write(data):
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view):]
    return write
