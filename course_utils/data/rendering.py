"""The drawn world as data sets: rendered by several processes, kept in the cache.

Picture number i of a split is drawn from its own child of the seed, so that neither the number of
processes nor the number of pictures changes a byte of it.
"""

from __future__ import annotations

import collections
import contextlib
import json
import os
import pickle
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
_Block = tuple[int, int]  # from this picture to before that one


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
    from course_utils.progress import Bar

    if count < _FEW:
        return _stack(_draw(**job, start=0, stop=count))
    blocks = [(start, min(start + _BLOCK, count)) for start in range(0, count, _BLOCK)]
    drawn: dict[str, np.ndarray] = {}
    with Bar(count, f"Drawing {count} {job['kind']}s") as bar:
        for (start, stop), block in _in_processes(job, blocks):
            for key, rows in block.items():
                if key not in drawn:
                    drawn[key] = np.empty((count, *rows.shape[1:]), rows.dtype)
                drawn[key][start:stop] = rows
            bar.update(stop - start)
    return drawn


def _in_processes(job: dict, blocks: list[_Block]) -> Iterator[tuple[_Block, dict]]:
    """Yield each block's pictures as they come from a process a core.

    They are new processes, since a fork after TensorFlow has run hangs.
    """
    left: queue.SimpleQueue[_Block] = queue.SimpleQueue()
    for block in blocks:
        left.put(block)
    done: queue.SimpleQueue = queue.SimpleQueue()

    def run() -> None:
        try:
            _one_process(job, left, done)
        except Exception as error:
            done.put(error)

    workers = min(os.cpu_count() or 1, 8, len(blocks))
    threads = [threading.Thread(target=run) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        for _ in blocks:
            result = done.get()
            if isinstance(result, Exception):
                raise result
            yield result
    except BaseException:
        while _next(left):  # so that the others stop too
            pass
        for thread in threads:
            thread.join()
        raise


def _next(left: queue.SimpleQueue) -> _Block | None:
    with contextlib.suppress(queue.Empty):
        return left.get_nowait()


def _one_process(job: dict, left: queue.SimpleQueue, done: queue.SimpleQueue) -> None:
    """Give a new process a block of pictures at a time, so that a slow core is given fewer."""
    command = [sys.executable, "-m", "course_utils.data.rendering", json.dumps(job)]
    told: collections.deque[_Block] = collections.deque()
    with tempfile.TemporaryFile() as said:
        given = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": said}
        try:
            with subprocess.Popen(command, **given) as process:
                while True:
                    # a second block lies ready while the first is drawn
                    while len(told) < 2 and (block := _next(left)):
                        process.stdin.write(b"%d %d\n" % block)
                        process.stdin.flush()
                        told.append(block)
                    if not told:
                        break
                    done.put((told.popleft(), pickle.load(process.stdout)))
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            said.seek(0)
            last = said.read().decode(errors="replace").splitlines()[-3:]
            why = " ".join(last) or "its process ended without a word."
            raise RuntimeError(f"Drawing stopped: {why}") from error


def _draw(kind: str, split: str, size: int, seed: int, start: int, stop: int) -> Iterator[dict]:
    from course_utils.data import drawing

    draw = {"pet": drawing.draw_pet, "scene": drawing.draw_scene}[kind]
    for i in range(start, stop):
        child = np.random.SeedSequence(seed, spawn_key=(_SPLITS.index(split), i))
        yield draw(drawing.PictureRandom(np.random.PCG64(child)), split, size)


def _stack(pictures: Iterable[dict]) -> dict[str, np.ndarray]:
    rows = list(pictures)
    return {key: np.stack([row[key] for row in rows]) for key in rows[0]}


def _worker() -> None:
    import cv2

    cv2.setNumThreads(1)  # one process a core already
    job = json.loads(sys.argv[1])
    for line in sys.stdin:
        start, stop = map(int, line.split())
        pickle.dump(_stack(_draw(**job, start=start, stop=stop)), sys.stdout.buffer, protocol=5)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _worker()
