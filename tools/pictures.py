"""Makes the pictures of the README: a contact sheet of drawn pets, and scenes with their boxes.

Usage: python tools/pictures.py
"""

from __future__ import annotations

import cv2
import numpy as np

from course_utils import runtime
from course_utils.data.rendering import draw_pets, draw_scenes
from course_utils.plotting import COLOURS

PLACE = runtime.SHIPPED / "pictures"
_ROWS, _COLUMNS = 5, 12
_SIDE = 96


def _sheet(pictures: list[np.ndarray], columns: int) -> np.ndarray:
    """Lay pictures of one size side by side, row after row, with a white line between them."""
    framed = [
        cv2.copyMakeBorder(p, 0, 2, 0, 2, cv2.BORDER_CONSTANT, value=[255] * 3) for p in pictures
    ]
    rows = [np.hstack(framed[i : i + columns]) for i in range(0, len(framed), columns)]
    return np.vstack(rows)


def _colour(name: str) -> tuple[int, ...]:
    return tuple(int(name[i : i + 2], 16) for i in (1, 3, 5))


def _annotated(
    image: np.ndarray, trimap: np.ndarray, boxes: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    """Draw the trimap's border in yellow and each pet's box in its species' colour."""
    scale = 2
    shown = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    border = cv2.resize((trimap == 3).astype(np.float32), None, fx=scale, fy=scale)
    shown = np.round(shown + 0.8 * border[..., None] * (np.array(_colour(COLOURS[7])) - shown))
    shown = np.ascontiguousarray(shown.astype(np.uint8))
    for box, label in zip(boxes, labels, strict=True):
        x1, y1, x2, y2 = (round(scale * float(v)) for v in box)
        cv2.rectangle(shown, (x1, y1), (x2 - 1, y2 - 1), _colour(COLOURS[label]), 2)
    return shown


def _save(name: str, picture: np.ndarray) -> None:
    path = PLACE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    print(f"{path.relative_to(runtime.HOUSE)}: {picture.shape[1]}×{picture.shape[0]} pixels")


def main() -> None:
    """Make both pictures."""
    pets = draw_pets("train", _ROWS * _COLUMNS, _SIDE, seed=0)
    _save("pets.jpg", _sheet(list(pets.images), _COLUMNS))
    scenes = draw_scenes("test", 12, 2 * _SIDE, seed=1)
    rows = zip(scenes.images, scenes.trimaps, scenes.boxes, scenes.labels, strict=True)
    _save("scenes.jpg", _sheet([_annotated(*row) for row in rows], 6))


if __name__ == "__main__":
    main()
