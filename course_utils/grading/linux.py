"""Calls of Linux that Python 3.11 does not have: namespaces, mounts, capabilities, seccomp."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable

NEWNS, NEWUTS, NEWIPC = 0x20000, 0x4000000, 0x8000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT = 1, 2, 4, 8, 32
BIND, REC, PRIVATE = 4096, 16384, 1 << 18

_SET_PDEATHSIG, _SET_DUMPABLE, _SET_SECCOMP, _CAPBSET_DROP = 1, 4, 22, 24
_SET_CHILD_SUBREAPER, _SET_NO_NEW_PRIVS = 36, 38
_MNT_DETACH = 2

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object) -> int:
    result = getattr(_libc, name)(*arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result


def unshare(flags: int) -> None:
    """Leave the namespaces that `flags` name for new ones."""
    _call("unshare", ctypes.c_int(flags))


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """Mount a file system, or change a mount."""
    texts = [text.encode() or None for text in (source, target, kind)]
    _call("mount", *texts, ctypes.c_ulong(flags), data.encode() or None)


def bind_read_only(source: str, target: str) -> None:
    """Let `source` be seen at `target`, unchangeable."""
    mount(source, target, flags=BIND | REC)
    # in a user namespace the flags that a mount has may not be taken off
    kept = os.statvfs(target).f_flag & (NOSUID | NODEV | NOEXEC)
    mount("", target, flags=BIND | REMOUNT | RDONLY | NOSUID | kept)


def pivot_root(root: str) -> None:
    """Make `root`, a mount, the root of what this process sees."""
    os.chdir(root)
    number = {"x86_64": 155, "aarch64": 41}[platform.machine()]
    _call("syscall", ctypes.c_long(number), b".", b".")
    _call("umount2", b".", ctypes.c_int(_MNT_DETACH))
    os.chdir("/")


def die_with_parent() -> None:
    """Let this process be killed when its parent ends."""
    _call("prctl", _SET_PDEATHSIG, 9, 0, 0, 0)


def adopt_orphans() -> None:
    """Make this process the parent of descendants whose own parent has ended."""
    _call("prctl", _SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def hide_memory() -> None:
    """Keep processes of the same user from reading this one's memory and environment."""
    _call("prctl", _SET_DUMPABLE, 0, 0, 0, 0)


def drop_capabilities() -> None:
    """Give up every capability, for this process and all that it starts."""
    for capability in range(64):
        if _libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            break  # past the last one, or never held
    header = struct.pack("Ii", 0x20080522, 0)
    _call("capset", header, bytes(24))
    _call("prctl", _SET_NO_NEW_PRIVS, 1, 0, 0, 0)


# by machine: its name in seccomp, and the numbers of calls that an answer has no use for
_MACHINES = {
    "x86_64": (
        0xC000003E,
        56,
        {
            "socket": 41, "ptrace": 101, "mount": 165, "umount2": 166, "pivot_root": 155,
            "chroot": 161, "unshare": 272, "setns": 308, "memfd_create": 319, "shmget": 29,
            "msgget": 68, "semget": 64, "bpf": 321, "keyctl": 250, "add_key": 248,
            "request_key": 249, "userfaultfd": 323, "perf_event_open": 298,
            "process_vm_readv": 310, "process_vm_writev": 311, "open_by_handle_at": 304,
        },
    ),
    "aarch64": (
        0xC00000B7,
        220,
        {
            "socket": 198, "ptrace": 117, "mount": 40, "umount2": 39, "pivot_root": 41,
            "chroot": 51, "unshare": 97, "setns": 268, "memfd_create": 279, "shmget": 194,
            "msgget": 186, "semget": 190, "bpf": 280, "keyctl": 219, "add_key": 217,
            "request_key": 218, "userfaultfd": 282, "perf_event_open": 241,
            "process_vm_readv": 270, "process_vm_writev": 271, "open_by_handle_at": 265,
        },
    ),
}  # fmt: skip
_EVERYWHERE = {
    "pidfd_getfd": 438, "io_uring_setup": 425, "open_tree": 428, "move_mount": 429, "fsopen": 430,
    "fsmount": 432, "mount_setattr": 442, "memfd_secret": 447,
}  # fmt: skip
_CLONE3 = 435
_NEW_NAMESPACES = 0x7E020000


def forbid_calls() -> None:
    """Refuse sockets, namespaces, mounts, tracing and memory outside the limits, for good.

    Raises
    ------
    OSError
        The kernel or the processor has no such filter.
    """
    if platform.machine() not in _MACHINES:
        raise OSError(errno.ENOSYS, f"no filter of calls for {platform.machine()}")
    machine, clone, numbers = _MACHINES[platform.machine()]
    program = _filter(machine, clone, [*numbers.values(), *_EVERYWHERE.values()])
    code = ctypes.create_string_buffer(program, len(program))
    shape = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    _call("prctl", _SET_SECCOMP, 2, shape, 0, 0)


def _filter(machine: int, clone: int, numbers: Iterable[int]) -> bytes:
    """Return the filter's program (classic BPF; linux/seccomp.h)."""
    load, equal, at_least, any_bit, ret = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, kill = 0x7FFF0000, 0x80000000
    refuse, unknown = 0x50000 | errno.EACCES, 0x50000 | errno.ENOSYS

    def line(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("HBBI", code, yes, no, value)

    lines = [line(load, 4), line(equal, machine, 1, 0), line(ret, kill), line(load, 0)]
    # the second numbering of calls that x86-64 has
    lines += [line(at_least, 0x40000000, 0, 1), line(ret, kill)]
    for number in numbers:
        lines += [line(equal, number, 0, 1), line(ret, refuse)]
    # a filter can't look behind clone3's pointer: libraries fall back on clone
    lines += [line(equal, _CLONE3, 0, 1), line(ret, unknown)]
    lines += [line(equal, clone, 0, 3), line(load, 16)]
    lines += [line(any_bit, _NEW_NAMESPACES, 0, 1), line(ret, refuse)]
    lines += [line(ret, allow)]
    return b"".join(lines)
