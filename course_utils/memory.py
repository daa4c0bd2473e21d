"""How much memory a lesson has taken."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import psutil


def peak_memory(pid: int | None = None) -> float:
    """Return the most memory that a process has held so far, in GiB.

    It is the resident size (on Windows: the working set) at its peak as the system keeps it, so
    nothing is missed between two calls; it never falls. macOS keeps it for the calling process
    alone: of another one it is what that process holds now.

    Parameters
    ----------
    pid : int, optional
        The process; by default the calling one.
    """
    process = psutil.Process(pid)
    if sys.platform == "win32":
        return process.memory_info().peak_wset / 2**30
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():  # getrusage would count what the process was forked from
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))[1]) / 2**20
    if process.pid != os.getpid():
        return process.memory_info().rss / 2**30
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**30  # macOS counts bytes
