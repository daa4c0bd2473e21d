"""Settings, made-up pictures and the real folders for the tests of the data."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from course_utils import runtime

REAL = runtime.HOUSE.parent / "shared" / "real"


def use(
    monkeypatch: pytest.MonkeyPatch, data: Path, source: object = "drawn", seed: int = 0
) -> None:
    """Set the source and the cache as a learner does, by environment variables."""
    monkeypatch.setattr(runtime, "_current", None)
    monkeypatch.setenv("COURSE_SOURCE", str(source))
    monkeypatch.setenv("COURSE_DATA", str(data))
    monkeypatch.setenv("COURSE_SEED", str(seed))


def real(name: str) -> Path:
    """Return a folder of real data, or skip the test by that name."""
    if not (REAL / name).is_dir():
        pytest.skip(f"the real folder {name} is not on this machine")
    return REAL / name


def picture(seed: int, height: int = 30, width: int = 40) -> np.ndarray:
    """Make up a smooth colour picture, uint8 RGB, that JPEG keeps well."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def save(path: Path, image: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    ending = path.suffix if path.suffix in (".png", ".jpg") else ".jpg"
    path.write_bytes(encoded(image, ending))
    return path


def encoded(image: np.ndarray, ending: str = ".jpg") -> bytes:
    colour = image[..., ::-1] if image.ndim == 3 else image
    return cv2.imencode(ending, np.ascontiguousarray(colour))[1].tobytes()


def python(code: str, *arguments: object) -> subprocess.Popen:
    """Start Python code in a process of its own that says a line when its work begins."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )
