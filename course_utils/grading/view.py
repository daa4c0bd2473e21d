"""What an answer can see of the disk: Python, this package and the course's data, to read only."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import course_utils
from course_utils import runtime

HOUSE = Path(course_utils.__file__).resolve().parents[1]
BOX = "/answer"  # all that an answer can write to, where it has a disk of its own
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache")
_SYSTEM_SETTINGS = ("/etc/alternatives", "/etc/localtime")
_CAPABILITIES = (
    "CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_KILL", "CAP_CHOWN",
    "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_SYS_CHROOT",
)  # fmt: skip


def seen() -> tuple[list[str], dict[str, str]]:
    """Return the paths that an answer sees, outermost first, and the links by their place."""
    links, paths = {}, []
    for place in (*_SYSTEM, *_SYSTEM_SETTINGS):
        if os.path.islink(place) and place.count("/") == 1:
            links[place] = os.readlink(place)
        elif os.path.exists(place):
            paths.append(place)
    python = {
        sys.prefix,
        sys.base_prefix,
        sys.exec_prefix,
        str(Path(sys.executable).resolve().parent),
    }
    own = {str(HOUSE / "course_utils"), str(runtime.SHIPPED), str(runtime.settings().data)}
    for place in sorted(python | own):
        inside = any(Path(place).is_relative_to(outer) for outer in paths)
        if os.path.isdir(place) and not inside:
            paths.append(place)
    return paths, links


def environment(home: str) -> dict[str, str]:
    """Return all that an answer's process knows of this machine's settings."""
    one_thread = ("OMP", "OPENBLAS", "MKL", "TF_NUM_INTRAOP", "TF_NUM_INTEROP")
    threads = {
        f"{name}_THREADS" if name.startswith("TF") else f"{name}_NUM_THREADS": "1"
        for name in one_thread
    }
    return threads | {
        "PATH": "/usr/bin:/bin",
        "HOME": home,
        "TMPDIR": home,
        "LANG": "C.UTF-8",
        "COURSE_PRECISION": "float32",
        "COURSE_DATA": str(runtime.settings().data),
        "KERAS_BACKEND": "tensorflow",
        "MPLBACKEND": "agg",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def bubblewrap(command: list[str]) -> list[str] | None:
    """Return `command` run by bubblewrap; None where it is not installed.

    File descriptors that are open stay so.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return None
    wrapped = [bwrap, "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    wrapped += ["--die-with-parent", "--new-session"]
    if os.geteuid() == 0:
        wrapped += [word for name in _CAPABILITIES for word in ("--cap-add", name)]
    paths, links = seen()
    outer = {str(folder) for path in paths for folder in Path(path).parents}
    for folder in sorted(outer - {"/"}):
        wrapped += ["--perms", "0755", "--dir", folder]
    for path in paths:
        wrapped += ["--ro-bind", path, path]
    for place, target in links.items():
        wrapped += ["--symlink", target, place]
    wrapped += ["--proc", "/proc", "--dev", "/dev", "--perms", "0755", "--tmpfs", BOX]
    wrapped += ["--remount-ro", "/dev/pts", "--remount-ro", "/dev"]
    return [*wrapped, "--chdir", BOX, "--remount-ro", "/", "--", *command]
