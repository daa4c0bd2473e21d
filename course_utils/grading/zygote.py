"""The process that imports Keras once and forks a child for each submission.

It executes no operation: a process that forks after TensorFlow has run one leaves children that
hang. For each submission it forks a warden, which takes namespaces of its own, forks the child that
runs the answer, watches its time, memory and output, and sends back what it wrote.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import importlib
import json
import os
import resource
import select
import shutil
import signal
import socket
import sys
import time
from typing import Any

from course_utils.grading import answer, confine, linux
from course_utils.grading.limits import Limits

VISIBLE_ENDED = b'{"ready": true}\n'  # what an answer writes when it is ready for hidden tests
_LOOK_SECONDS = 0.05
_GRACE_SECONDS = 1.0
_MOST_DESCRIPTORS = 2**16  # more than this process ever opens
_PAGE = resource.getpagesize()


def main(descriptor: int, setting: dict[str, Any]) -> None:
    """Import what is asked for, say so, then fork a warden for each job that comes.

    Parameters
    ----------
    descriptor : int
        A Unix socket: one message a job, with three descriptors: the job's file, the hidden tests'
        file, and where the reply goes.
    setting : dict
        ``modules`` to import, ``separate`` (namespaces), ``paths`` and ``links`` to be seen where
        bubblewrap does not see to it.
    """
    linux.die_with_parent()
    border = socket.socket(fileno=descriptor)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the grader ends this process itself
    if not setting["separate"]:
        linux.hide_memory()
    _import(setting["modules"])
    border.send(json.dumps({"started": tensorflow_started()}).encode())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended wardens leave nothing behind
    gc.collect()
    gc.freeze()  # a collection in a child would touch, and so copy, every page
    while True:
        message, descriptors, _, _ = socket.recv_fds(border, 64, 3)
        if not message:
            return
        if os.fork() == 0:
            try:
                border.close()
                _guard(int(message), *descriptors, setting)
            except BaseException as error:
                os.write(2, f"{type(error).__name__}: {error}\n".encode())
            os._exit(0)
        for one in descriptors:
            os.close(one)


def tensorflow_started() -> bool:
    """Tell whether TensorFlow has run an operation in this process, so that a fork would hang."""
    context = sys.modules.get("tensorflow.python.eager.context")
    return context is not None and context.context()._context_handle is not None


def _import(modules: list[str]) -> None:
    from course_utils.runtime import quiet_stderr

    with quiet_stderr():
        for name in modules:
            # a module's function is named like a module; one that is missing shows when it is used
            with contextlib.suppress(ImportError):
                importlib.import_module(name)


def _guard(slot: int, job_file: int, hidden_file: int, reply: int, setting: dict) -> None:
    """Run one job in a child, watch it, and write the reply: a line of JSON, then the parts."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    linux.die_with_parent()
    linux.adopt_orphans()
    job = json.loads(_read_all(job_file))
    limits = Limits(**job["limits"])
    if setting["separate"]:
        confine.apart(limits, setting["paths"], setting["links"])
    box = "" if setting["separate"] else confine.shared_box(slot)
    results, results_end = os.pipe()
    printed, printed_end = os.pipe()
    hidden_end, hidden = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _become_answer(job, limits, slot, setting, (results_end, printed_end, hidden_end))
        except BaseException as error:
            os.write(3, f"{type(error).__name__}: {error}\n".encode())
            os._exit(1)
        os._exit(0)
    for one in (results_end, printed_end, hidden_end):
        os.close(one)
    watch = _Watch(limits, child, results, printed, hidden, hidden_file)
    ended = watch.until_end()
    _end_all(child)
    if box:
        shutil.rmtree(box, ignore_errors=True)
    head = {"ended": ended, "seconds": watch.seconds, "memory": watch.most_memory}
    head["parts"] = [len(watch.visible), len(watch.hidden)]
    with open(reply, "wb") as file:
        file.write(json.dumps(head).encode() + b"\n" + watch.visible + watch.hidden)


def _become_answer(
    job: dict, limits: Limits, slot: int, setting: dict, ends: tuple[int, int, int]
) -> None:
    nothing = os.open("/dev/null", os.O_RDONLY)
    results, printed, hidden = (os.dup2(one, 100 + i) for i, one in enumerate(ends))
    for target, source in ((0, nothing), (1, printed), (2, printed), (3, results), (4, hidden)):
        os.dup2(source, target)
    os.closerange(5, _MOST_DESCRIPTORS)
    os.setsid()
    confine.lowered(limits, slot, setting["separate"])
    answer.run(job, results=3, hidden=4)


class _Watch:
    """Reads what a child writes until it ends or goes over a limit."""

    def __init__(
        self, limits: Limits, child: int, results: int, printed: int, hidden: int, hidden_file: int
    ) -> None:
        self.visible, self.hidden = b"", b""
        self.seconds, self.most_memory, self.most_processes = 0.0, 0, 0
        self._status: int | None = None
        self._limits, self._child = limits, child
        self._results, self._printed = results, printed
        self._to_child, self._hidden_file = hidden, hidden_file
        self._asked = False

    def until_end(self) -> str:
        """Return how the child ended: ``""`` by itself, or the limit or signal that ended it."""
        begun, looked = time.monotonic(), 0.0
        self._heard = 0.0
        came, output = bytearray(), 0
        open_ends = {self._results, self._printed}
        over = ""
        while self._results in open_ends and not over:
            ready, _, _ = select.select(list(open_ends), [], [], _LOOK_SECONDS)
            for end in ready:
                piece = os.read(end, 65536)
                if not piece:
                    open_ends.discard(end)
                elif end == self._results:
                    self._heard = self.seconds
                    came += piece
                    self._hand_over_hidden(came, len(piece))
                else:
                    output += len(piece)
            if not ready and self._has_ended():
                break  # what it started may still hold the pipes
            self.seconds = time.monotonic() - begun
            if self.seconds - looked > _LOOK_SECONDS:
                looked = self.seconds
                self._look()
            over = self._over(len(came), output)
        if self._asked:
            self.hidden = bytes(came)
        else:
            self.visible = bytes(came)
        return over or self._how_it_ended()

    def _look(self) -> None:
        below = _below(os.getpid())
        # what came with the fork is held once for all
        shared = memory_of(os.getpid())
        used = sum(max(memory_of(pid) - shared, 0) for pid in below)
        self.most_memory = max(self.most_memory, used)
        self.most_processes = max(self.most_processes, len(below))

    def _hand_over_hidden(self, came: bytearray, new: int) -> None:
        """Give the hidden tests once: what comes later is never shown to the learner."""
        at = came.find(VISIBLE_ENDED, max(len(came) - new - len(VISIBLE_ENDED), 0))
        if self._asked or at < 0:
            return
        self._asked = True
        self.visible = bytes(came[:at])
        del came[: at + len(VISIBLE_ENDED)]
        tests = _read_all(self._hidden_file)
        with contextlib.suppress(OSError):
            # all of it fits: an answer that does not read must not hold this process up
            fcntl.fcntl(self._to_child, fcntl.F_SETPIPE_SZ, max(len(tests), _PAGE))
            os.set_blocking(self._to_child, False)
            os.write(self._to_child, tests)
        os.close(self._to_child)

    def _over(self, results: int, output: int) -> str:
        limits = self._limits
        if self.seconds > limits.seconds:
            return "time"
        if self.seconds - self._heard > limits.step_seconds + _GRACE_SECONDS:
            return "step"  # it did not let itself be interrupted
        if self.most_processes > limits.processes // 2:
            return "processes"
        if self.most_memory > limits.memory:
            return "memory"
        if output > limits.output:
            return "output"
        return "results" if results > limits.results else ""

    def _has_ended(self) -> bool:
        if self._status is None:
            pid, status = os.waitpid(self._child, os.WNOHANG)
            self._status = status if pid else None
        return self._status is not None

    def _how_it_ended(self) -> str:
        # the pipe is closed; the process may still be going on behind it
        for _ in range(20):
            if self._has_ended():
                number = os.waitstatus_to_exitcode(self._status)
                return "" if number == 0 else f"signal {-number}" if number < 0 else "exit"
            time.sleep(0.01)
        return "exit"


def _end_all(child: int) -> None:
    """Kill the child and everything that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    while True:
        for pid in _below(os.getpid()):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)


def _below(top: int) -> list[int]:
    """Return the processes that descend from `top`, itself left out."""
    found, edge = [], [top]
    while edge:
        edge = [child for pid in edge for child in _children(pid)]
        found += edge
    return found


def _children(pid: int) -> list[int]:
    found = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                found += map(int, file.read().split())
    return found


def memory_of(pid: int) -> int:
    """Return the memory that a process holds, in bytes, shared pages included."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/statm", "rb") as file:
        return int(file.read().split()[1]) * _PAGE
    return 0


def _read_all(descriptor: int) -> bytes:
    with open(os.dup(descriptor), "rb") as file:
        file.seek(0)
        return file.read()
