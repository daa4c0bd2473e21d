"""What one submission may use."""

from __future__ import annotations

import dataclasses

MIB = 2**20


@dataclasses.dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes
    ----------
    step_seconds : float
        For one cell or one test.
    seconds : float
        For all cells and tests together.
    memory : int
        Bytes, of all its processes together, beyond what came with the fork. Of addresses each may
        have 4 GiB at least: TensorFlow needs them.
    output : int
        Bytes printed.
    results : int
        Bytes of values that cross the border.
    disk : int
        Bytes in files.
    open_files : int
    processes : int
        Processes and threads.
    """

    step_seconds: float = 10.0
    seconds: float = 60.0
    memory: int = 2048 * MIB
    output: int = 4 * MIB
    results: int = 16 * MIB
    disk: int = 50 * MIB
    open_files: int = 256
    processes: int = 64
