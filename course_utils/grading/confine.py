"""Shuts a forked process in: namespaces of its own, a user id of its own, limits, no calls out.

Done in two halves. `apart`, in the process that watches: the namespaces, and an empty disk.
`lowered`, in the child that runs the answer: what can't be taken back.
"""

from __future__ import annotations

import contextlib
import os
import resource
import tempfile

from course_utils.grading import linux
from course_utils.grading.limits import Limits
from course_utils.grading.view import BOX

_DEVICES = ("null", "zero", "full", "random", "urandom")
_PLACES_FOR_A_ROOT = ("/mnt", "/media", "/srv", "/opt", "/run", "/home")
_USERS = 2_000_000_000  # far above those that systems give out
_FEWER_USERS = 40_000  # where a container has no more than 65,536


def apart(limits: Limits, paths: list[str] | None, links: dict[str, str]) -> None:
    """Give this process, and the next that it forks, namespaces and a disk of their own.

    Parameters
    ----------
    limits : Limits
    paths : list of str or None
        What is to be seen; None where bubblewrap has seen to that.
    links : dict

    Raises
    ------
    OSError
        The system does not let this user do so.
    """
    flags = linux.NEWNS | linux.NEWPID | linux.NEWNET | linux.NEWIPC | linux.NEWUTS
    user, group = os.geteuid(), os.getegid()
    if user != 0 or not _can_mount():
        linux.unshare(linux.NEWUSER | flags)
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    else:
        linux.unshare(flags)
    linux.mount("none", "/", flags=linux.REC | linux.PRIVATE)
    if paths is not None:
        _build_root(paths, links)
    box = f"size={limits.disk},nr_inodes=10000,mode=1777"
    linux.mount("tmpfs", BOX, "tmpfs", linux.NOSUID | linux.NODEV, box)
    if os.path.isdir("/dev/shm"):
        linux.mount(BOX, "/dev/shm", flags=linux.BIND)
    _be_at_home(BOX)


def _can_mount() -> bool:
    with open("/proc/self/status", encoding="ascii") as file:
        held = next(line for line in file if line.startswith("CapEff"))
    return bool(int(held.split()[1], 16) >> 21 & 1)  # CAP_SYS_ADMIN


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def _build_root(paths: list[str], links: dict[str, str]) -> None:
    # any folder will do that hides nothing: nobody outside this process sees the mount
    root = next(
        folder
        for folder in _PLACES_FOR_A_ROOT
        if os.path.isdir(folder) and not any(path.startswith(f"{folder}/") for path in paths)
    )
    linux.mount("tmpfs", root, "tmpfs", linux.NOSUID, "size=1m,mode=755")
    for path in [*paths, *(f"/dev/{name}" for name in _DEVICES)]:
        place = root + path
        if os.path.isdir(path):
            os.makedirs(place, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            _write(place, "")
        if path.startswith("/dev/"):
            linux.mount(path, place, flags=linux.BIND)
        else:
            linux.bind_read_only(path, place)
    for place, target in links.items():
        os.symlink(target, root + place)
    for folder in ("/proc", BOX, "/dev/shm"):
        os.makedirs(root + folder, exist_ok=True)
    linux.mount("/proc", root + "/proc", flags=linux.BIND | linux.REC)
    linux.pivot_root(root)
    linux.mount("", "/", flags=linux.REMOUNT | linux.RDONLY | linux.NOSUID, data="size=1m")


def shared_box(slot: int) -> str:
    """Make a folder for an answer that has no disk of its own, and go there."""
    box = tempfile.mkdtemp(prefix="answer_", dir="/tmp")
    user = _unused_user(slot)
    if user:
        os.chown(box, user, user)
    _be_at_home(box)
    return box


def _be_at_home(box: str) -> None:
    os.environ.update(HOME=box, TMPDIR=box)
    tempfile.tempdir = None  # asked for anew
    os.chdir(box)


def lowered(limits: Limits, slot: int, separate: bool) -> None:
    """Take what is left from this process: user id, capabilities, calls; then set its limits.

    Parameters
    ----------
    limits : Limits
    slot : int
        Tells those apart that run at the same time.
    separate : bool
        Whether it has namespaces of its own.
    """
    user = _unused_user(slot)
    others = 0 if user else _tasks_of_this_user()
    if separate:
        _show_own_processes()
    if user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    linux.drop_capabilities()
    _limit(limits, others)
    with contextlib.suppress(OSError):
        linux.forbid_calls()
    linux.die_with_parent()


def _show_own_processes() -> None:
    quiet = linux.NOSUID | linux.NODEV | linux.NOEXEC
    linux.unshare(linux.NEWNS)  # the process that watches goes on seeing all of them
    try:
        linux.mount("proc", "/proc", "proc", quiet)
    except OSError:  # bubblewrap has covered parts of it, and Linux lets nobody uncover them so
        linux.mount("tmpfs", "/proc", "tmpfs", quiet | linux.RDONLY)


def _unused_user(slot: int) -> int:
    """Return a user id that nobody has; 0 where this process can't take another."""
    if os.geteuid() != 0:
        return 0
    with open("/proc/self/uid_map", encoding="ascii") as file:
        ranges = [[int(number) for number in line.split()] for line in file]
    for first in (_USERS, _FEWER_USERS):
        wanted = first + slot
        if any(start <= wanted < start + count for start, _, count in ranges):
            return wanted
    return 0


def _tasks_of_this_user() -> int:
    count, user = 0, os.geteuid()
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if entry.isdigit() and os.stat(f"/proc/{entry}").st_uid == user:
                count += len(os.listdir(f"/proc/{entry}/task"))
    return count


def _limit(limits: Limits, others: int) -> None:
    bounds = {
        resource.RLIMIT_AS: max(limits.memory, 4 * 2**30),
        resource.RLIMIT_CPU: int(limits.seconds * 4) + 1,
        resource.RLIMIT_FSIZE: limits.disk,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_NPROC: limits.processes + others,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for which, bound in bounds.items():
        _, hard = resource.getrlimit(which)
        bound = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(which, (bound, bound))
