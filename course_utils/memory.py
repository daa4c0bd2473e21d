"""How much memory a lesson has taken."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import psutil


def peak_memory() -> float:
    """Return the most memory that this process has held so far, in GiB.

    It is the resident size (on Windows: the working set) at its peak as the system keeps it, so
    nothing is missed between two calls; it never falls.
    """
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset / 2**30
    try:
        # getrusage would count what the process was forked from
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 2**20
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**30  # macOS counts bytes
