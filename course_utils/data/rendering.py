"""The drawn world as data sets: rendered by several processes, kept in the cache.

Picture number i of a split is drawn from its own child of the seed, so that neither the number of
processes nor the number of pictures changes a byte of it.
"""

from __future__ import annotations

import itertools
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator

import numpy as np

from course_utils.data.cache import cached_arrays
from course_utils.data.records import SPECIES, Pets, Scenes

# raised whenever drawing changes, so that no cache of older pictures is read
VERSION = 5
_SPLITS = ("train", "test")
_FEW = 200  # fewer are drawn sooner than a process starts
_STRIDE = 25  # pictures between two signs of life


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
    workers = min(os.cpu_count() or 1, 8)
    bounds = np.linspace(0, count, workers + 1).astype(int).tolist()
    jobs = [job | {"start": a, "stop": b} for a, b in itertools.pairwise(bounds)]
    parts = _in_processes(jobs, count, f"Drawing {count} {job['kind']}s")
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def _in_processes(jobs: list[dict], count: int, label: str) -> list[dict[str, np.ndarray]]:
    """Run one process a job; they are new ones, since a fork after TensorFlow has run hangs."""
    from course_utils.progress import Bar

    signs: queue.Queue[int] = queue.Queue()
    results: list = [None] * len(jobs)

    def run(place: int) -> None:
        try:
            results[place] = _one_process(jobs[place], signs)
        except Exception as error:
            results[place] = error
        signs.put(-1)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(jobs))]
    for thread in threads:
        thread.start()
    ended = 0
    with Bar(count, label) as bar:
        while ended < len(jobs):
            sign = signs.get()
            ended += sign < 0
            bar.update(max(sign, 0))
    for result in results:
        if isinstance(result, Exception):
            raise result
    return results


def _one_process(job: dict, signs: queue.Queue[int]) -> dict[str, np.ndarray]:
    command = [sys.executable, "-m", "course_utils.data.rendering", json.dumps(job)]
    with tempfile.TemporaryFile() as held:
        process = subprocess.Popen(command, stdout=held, stderr=subprocess.PIPE, text=True)
        said = []
        for line in process.stderr:
            if line == "\n":
                signs.put(_STRIDE)
            else:
                said.append(line)
        if process.wait() != 0:
            raise RuntimeError(f"Drawing stopped: {''.join(said[-3:]).strip()}")
        held.seek(0)
        signs.put((job["stop"] - job["start"]) % _STRIDE)
        return {str(key): np.load(held) for key in np.load(held)}


def _draw(kind: str, split: str, size: int, seed: int, start: int, stop: int) -> Iterator[dict]:
    from course_utils.data import drawing

    draw = {"pet": drawing.draw_pet, "scene": drawing.draw_scene}[kind]
    for i in range(start, stop):
        child = np.random.SeedSequence(seed, spawn_key=(_SPLITS.index(split), i))
        yield draw(np.random.default_rng(child), split, size)


def _stack(pictures: Iterator[dict]) -> dict[str, np.ndarray]:
    rows = list(pictures)
    return {key: np.stack([row[key] for row in rows]) for key in rows[0]}


def _worker() -> None:
    import cv2

    cv2.setNumThreads(1)  # one process a core already

    def with_signs(pictures: Iterator[dict]) -> Iterator[dict]:
        for done, picture in enumerate(pictures, start=1):
            if done % _STRIDE == 0:
                print(file=sys.stderr, flush=True)
            yield picture

    arrays = _stack(with_signs(_draw(**json.loads(sys.argv[1]))))
    np.save(sys.stdout.buffer, list(arrays))  # the names; then the arrays, one behind the other
    for array in arrays.values():
        np.save(sys.stdout.buffer, array)


if __name__ == "__main__":
    _worker()
