"""What every source of data returns: pets, scenes of several pets, single objects, digits."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

SPECIES = ("cat", "dog")
KEYPOINTS = ("left eye", "right eye", "nose", "left ear", "right ear")


@dataclasses.dataclass(frozen=True)
class Pets:
    """Pictures with one pet each; what a source lacks is None.

    Attributes
    ----------
    images : array (N, H, W, 3) uint8
        RGB. An array in memory, or for a large folder one on disk that is read when indexed.
    species : array (N,) int32
        0 cat, 1 dog: an index into `species_names`.
    breed : array (N,) int32 or None
        An index into `breed_names`.
    head_box : array (N, 4) float32 or None
        (x1, y1, x2, y2) in pixels of `images`; NaN where one picture lacks it.
    trimap : array (N, H, W) uint8 or None
        1 pet, 2 background, 3 border; 0 where one picture lacks it.
    keypoints : array (N, 5, 2) float32 or None
        (x, y) in pixels of `KEYPOINTS`; left and right as seen in the picture; NaN where hidden.
    source : str
        Where the pictures come from, in words.
    """

    images: Any
    species: np.ndarray
    breed: np.ndarray | None = None
    head_box: np.ndarray | None = None
    trimap: Any = None
    keypoints: np.ndarray | None = None
    species_names: tuple[str, ...] = SPECIES
    breed_names: tuple[str, ...] = ()
    source: str = ""

    def __len__(self) -> int:
        return len(self.species)

    def take(self, chosen: np.ndarray | slice) -> Pets:
        """Return the pets at `chosen` (indices, a mask or a slice), in memory."""
        columns = ("images", "species", "breed", "head_box", "trimap", "keypoints")
        values = {name: getattr(self, name) for name in columns}
        picked = {k: v if v is None else v[chosen] for k, v in values.items()}
        return dataclasses.replace(self, **picked)


@dataclasses.dataclass(frozen=True)
class Scenes:
    """Pictures with any number of objects each.

    Attributes
    ----------
    images : list of arrays (H, W, 3) uint8
        RGB, of one size for drawn scenes, of their own for photographs.
    boxes : list of arrays (K, 4) float32
        (x1, y1, x2, y2) in pixels.
    labels : list of arrays (K,) int32
        An index into `class_names`.
    trimaps : list of arrays (H, W) uint8, or None
        1 pet, 2 background, 3 border.
    source : str
        Where the pictures come from, in words.
    """

    images: list[np.ndarray]
    boxes: list[np.ndarray]
    labels: list[np.ndarray]
    trimaps: list[np.ndarray] | None = None
    class_names: tuple[str, ...] = SPECIES
    source: str = ""

    def __len__(self) -> int:
        return len(self.images)


@dataclasses.dataclass(frozen=True)
class Objects:
    """Pictures with one object each.

    Attributes
    ----------
    images : array (N, H, W, 3) uint8
        RGB.
    labels : array (N,) int32
        An index into `class_names`.
    boxes : array (N, 4) float32
        (x1, y1, x2, y2) in pixels.
    source : str
        Where the pictures come from, in words.
    """

    images: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray
    class_names: tuple[str, ...] = SPECIES
    source: str = ""

    def __len__(self) -> int:
        return len(self.labels)


@dataclasses.dataclass(frozen=True)
class Digits:
    """Handwritten digits.

    Attributes
    ----------
    images : array (N, H, W) uint8
        Bright ink on black.
    labels : array (N,) int32
        0 to 9.
    source : str
        Where the pictures come from, in words.
    """

    images: np.ndarray
    labels: np.ndarray
    source: str = ""

    def __len__(self) -> int:
        return len(self.labels)
