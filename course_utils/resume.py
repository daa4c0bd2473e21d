"""Long training that a killed kernel does not lose: a checkpoint after every epoch."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from course_utils import runtime
from course_utils.data.cache import cache_path, written_whole
from course_utils.errors import DataError


def resumable(
    name: str,
    epochs: int,
    variables: Sequence[Any],
    *,
    depends_on: Iterable[np.ndarray | str] = (),
    record: MutableMapping[str, list] | None = None,
) -> Iterator[int]:
    """Yield the epochs that are still to do, and keep a checkpoint after each.

    ``for epoch in resumable("dcgan", 30, variables, …):`` runs its body 30 times. Where an
    earlier run of the same training was stopped after epoch 12, `variables` and `record` first get
    back what they held then, one printed line says so, and the body runs for 13 to 30. So at most
    one epoch is lost; and nothing differs from a run in one go if the body draws its random numbers
    from the epoch's number.

    The file lies in ``COURSE_DATA``; its name has the source, the seed, the precision and a digest
    of `depends_on`, so other data or another network never get these weights. It goes after the
    last epoch: a training that ended starts anew. Under ``COURSE_STRICT`` an old one is not read.

    Parameters
    ----------
    name : str
    epochs : int
    variables : sequence of Keras or TensorFlow variables
        All that the training changes: weights, moving statistics, the optimisers' variables.
    depends_on : iterable of arrays and str
        What else tells this training from another: the data, the network, the code of a step.
    record : dict of lists, optional
        What the body appends to (losses, samples): arrays or numbers of equal shape in each list.

    Yields
    ------
    int
        1, 2, …, `epochs`, or what is left of them.
    """
    chosen = runtime.settings()
    parts = (name, chosen.source, f"seed{chosen.seed}", chosen.precision, _digest(depends_on))
    path = cache_path(f"training {' '.join(parts)}", ".npz")
    record = {} if record is None else record
    done = 0 if chosen.strict else _restore(path, variables, record)
    if done:
        when = time.strftime("%d %B, %H:%M", time.localtime(path.stat().st_mtime))
        print(f"Goes on after epoch {done} of {epochs}, from the checkpoint of {when}.")
    kept = True
    for epoch in range(done + 1, epochs + 1):
        yield epoch
        if kept and epoch < epochs:
            kept = _keep(path, epoch, variables, record)
    with contextlib.suppress(OSError):  # there may be none, or no folder to write in
        path.unlink()


def _keep(path: Path, epoch: int, variables: Sequence[Any], record: MutableMapping) -> bool:
    arrays = {f"variable {i}": np.asarray(v) for i, v in enumerate(variables)}
    arrays |= {f"record {key}": np.asarray(values) for key, values in record.items()}
    try:
        with written_whole(path) as file:
            np.savez(file, allow_pickle=False, epoch=epoch, **arrays)
    except DataError as error:
        print(f"{error} (Training goes on, without checkpoints.)")
        return False
    return True


def _restore(path: Path, variables: Sequence[Any], record: MutableMapping) -> int:
    """Return the epoch of the checkpoint, 0 where there is none that fits."""
    try:
        # reading to the end compares each array's checksum (zip format)
        with np.load(path, allow_pickle=False) as file:
            kept = {key: file[key] for key in file.files}
        values = [kept[f"variable {i}"] for i in range(len(variables))]
        rows = {key: list(kept[f"record {key}"]) for key in record}
        epoch = int(kept["epoch"])
    except Exception:  # whatever is wrong with the file, training starts anew
        return 0
    if any(value.shape != tuple(v.shape) for value, v in zip(values, variables, strict=True)):
        return 0
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    for key in record:
        record[key][:] = rows[key]
    return epoch


def _digest(depends_on: Iterable[np.ndarray | str]) -> str:
    digest = hashlib.sha256()
    for part in depends_on:
        if not isinstance(part, str):
            part = np.ascontiguousarray(part)
            digest.update(f"{part.shape} {part.dtype}".encode())
        digest.update(part.encode() if isinstance(part, str) else part.tobytes())
        digest.update(b"\0")
    return digest.hexdigest()[:16]
