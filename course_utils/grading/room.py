"""This side of the border: starts the zygote, hands it jobs, takes back what they wrote."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
from typing import Any

from course_utils.errors import PlainError
from course_utils.grading import view
from course_utils.grading.limits import Limits

WAYS = ("bubblewrap", "namespaces", "limits")
_START_SECONDS = 120
_SLOTS = 1000


class RoomError(PlainError):
    """Answers can't be run on this machine, or the process that runs them is gone."""


@dataclasses.dataclass(frozen=True)
class Reply:
    """What one process wrote, byte for byte, and how it ended.

    Attributes
    ----------
    visible, hidden : bytes
        Before and after the hidden tests were handed over.
    ended : str
        ``""`` by itself with status 0, else ``time``, ``step``, ``memory``, ``output``,
        ``processes``, ``results``, ``exit`` or ``signal N``.
    seconds : float
    memory : int
        Bytes beyond what came with the fork, at most.
    """

    visible: bytes
    hidden: bytes
    ended: str
    seconds: float
    memory: int


class Room:
    """A zygote that shuts answers in, started in the safest way that works here.

    Parameters
    ----------
    modules : sequence of str
        Imported once, before the first answer.
    way : str, optional
        One of `WAYS`; by default the first that a trial finds working.

    Raises
    ------
    RoomError
        The system is not Linux, `way` does not work here, or the zygote does not start.
    """

    def __init__(self, modules: tuple[str, ...] = (), way: str | None = None) -> None:
        require_linux()
        self.way = way or next((one for one in WAYS[:-1] if _works(one)), WAYS[-1])
        self._counter = itertools.count()
        self._lock = threading.Lock()
        paths, links = view.seen()
        by_itself = self.way == "namespaces"
        setting = {
            "modules": list(modules),
            "separate": self.way != "limits",
            "paths": paths if by_itself else None,
            "links": links if by_itself else {},
        }
        self._border, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._home, home = None, view.BOX
        if self.way != "bubblewrap":
            self._home = tempfile.TemporaryDirectory(prefix="grading_")
            home = self._home.name
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
        command = _python(
            "import json; from course_utils.grading import zygote; "
            f"zygote.main({theirs.fileno()}, json.loads({json.dumps(setting)!r}))"
        )
        if self.way == "bubblewrap":
            command = view.bubblewrap(command)
        if command is None:
            raise RoomError("bubblewrap is not installed: install it, or leave --isolation out.")
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env=view.environment(home),
            cwd="/",
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        theirs.close()
        ready, _, _ = select.select([self._border], [], [], _START_SECONDS)
        hello = self._border.recv(65536) if ready else b""
        if not hello:
            self.close()
            raise RoomError(f"The process that runs answers did not start: {self._last_words()}")
        self.hello: dict[str, Any] = json.loads(hello)
        if self.hello["started"]:
            self.close()
            raise RoomError(
                f"Importing {', '.join(modules)} starts TensorFlow, and children of a process in "
                "which it runs hang: import in the homework what does not build anything."
            )

    def __enter__(self) -> Room:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the zygote and all that it started."""
        self._border.close()
        self._process.kill()
        self._process.wait()
        if self._home is not None:
            self._home.cleanup()

    def run(self, job: dict[str, Any], hidden: list[dict[str, Any]]) -> Reply:
        """Run one job (see `answer.run`) in a process of its own. Threads may call it at once.

        Raises
        ------
        RoomError
            The zygote is gone.
        """
        slot = next(self._counter) % _SLOTS
        reply, theirs = os.pipe()
        with open(reply, "rb") as answer, _file(job) as one, _file(hidden) as two:
            try:
                with self._lock:
                    descriptors = [one.fileno(), two.fileno(), theirs]
                    socket.send_fds(self._border, [str(slot).encode()], descriptors)
            except OSError:
                raise RoomError(
                    f"The process that runs answers is gone: {self._last_words()}"
                ) from None
            finally:
                os.close(theirs)
            head = answer.readline()
            body = answer.read()
        if not head:
            raise RoomError(f"An answer could not be run: {self._last_words()}")
        said = json.loads(head)
        first = said["parts"][0]
        return Reply(body[:first], body[first:], said["ended"], said["seconds"], said["memory"])

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def require_linux() -> None:
    """Say what to do where answers can't be shut in.

    Raises
    ------
    RoomError
        The system is not Linux.
    """
    if not sys.platform.startswith("linux"):
        raise RoomError(
            "Grading needs Linux's limits for processes: on macOS and Windows run it in WSL or in "
            "a container."
        )


def _file(content: Any) -> Any:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    file.write(json.dumps(content).encode())
    file.flush()
    return file


def _python(code: str) -> list[str]:
    # isolated: neither this folder's files nor the user's settings are imported
    return [
        sys.executable,
        "-I",
        "-c",
        f"import sys; sys.path.insert(0, {str(view.HOUSE)!r}); {code}",
    ]


def _works(way: str) -> bool:
    """Try a way with an answer that does nothing."""
    nothing = {"steps": [], "skip": [], "limits": dataclasses.asdict(Limits()), "files": {}}
    try:
        with Room(way=way) as room:
            return room.run(nothing, []).ended == ""
    except RoomError:
        return False
