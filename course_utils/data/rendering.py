"""The drawn world as data sets: rendered by several processes, kept in the cache.

Picture number i of a split is drawn from its own child of the seed, so that neither the number of
processes nor the number of pictures changes a byte of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator

import numpy as np

from course_utils.data.cache import cached_arrays
from course_utils.data.records import SPECIES, Pets, Scenes

# raised whenever drawing changes, so that no cache of older pictures is read
VERSION = 5
_SPLITS = ("train", "test")
_FEW = 200  # fewer are drawn sooner than a process starts
_BLOCK = 25  # pictures that a process is given at a time
_Part = tuple[list[tuple[int, int]], dict[str, np.ndarray]]  # blocks, and their pictures


def draw_pets(split: str, count: int, size: int, seed: int) -> Pets:
    """Return `count` drawn pets of `size` pixels, from the cache where they were drawn before.

    Parameters
    ----------
    split : str
        ``"train"`` or ``"test"``: other pets, in front of other photographs.
    count : int
    size : int
        Side of a picture in pixels.
    seed : int

    Returns
    -------
    Pets
    """
    from course_utils.data.drawing import BREED_NAMES

    drawn = _render("pet", split, count, size, seed)
    return Pets(
        images=drawn["image"],
        species=drawn["species"],
        breed=drawn["breed"],
        head_box=drawn["head_box"],
        trimap=drawn["trimap"],
        keypoints=drawn["keypoints"],
        breed_names=BREED_NAMES,
        source="drawn",
    )


def draw_scenes(split: str, count: int, size: int, seed: int) -> Scenes:
    """Return `count` drawn scenes with one to four pets; parameters as `draw_pets`."""
    drawn = _render("scene", split, count, size, seed)
    present = drawn["labels"] >= 0
    return Scenes(
        images=list(drawn["image"]),
        boxes=[boxes[here] for boxes, here in zip(drawn["boxes"], present, strict=True)],
        labels=[labels[here] for labels, here in zip(drawn["labels"], present, strict=True)],
        trimaps=list(drawn["trimap"]),
        class_names=SPECIES,
        source="drawn",
    )


def _render(kind: str, split: str, count: int, size: int, seed: int) -> dict[str, np.ndarray]:
    if split not in _SPLITS:
        raise ValueError(f"The split is {split!r}; it can be 'train' or 'test'.")
    job = {"kind": kind, "split": split, "size": size, "seed": seed}
    name = f"{kind}s-{split}-{count}-{size}px-seed{seed}-v{VERSION}"
    return cached_arrays(name, lambda: _draw_all(job, count))


def _draw_all(job: dict, count: int) -> dict[str, np.ndarray]:
    if count < _FEW:
        return _stack(_draw(**job, start=0, stop=count))
    blocks = [(start, min(start + _BLOCK, count)) for start in range(0, count, _BLOCK)]
    parts = _in_processes(job, blocks, count)
    drawn = {}
    for key, first in parts[0][1].items():
        drawn[key] = np.empty((count, *first.shape[1:]), first.dtype)
        for own, arrays in parts:
            drawn[key][np.concatenate([np.arange(*block) for block in own])] = arrays[key]
    return drawn


def _in_processes(job: dict, blocks: list[tuple[int, int]], count: int) -> list[_Part]:
    """Run a process a core; they are new ones, since a fork after TensorFlow has run hangs."""
    from course_utils.progress import Bar

    workers = min(os.cpu_count() or 1, 8, len(blocks))
    left: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
    for block in blocks[workers:]:
        left.put(block)
    signs: queue.SimpleQueue[int] = queue.SimpleQueue()
    results: list = [None] * workers

    def run(place: int) -> None:
        try:
            results[place] = _one_process(job, blocks[place], left, signs)
        except Exception as error:
            results[place] = error
        signs.put(-1)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(workers)]
    for thread in threads:
        thread.start()
    ended = 0
    with Bar(count, f"Drawing {count} {job['kind']}s") as bar:
        while ended < workers:
            sign = signs.get()
            ended += sign < 0
            bar.update(max(sign, 0))
    for result in results:
        if isinstance(result, Exception):
            raise result
    return results


def _one_process(
    job: dict, first: tuple[int, int], left: queue.SimpleQueue, signs: queue.SimpleQueue
) -> _Part:
    """Give a new process a block of pictures at a time, so that a slow core is given fewer."""
    own = [first]
    said: list[str] = []
    command = [sys.executable, "-m", "course_utils.data.rendering", json.dumps(job)]
    given = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with tempfile.TemporaryFile() as held:
        with subprocess.Popen(command, stdout=held, **given) as process:
            _tell(process, first)
            for line in process.stderr:
                if line != "\n":
                    said.append(line)
                    continue
                signs.put(own[-1][1] - own[-1][0])
                try:
                    own.append(left.get_nowait())
                    _tell(process, own[-1])
                except queue.Empty:
                    process.stdin.close()
        if process.returncode != 0:
            raise RuntimeError(f"Drawing stopped: {''.join(said[-3:]).strip()}")
        held.seek(0)
        return own, {str(key): np.load(held) for key in np.load(held)}


def _tell(process: subprocess.Popen, block: tuple[int, int]) -> None:
    with contextlib.suppress(BrokenPipeError):  # what it died of is told when it is waited for
        print(*block, file=process.stdin, flush=True)


def _draw(kind: str, split: str, size: int, seed: int, start: int, stop: int) -> Iterator[dict]:
    from course_utils.data import drawing

    draw = {"pet": drawing.draw_pet, "scene": drawing.draw_scene}[kind]
    for i in range(start, stop):
        child = np.random.SeedSequence(seed, spawn_key=(_SPLITS.index(split), i))
        yield draw(np.random.default_rng(child), split, size)


def _stack(pictures: Iterable[dict]) -> dict[str, np.ndarray]:
    rows = list(pictures)
    return {key: np.stack([row[key] for row in rows]) for key in rows[0]}


def _worker() -> None:
    import cv2

    cv2.setNumThreads(1)  # one process a core already
    job = json.loads(sys.argv[1])
    rows: list[dict] = []
    for line in sys.stdin:
        start, stop = map(int, line.split())
        rows += _draw(**job, start=start, stop=stop)
        print(file=sys.stderr, flush=True)
    arrays = _stack(rows)
    np.save(sys.stdout.buffer, list(arrays))  # the names; then the arrays, one behind the other
    for array in arrays.values():
        np.save(sys.stdout.buffer, array)


if __name__ == "__main__":
    _worker()
