"""Tries from the inside what an answer must not be able to do, and says what is not protected.

A list of what was switched on would tell what was meant; this tells what holds on this machine.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

from course_utils.grading.limits import Limits
from course_utils.grading.room import Room, RoomError

# each part does no harm where it succeeds: it asks, and takes nothing
_PROBE = """
import ctypes, os, resource, socket, threading

def done(attempt):
    try:
        return bool(attempt())
    except BaseException:
        return False

def connects():
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", PORT)) == 0

def writes(folder):
    own = os.stat(".").st_dev == os.stat(folder).st_dev and SEPARATE
    return os.access(folder, os.W_OK) and not own

def sees_processes():
    return os.path.exists(f"/proc/{GRADER}/status")

def allocates():
    size = MEMORY + 2**20
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.malloc.argtypes = [ctypes.c_size_t]
    return libc.malloc(size) is not None

def starts_too_many():
    go = threading.Event()
    started = []
    try:
        for _ in range(PROCESSES + 8):
            thread = threading.Thread(target=go.wait)
            thread.start()
            started.append(thread)
    except RuntimeError:
        return False
    finally:
        go.set()
        for thread in started:
            thread.join()
    return True

def has_a_whole_disk():
    about = os.statvfs(".")
    return about.f_blocks * about.f_frsize > 2 * DISK

FOUND = {
    "network": done(connects),
    "sources": done(lambda: os.listdir(SOURCE)),
    "others": done(lambda: os.listdir(SUBMISSIONS)),
    "writing": done(lambda: any(writes(folder) for folder in FOLDERS)),
    "processes": done(sees_processes),
    "many": done(starts_too_many),
    "memory": done(allocates),
    "disk": done(has_a_whole_disk),
    "python": not done(lambda: os.listdir(PYTHON)),
}
"""
_SENTENCES = {
    "network": "an answer can reach the network",
    "sources": "an answer can read the solutions and the hidden tests",
    "others": "an answer can read the other submissions",
    "writing": "an answer can write files outside its own folder",
    "processes": "an answer can see the other processes",
    "many": "an answer can start any number of processes",
    "memory": "an answer can take any amount of memory at once",
    "disk": "an answer can fill the disk, by one file after the other",
    "python": "an answer can import only what is loaded already, because Python lies in a folder "
    "that other users may not read",
}


def missing(room: Room, limits: Limits, course: Path, submissions: Path) -> list[str]:
    """Return a sentence for each protection that does not hold here.

    Parameters
    ----------
    room : Room
    limits : Limits
    course : Path
        With the solutions and the hidden tests.
    submissions : Path

    Raises
    ------
    RoomError
        No answer can be run at all.
    """
    import socket

    folders = [str(folder.resolve()) for folder in (course, submissions.parent, Path.home())]
    with socket.create_server(("127.0.0.1", 0)) as server:
        known = {
            "PORT": server.getsockname()[1],
            "GRADER": os.getpid(),
            "SEPARATE": room.way != "limits",
            "PYTHON": json.__path__[0],
            "SOURCE": str((course / "source").resolve()),
            "SUBMISSIONS": str(
                submissions.resolve() if submissions.is_dir() else submissions.parent
            ),
            "FOLDERS": [*folders, "/", "/usr", "/dev", "/dev/pts", "/dev/shm"],
            "MEMORY": max(limits.memory, 4 * 2**30),
            "PROCESSES": limits.processes,
            "DISK": limits.disk,
        }
        given = "\n".join(f"{name} = {value!r}" for name, value in known.items())
        steps = [
            {"id": "c0", "code": f"{given}\n{_PROBE}"},
            {"id": "t0", "expression": "[name for name, found in FOUND.items() if found]"},
        ]
        job = {"steps": steps, "skip": [], "limits": dataclasses.asdict(limits), "files": {}}
        reply = room.run(job, [])
    for line in reply.visible.splitlines():
        said = json.loads(line)
        if said.get("end") == "t0" and "value" in said:
            return [_SENTENCES[name] for name in said["value"]]
    raise RoomError(
        f"A first trial of what answers run in failed ({reply.ended}): {reply.visible!r}"
    )
