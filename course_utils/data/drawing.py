"""Draws cats and dogs in front of photographs, one picture from one random generator.

Imports NumPy and OpenCV alone, so that a rendering process starts quickly. A pet is built in
units of its head's radius, x to the right, y down, z towards the viewer; the head's features lie
on a solid that is turned before it is projected. Both species share all colours, poses and
backgrounds; what tells them apart is their shape: ears, muzzle, eyes, nose, tail.
"""

from __future__ import annotations

import bisect
import dataclasses
import functools
import math

import cv2
import numpy as np

from course_utils.data.photos import load_photo
from course_utils.data.records import KEYPOINTS

BREEDS = (
    ("tabby", "siamese", "persian", "calico", "lynx cat"),
    ("retriever", "beagle", "shepherd", "dalmatian", "pug"),
)
BREED_NAMES = BREEDS[0] + BREEDS[1]

# train and test share no photograph; none shows a cat, a dog or a person
BACKGROUNDS = {
    "train": ("china", "coffee", "motorcycle", "brick", "grass"),
    "test": ("flower", "rocket", "gravel", "hubble_deep_field"),
}

Colour = tuple[float, float, float]  # red, green, blue, 0 to 255

_COATS = (
    (52, 48, 52),  # black
    (104, 104, 112),  # grey
    (176, 176, 184),  # silver
    (240, 236, 228),  # white
    (232, 206, 164),  # cream
    (214, 140, 72),  # ginger
    (134, 90, 58),  # brown
    (92, 64, 50),  # chocolate
    (200, 164, 120),  # fawn
)
_IRISES = ((150, 190, 80), (226, 176, 60), (110, 170, 220), (190, 110, 50), (110, 70, 40))
# colours of grass, brick, sand, slate and moss for the photographs that are grey
_EARTH = np.array(
    [(0.9, 1.2, 0.6), (1.3, 0.85, 0.7), (1.25, 1.1, 0.8), (0.85, 0.95, 1.2), (1, 1, 1)]
)
_POSES = ("portrait", "sitting", "standing", "lying")
_POSES_UP_TO = (0.5, 0.7, 0.85, 1.0)  # half are portraits, a fifth sit, the rest stand or lie
_BLACK = (0, 0, 0)
_PINK = (226, 150, 150)
_DARK = (38, 32, 34)
_SHIFT = 4  # OpenCV's fixed-point bits: vertices at sixteenths of a pixel


class PictureRandom(np.random.Generator):
    """NumPy's generator, with a quicker way to a single number between two others."""

    def uniform(self, low: float, high: float, size: object = None) -> float | np.ndarray:
        """Return what NumPy's `uniform` returns."""
        if size is None:
            return low + (high - low) * self.random()
        return super().uniform(low, high, size)


@dataclasses.dataclass(frozen=True)
class _Look:
    """What makes a breed: shapes in head radii."""

    ear: str  # "pricked", "floppy" or "folded"
    ear_tip: tuple[float, float]
    ear_width: float
    head: tuple[float, float]  # half width and half height
    muzzle: tuple[float, float, float]  # half width, half height, how far it stands out
    eye: tuple[float, float]  # half width and half height
    fluff: float  # raggedness of the outline
    pattern: str
    slit: bool  # pupils of a cat


_LOOKS = {
    "tabby": _Look("pricked", (0.72, -1.28), 0.42, (1.0, 0.86), (0.34, 0.24, 0.22), (0.23, 0.19), 0.02, "stripes", True),
    "siamese": _Look("pricked", (0.92, -1.30), 0.50, (0.86, 0.86), (0.30, 0.24, 0.28), (0.23, 0.16), 0.01, "points", True),
    "persian": _Look("pricked", (0.76, -0.98), 0.30, (1.12, 0.92), (0.36, 0.22, 0.10), (0.26, 0.24), 0.06, "plain", True),
    "calico": _Look("pricked", (0.70, -1.20), 0.40, (1.0, 0.86), (0.34, 0.24, 0.20), (0.23, 0.20), 0.02, "patches", True),
    "lynx cat": _Look("pricked", (0.66, -1.46), 0.38, (1.04, 0.88), (0.38, 0.28, 0.28), (0.21, 0.16), 0.07, "mask", True),
    "retriever": _Look("floppy", (1.02, 0.42), 0.36, (0.88, 0.92), (0.46, 0.44, 0.55), (0.15, 0.15), 0.03, "plain", False),
    "beagle": _Look("floppy", (1.08, 0.78), 0.42, (0.84, 0.90), (0.42, 0.42, 0.55), (0.17, 0.17), 0.01, "patches", False),
    "shepherd": _Look("pricked", (0.60, -1.42), 0.34, (0.84, 0.92), (0.40, 0.50, 0.70), (0.15, 0.13), 0.03, "mask", False),
    "dalmatian": _Look("floppy", (1.0, 0.26), 0.32, (0.84, 0.94), (0.42, 0.46, 0.55), (0.15, 0.15), 0.01, "spots", False),
    "pug": _Look("folded", (0.98, -0.20), 0.34, (0.98, 0.90), (0.50, 0.34, 0.22), (0.20, 0.20), 0.01, "points", False),
}  # fmt: skip


@dataclasses.dataclass
class PetParts:
    """Where a painted pet is, in pixels of its canvas.

    Attributes
    ----------
    mask : array (H, W) float32
        Cover in [0, 1].
    head_points : array (K, 2) float64
        Outlines of head, ears and muzzle.
    keypoints : array (5, 2) float64
        As `records.KEYPOINTS`; NaN where turned away.
    """

    mask: np.ndarray
    head_points: np.ndarray
    keypoints: np.ndarray


def draw_pet(rng: np.random.Generator, split: str, size: int) -> dict[str, np.ndarray]:
    """Draw one pet in front of a photograph.

    Parameters
    ----------
    rng : Generator
        The only source of chance.
    split : str
        ``"train"`` or ``"test"``: which photographs lie behind.
    size : int
        Side of the picture in pixels.

    Returns
    -------
    dict
        ``image`` (size, size, 3) uint8, ``species`` and ``breed`` int, ``head_box`` (4,) float32,
        ``trimap`` (size, size) uint8, ``keypoints`` (5, 2) float32; boxes and points in pixels.
    """
    side = _canvas_side(size)
    species = int(rng.integers(2))
    breed = int(rng.integers(len(BREEDS[species])))
    canvas = _background(rng, split, side)
    light = _light_direction(rng)
    pose = _POSES[bisect.bisect_right(_POSES_UP_TO, rng.random())]
    radius, centre = _placement(rng, pose)
    parts = _paint_pet(
        canvas, rng, BREEDS[species][breed], pose, radius * side, centre * side, light
    )
    if rng.random() < 0.3:
        _occlude(canvas, parts, rng, split)
    ratio = size / side
    # a canvas pixel's centre lies at a whole number, a corner of the picture at -0.5
    keypoints = ((parts.keypoints + 0.5) * ratio - 0.5).astype(np.float32)
    for i, (x, y) in enumerate(keypoints.tolist()):
        if not (-0.5 < x < size - 0.5 and -0.5 < y < size - 0.5):
            keypoints[i] = np.nan
    return {
        "image": _develop(canvas, rng, size),
        "species": np.int32(species),
        "breed": np.int32(breed + species * len(BREEDS[0])),
        "head_box": _box_of(parts.head_points * ratio, size),
        "trimap": _trimap(parts.mask, size),
        "keypoints": keypoints,
    }


def draw_scene(rng: np.random.Generator, split: str, size: int) -> dict[str, np.ndarray]:
    """Draw one to four pets in front of a photograph; nearer ones may cover others in part.

    Returns
    -------
    dict
        ``image`` (size, size, 3) uint8, ``boxes`` (4, 4) float32 around what is visible of each
        pet, ``labels`` (4,) int32 with -1 where there are fewer, ``trimap`` (size, size) uint8.
    """
    side = _canvas_side(size)
    canvas = _background(rng, split, side)
    light = _light_direction(rng)
    radii = np.sort(rng.uniform(0.075, 0.16, rng.integers(1, 5)))  # the farthest first
    masks: list[np.ndarray] = []
    labels: list[int] = []
    taken: list[np.ndarray] = []
    for radius in radii:
        pose = str(rng.choice(("sitting", "standing", "lying")))
        species = int(rng.integers(2))
        breed = BREEDS[species][rng.integers(len(BREEDS[species]))]
        centre = _free_place(rng, pose, radius, taken)
        if centre is None:
            continue
        parts = _paint_pet(canvas, rng, breed, pose, radius * side, centre * side, light)
        masks = [mask * (1 - parts.mask) for mask in masks] + [parts.mask]
        labels.append(species)
    boxes = np.zeros((4, 4), np.float32)
    found = np.full(4, -1, np.int32)
    for i, mask in enumerate(masks):
        rows, columns = np.nonzero(mask > 0.5)
        points = np.stack([columns, rows], axis=1)
        boxes[i] = _box_of((np.concatenate([points, points + 1])) * (size / side), size)
        found[i] = labels[i]
    return {
        "image": _develop(canvas, rng, size),
        "boxes": boxes,
        "labels": found,
        "trimap": _trimap(np.max(masks, axis=0), size),
    }


def _canvas_side(size: int) -> int:
    return max(2 * size, 96)


def _light_direction(rng: np.random.Generator) -> np.ndarray:
    x, y = rng.uniform(-0.7, 0.7), rng.uniform(-0.9, -0.2)
    return np.array([x, y, 1.0]) / math.sqrt(x * x + y * y + 1)


def _placement(rng: np.random.Generator, pose: str) -> tuple[float, np.ndarray]:
    """Choose the head's radius and centre, as shares of the picture."""
    if pose == "portrait":
        return rng.uniform(0.22, 0.32), np.array([rng.uniform(0.38, 0.62), rng.uniform(0.42, 0.55)])
    radius = rng.uniform(0.155, 0.205)
    if pose == "sitting":
        return radius, np.array([rng.uniform(0.33, 0.67), rng.uniform(0.28, 0.40)])
    if pose == "standing":
        return radius * 0.95, np.array([rng.uniform(0.3, 0.7), rng.uniform(0.32, 0.52)])
    return radius, np.array([rng.uniform(0.3, 0.7), rng.uniform(0.42, 0.62)])


# half extents of a whole pet in head radii: left, up, right, down
_EXTENTS = {
    "sitting": (1.7, 1.4, 1.7, 3.5),
    "standing": (2.6, 1.4, 2.6, 3.0),
    "lying": (2.4, 1.4, 2.4, 1.9),
}


def _free_place(
    rng: np.random.Generator, pose: str, radius: float, taken: list[np.ndarray]
) -> np.ndarray | None:
    """Find a centre (shares of the picture) where a pet covers the others only in part."""
    left, up, right, down = (radius * e for e in _EXTENTS[pose])
    for _ in range(12):
        centre = rng.uniform(
            (0.8 * left, 1.05 * up), (max(1 - 0.8 * right, 0.81 * left), 1 - 0.75 * down), 2
        )
        box = np.array([centre[0] - left, centre[1] - up, centre[0] + right, centre[1] + down])
        if all(_shared(box, other) < 0.25 for other in taken):
            taken.append(box)
            return centre
    return None


def _shared(box: np.ndarray, other: np.ndarray) -> float:
    """Return the overlap's share of the smaller box."""
    sides = np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2])
    areas = [np.prod(b[2:] - b[:2]) for b in (box, other)]
    return float(np.prod(np.maximum(sides, 0)) / min(areas))


# --- the background -------------------------------------------------------------------------


_LEVELS = np.arange(256, dtype=np.float32)[:, None, None]  # of a photograph's channel


@functools.cache
def _photo(name: str) -> tuple[np.ndarray, bool]:
    """Return a photograph and whether it is grey."""
    photo = load_photo(name, size=400)
    return photo, bool((photo[..., 0] == photo[..., 2]).all())


def _background(rng: np.random.Generator, split: str, side: int) -> np.ndarray:
    """Cut, turn, tint and blur a piece of a photograph: (side, side, 3) float32 in 0..255."""
    photo, grey = _photo(BACKGROUNDS[split][rng.integers(len(BACKGROUNDS[split]))])
    height, width = photo.shape[:2]
    cut = int(min(height, width) * rng.uniform(0.35, 0.95))
    top, left = rng.integers(height - cut + 1), rng.integers(width - cut + 1)
    piece = cv2.resize(photo[top : top + cut, left : left + cut], (side, side))
    if rng.random() < 0.5:
        piece = cv2.flip(piece, 1)  # contiguous, which what follows is quicker with
    if rng.random() < 0.75:  # the lens is focused on the pet
        piece = _blur(piece, side * rng.uniform(0.008, 0.03))
    earth = _EARTH[rng.integers(len(_EARTH))]
    tint = rng.uniform(0.85, 1.15, 3) * rng.uniform(0.7, 1.2) * (earth if grey else 1.0)
    levels = _LEVELS * tint.astype(np.float32) + np.float32(rng.uniform(-20, 35))
    return cv2.LUT(piece, np.minimum(np.maximum(levels, 0), 255))


# --- the pet --------------------------------------------------------------------------------


def _circle(count: int) -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


# Outlines are (K, 3): x, y and a 1 that a shift is multiplied by, so that turning and moving them
# is a single product.
_CIRCLE = np.column_stack([_circle(28), np.ones(28)])
_FINE_CIRCLE = np.vstack([_circle(72).T, np.ones(72)])  # a row of x, one of y
_STRIPES = np.linspace(-0.9, 0.9, 6).tolist()
_TUFTS = np.tile((1.0, 0.2), 36)  # how far hairs stand out, one long and one short
_QUARTER_TURN = np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 0]])


def _ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> np.ndarray:
    """Return an ellipse's outline (28, 3), turned by `turn` radians."""
    cosine, sine = math.cos(turn), math.sin(turn)
    return _CIRCLE.dot(
        np.array(((rx * cosine, rx * sine, 0.0), (-ry * sine, ry * cosine, 0.0), (x, y, 1.0)))
    )


def _limb(points: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Return the outline of a thick curve through `points` (K, 3) with half `widths` (K,)."""
    along = _differences(len(points)).dot(points)
    along *= (widths / np.hypot(along[:, 0], along[:, 1]))[:, None]
    across = along.dot(_QUARTER_TURN)
    return np.concatenate([points + across, points[-1:] + along[-1:], (points - across)[::-1]])


@functools.cache
def _differences(count: int) -> np.ndarray:
    """Return the matrix that turns points into the way from the one before each to the next."""
    steps = np.eye(count, k=1) - np.eye(count, k=-1)
    steps[0, 0], steps[-1, -1] = -1, 1
    return steps


def _path(*points: tuple[float, float]) -> np.ndarray:
    """Return points (K, 3) from their x and y."""
    return np.array([(x, y, 1.0) for x, y in points])


def _curve(
    start: tuple[float, float],
    bend: tuple[float, float],
    end: tuple[float, float],
    count: int = 10,
) -> np.ndarray:
    """Return a quadratic Bézier curve (count, 3) from `start` towards `bend` to `end`."""
    return _bezier_weights(count).dot(np.array(((*start, 1.0), (*bend, 1.0), (*end, 1.0))))


@functools.cache
def _bezier_weights(count: int) -> np.ndarray:
    t = np.linspace(0, 1, count)
    return np.stack([(1 - t) ** 2, 2 * t * (1 - t), t**2], axis=1)


_LIT_SIDE = 48


@functools.cache
def _sphere_normals() -> np.ndarray:
    """Return a half sphere's normals (3, 48 · 48), a little beyond its rim."""
    axis = np.linspace(-1, 1, _LIT_SIDE, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    z = np.sqrt(np.maximum(1 - x**2 - y**2, 0.04))
    normals = np.stack([x, y, z], axis=-1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    return normals.reshape(-1, 3).T.astype(np.float64)


_FUR_SIDE = 256


@functools.cache
def _fur(side: int) -> np.ndarray:
    """Return fur around 1 as float32: fine noise, drawn out downwards.

    Square, and large enough for a cut of `side` pixels from anywhere in its first 256.
    """
    noise = np.random.default_rng(7).normal(size=(_FUR_SIDE, _FUR_SIDE)).astype(np.float32)
    noise = np.pad(noise, (0, side), mode="wrap")
    fine = cv2.GaussianBlur(noise, (0, 0), sigmaX=0.7, sigmaY=2.2)
    coarse = cv2.GaussianBlur(noise, (0, 0), sigmaX=5, sigmaY=9)
    return 1 + 0.07 * fine / fine.std() + 0.05 * coarse / coarse.std()


def _blur(picture: np.ndarray, sigma: float) -> np.ndarray:
    """Blur by a Gaussian; a wide one on a reduced picture, which is as good and quicker."""
    reduce = 1 << int(np.log2(max(sigma / 1.2, 1.0)))
    side = picture.shape[0] // reduce
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(sigma / reduce, 0.5))
    return cv2.resize(small, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def _thrice(plane: np.ndarray) -> np.ndarray:
    """Return (H, W) as three equal channels: quicker than to broadcast over a last axis of 3."""
    return cv2.merge((plane, plane, plane))


class _Painter:
    """Paints a pet's parts, back to front, into a colour layer, a cover and a shading."""

    def __init__(self, side: int, radius: float, origin: np.ndarray, light: np.ndarray) -> None:
        self.side, self.radius, self.origin = side, radius, origin
        self._to_pixels = np.array([(radius, 0.0), (0.0, radius), origin])
        self._to_fixed = self._to_pixels * (1 << _SHIFT)
        self.colour = np.zeros((side, side, 3), np.uint8)
        self.cover = np.zeros((side, side), np.uint8)
        self.shade = np.full((side, side), 0.85, np.float32)
        self.outlines: list[np.ndarray] = []  # of the solid parts, in head radii
        self._scratch = np.zeros((side, side), np.uint8)
        lit = 0.62 + 0.5 * np.maximum(light.dot(_sphere_normals()), 0)
        self._lit = lit.astype(np.float32).reshape(_LIT_SIDE, _LIT_SIDE)
        self._warp = np.zeros((2, 3))

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Turn points (K, 3) in head radii into canvas pixels (K, 2)."""
        return points.dot(self._to_pixels)

    def flat(self, points: np.ndarray, colour: Colour) -> None:
        """Paint a flat part that lies on the pet (it adds nothing to the cover)."""
        cv2.fillPoly(self.colour, [self._fixed(points)], colour, cv2.LINE_AA, _SHIFT)

    def solid(
        self,
        points: np.ndarray,
        colour: Colour,
        ellipse: tuple[float, float, float, float] | None = None,
        dim: float = 1.0,
    ) -> None:
        """Paint a part of the pet's body, shaded like an ellipsoid over `ellipse`."""
        self.outlines.append(points)
        fixed = self._fixed(points)
        cv2.fillPoly(self.colour, [fixed], colour, cv2.LINE_AA, _SHIFT)
        cv2.fillPoly(self.cover, [fixed], 255, cv2.LINE_AA, _SHIFT)
        if ellipse is None:
            left, top, width, height = cv2.boundingRect(fixed)
            rx, ry = 0.515 * width / (1 << _SHIFT), 0.515 * height / (1 << _SHIFT)
            x, y = (left + 0.5 * width) / (1 << _SHIFT), (top + 0.5 * height) / (1 << _SHIFT)
        else:
            x, y = self.pixels(np.array((*ellipse[:2], 1.0))).tolist()
            rx, ry = ellipse[2] * self.radius * 1.03, ellipse[3] * self.radius * 1.03
        x1, y1 = max(int(x - rx), 0), max(int(y - ry), 0)
        x2, y2 = min(int(x + rx) + 2, self.side), min(int(y + ry) + 2, self.side)
        if x2 <= x1 or y2 <= y1:
            return
        scratch = self._scratch[y1:y2, x1:x2]
        scratch.fill(0)
        corner = (-x1 << _SHIFT, -y1 << _SHIFT)
        cv2.fillPoly(scratch, [fixed], 255, shift=_SHIFT, offset=corner)
        warp = self._warp
        warp[0, 0], warp[1, 1] = across, down = 47 / (2 * rx), 47 / (2 * ry)
        warp[0, 2], warp[1, 2] = (x1 - x + rx) * across, (y1 - y + ry) * down
        lit = cv2.warpAffine(
            self._lit,
            warp,
            (x2 - x1, y2 - y1),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        if dim != 1.0:
            lit *= dim
        cv2.copyTo(lit, scratch, self.shade[y1:y2, x1:x2])

    def line(self, points: np.ndarray, width: float, colour: Colour) -> None:
        """Draw a thin line on the pet; `width` in head radii."""
        thick = max(1, round(width * self.radius))
        fixed = self._fixed(points)
        cv2.polylines(self.colour, [fixed], False, colour, thick, cv2.LINE_AA, _SHIFT)

    def clipped(self, before: np.ndarray, points: np.ndarray) -> None:
        """Keep what was painted since `before` only inside `points`."""
        self._scratch[:] = 0
        cv2.fillPoly(self._scratch, [self._fixed(points)], 255, shift=_SHIFT)
        cv2.copyTo(before, cv2.bitwise_not(self._scratch), self.colour)

    def _fixed(self, points: np.ndarray) -> np.ndarray:
        fixed = points.dot(self._to_fixed)
        return np.rint(fixed, fixed).astype(np.int32)


def _mix(colour: Colour, other: Colour, share: float) -> Colour:
    """Return `share` of `colour` and the rest of `other`."""
    rest = 1 - share
    (r, g, b), (r2, g2, b2) = colour, other
    return share * r + rest * r2, share * g + rest * g2, share * b + rest * b2


@dataclasses.dataclass
class _Coat:
    base: Colour
    second: Colour
    third: Colour
    belly: Colour
    iris: Colour


def _choose_coat(rng: np.random.Generator) -> _Coat:
    chosen = rng.permutation(len(_COATS))[:3].tolist()
    brighter = rng.uniform(0.9, 1.08, 3).tolist()
    base, second, third = (
        _mix(_COATS[k], _BLACK, share) for k, share in zip(chosen, brighter, strict=True)
    )
    brightness = sum(base) / 3
    if abs(brightness - sum(second) / 3) < 40:  # a pattern that can be seen
        if brightness > 120:
            second = _mix(second, _BLACK, 0.5)
        else:
            second = tuple(min(1.5 * part + 40, 245) for part in second)
    belly = _mix((246, 240, 230), base, (0.12, 0.5, 0.9)[rng.integers(3)])
    return _Coat(base, second, third, belly, _IRISES[rng.integers(len(_IRISES))])


def _paint_pet(
    canvas: np.ndarray,
    rng: np.random.Generator,
    breed: str,
    pose: str,
    radius: float,
    centre: np.ndarray,
    light: np.ndarray,
) -> PetParts:
    """Paint one pet onto `canvas` ((side, side, 3) float32, changed in place)."""
    look, coat = _LOOKS[breed], _choose_coat(rng)
    painter = _Painter(canvas.shape[0], radius, centre, light)
    _paint_body(painter, rng, look, coat, pose)
    points, keypoints = _paint_head(painter, rng, look, coat)
    cover = painter.cover.astype(np.float32) / 255
    top, left = rng.integers(_FUR_SIDE), rng.integers(_FUR_SIDE)
    fur = _fur(painter.side)[top : top + painter.side, left : left + painter.side]
    # the pet takes light away from what lies just behind and below it
    drop = np.float32([[1, 0, -light[0] * radius * 0.25], [0, 1, radius * 0.22]])
    shadow = _blur(cv2.warpAffine(cover, drop, cover.shape[::-1]), radius * 0.22)
    canvas *= _thrice(1 - 0.4 * shadow)
    left, top, width, height = cv2.boundingRect(painter.cover)
    here = np.s_[top : top + height, left : left + width]
    pet = painter.colour[here] * _thrice(painter.shade[here] * fur[here])
    pet -= canvas[here]
    pet *= _thrice(cover[here])
    canvas[here] += pet
    return PetParts(cover, points, keypoints)


# --- the body -------------------------------------------------------------------------------

# half widths along a limb, from where it joins to its end
_LEG, _FORELEG, _NECK, _ARM = (
    np.array(widths)
    for widths in ((0.3, 0.2, 0.17), (0.1, 0.23, 0.2), (0.5, 0.56, 0.6), (0.28, 0.22, 0.2))
)
_FLOPPY_EAR = np.array([0.45, 0.6, 0.75, 0.88, 0.98, 1.04, 1.05, 0.95, 0.6])
_TAPER = np.linspace(1.35, 0.45, 10)


def _paint_body(
    painter: _Painter, rng: np.random.Generator, look: _Look, coat: _Coat, pose: str
) -> None:
    dark_ends = look.pattern in ("points", "mask")
    limb = _mix(coat.base, coat.second, 0.55) if dark_ends else coat.base
    paw = coat.belly if rng.random() < 0.5 else limb
    flip = 1.0 if rng.random() < 0.5 else -1.0
    stout = rng.uniform(0.85, 1.15) * (1.1 if look.fluff > 0.05 else 1.0)

    mirror = np.array((flip, 1.0, 1.0))

    def side(points: np.ndarray) -> np.ndarray:
        return points * mirror

    if pose in ("portrait", "sitting"):
        torso = (0.0, 1.95, 0.92 * stout, 1.35)
        tail_root, haunch_y = (0.75, 2.9), 2.65
    elif pose == "standing":
        torso = (1.0, 1.15, 1.35, 0.66 * stout)
        tail_root, haunch_y = (2.25, 0.95), 0.0
    else:
        torso = (0.55, 1.0, 1.6, 0.74 * stout)
        tail_root, haunch_y = (2.0, 1.25), 0.0
    torso = (torso[0] * flip, *torso[1:])
    _paint_tail(painter, rng, look, limb, tail_root, flip, pose)
    if pose == "standing":
        for x, dim in ((1.95, 0.75), (0.15, 0.75), (2.1, 1.0), (0.4, 1.0)):
            sway = rng.uniform(-0.12, 0.12)
            leg = _limb(_path((x, 1.2), (x + sway, 2.0), (x + sway, 2.65)), _LEG)
            painter.solid(side(leg), limb, dim=dim)
            painter.solid(side(_ellipse(x + sway - 0.08, 2.72, 0.26, 0.16)), paw, dim=dim)
    if pose == "sitting":
        for x in (-0.72, 0.72):
            painter.solid(_ellipse(x * stout, haunch_y, 0.46, 0.62), coat.base, dim=0.92)
            painter.solid(_ellipse(x * stout * 1.08, 3.2, 0.36, 0.17), paw)
    outline = _ragged(rng, torso, look.fluff)
    painter.solid(outline, coat.base, torso)
    _paint_pattern(painter, rng, look, coat, outline, torso)
    if pose in ("portrait", "sitting"):
        painter.flat(_ellipse(0.0, 1.35, 0.46, 0.72), coat.belly)
        for x in (-0.34, 0.34):
            leg = _limb(_path((x * 1.2, 1.75), (x, 2.5), (x * 1.02, 3.1)), _FORELEG)
            painter.solid(leg, limb)
            painter.solid(_ellipse(x, 3.2, 0.27, 0.17), paw)
    elif pose == "standing":  # the neck joins head and back
        neck = _path((0.0, -0.2), (0.35, 0.5), (0.75, 1.05))
        painter.solid(side(_limb(neck, _NECK)), coat.base)
    else:
        for x in (-0.75, 0.15):
            arm = _limb(_path((x + 0.5, 1.3), (x + 0.1, 1.55), (x - 0.25, 1.6)), _ARM)
            painter.solid(side(arm), limb)
            painter.solid(side(_ellipse(x - 0.35, 1.62, 0.27, 0.18)), paw)
    if rng.random() < 0.3:  # a collar, for cats and dogs alike
        hue = np.uint8([[[rng.integers(180), 200, 210]]])
        colour = cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)[0, 0].tolist()
        painter.line(_curve((-0.62, 0.72), (0.0, 1.12), (0.62, 0.72)), 0.17, colour)
        painter.flat(_ellipse(0.0, 1.0, 0.11, 0.12), (236, 200, 90))


def _paint_tail(
    painter: _Painter,
    rng: np.random.Generator,
    look: _Look,
    colour: np.ndarray,
    root: tuple[float, float],
    flip: float,
    pose: str,
) -> None:
    x, y = root
    lift = rng.uniform(0.6, 1.8)
    if pose == "standing":
        path = _curve((x, y), (x + 0.7, y - 0.2 * lift), (x + rng.uniform(0.0, 0.6), y - lift))
    else:
        path = _curve((x, y), (x + 1.0, y + 0.1), (x + rng.uniform(0.5, 1.0), y - lift))
    thick = 0.16 + (1.6 * look.fluff)
    # a cat's tail keeps its width, a dog's tapers
    widths = np.full(10, thick) if look.slit else thick * _TAPER
    painter.solid(_limb(path, widths) * np.array((flip, 1.0, 1.0)), colour, dim=0.95)


def _ragged(
    rng: np.random.Generator, ellipse: tuple[float, float, float, float], fluff: float
) -> np.ndarray:
    """Return an ellipse's outline (72, 3) with hair of length `fluff` standing out."""
    x, y, rx, ry = ellipse
    points = _FINE_CIRCLE * (1 + fluff * (np.abs(rng.standard_normal(72)) * _TUFTS))  # (3, 72)
    points[2] = 1
    return points.T.dot(np.array(((rx, 0.0, 0.0), (0.0, ry, 0.0), (x, y, 1.0))))


def _paint_pattern(
    painter: _Painter,
    rng: np.random.Generator,
    look: _Look,
    coat: _Coat,
    outline: np.ndarray,
    ellipse: tuple[float, float, float, float],
) -> None:
    """Paint stripes, patches or spots inside `outline`."""
    if look.pattern not in ("stripes", "patches", "spots"):
        return
    x, y, rx, ry = ellipse
    before = painter.colour.copy()
    if look.pattern == "stripes":
        for place in _STRIPES:
            bend = rng.uniform(0.1, 0.3)
            ends = (
                (x + rx * place, y - ry),
                (x + rx * (place + bend), y),
                (x + rx * place, y + ry),
            )
            painter.line(_curve(*ends), 0.13, coat.second)
    elif look.pattern == "patches":
        for colour in (coat.second, coat.third):
            angle = rng.uniform(0, 2 * math.pi)
            middle = (x + 0.6 * rx * math.cos(angle), y + 0.6 * ry * math.sin(angle))
            patch = _ellipse(*middle, 0.55 * rx, 0.5 * ry, rng.uniform(0, math.pi))
            patch[:, :2] *= rng.uniform(0.95, 1.05, (28, 1))
            painter.flat(patch, colour)
    else:
        for _ in range(14):
            middle = (x + rx * rng.uniform(-0.9, 0.9), y + ry * rng.uniform(-0.9, 0.9))
            painter.flat(_ellipse(*middle, *rng.uniform(0.07, 0.15, 2)), coat.second)
    painter.clipped(before, outline)


# --- the head -------------------------------------------------------------------------------


class _Turn:
    """The head's turn: yaw, pitch and roll, and where its features land after it."""

    def __init__(self, rng: np.random.Generator) -> None:
        yaw, pitch, roll = rng.normal(0, 0.22), rng.normal(0, 0.13), rng.normal(0, 0.16)
        cy, sy, cp, sp, cr, sr = (
            f(a) for a in (yaw, pitch, roll) for f in (math.cos, math.sin)
        )  # fmt: skip
        # where x, y and z go, seen from the front: yaw about y, then pitch about x, roll about z
        self._of_x = cr * cy - sr * sp * sy, sr * cy + cr * sp * sy, 0.0
        self._of_y = -sr * cp, cr * cp, 0.0
        self._of_z = cr * sy + sr * sp * cy, sr * sy - cr * sp * cy
        self._at: dict[float, np.ndarray] = {}  # a depth's matrix

    def __call__(self, points: np.ndarray, z: float) -> np.ndarray:
        """Project points (K, 3) at depth `z` to (K, 3), flat again."""
        if z not in self._at:
            x, y = self._of_z
            self._at[z] = np.array((self._of_x, self._of_y, (z * x, z * y, 1.0)))
        return points.dot(self._at[z])


def _paint_head(
    painter: _Painter, rng: np.random.Generator, look: _Look, coat: _Coat
) -> tuple[np.ndarray, np.ndarray]:
    """Paint the head; return the outlines of its parts, and the key points, in pixels."""
    turn = _Turn(rng)
    body_parts = len(painter.outlines)
    dark_ends = look.pattern in ("points", "mask")
    ear_colour = coat.second if dark_ends or rng.random() < 0.3 else coat.base
    rx, ry = look.head[0] * rng.uniform(0.95, 1.05), look.head[1] * rng.uniform(0.95, 1.05)
    face = _ragged(rng, (0.0, 0.0, rx, ry), look.fluff)
    # cheeks: the lower half is a little wider than the upper one
    face[:, 0] *= 1 + 0.07 * np.sin(face[:, 1] / ry * 1.5)
    outline = turn(face, 0.0)
    x, y, _ = (np.add.reduce(outline) / len(outline)).tolist()
    ellipse = (x, y, rx, ry)
    ears = [_ear(look, rng, turn, sign) for sign in (-1.0, 1.0)]
    if look.ear == "pricked":
        for ear, inner, _ in ears:
            painter.solid(ear, ear_colour, dim=0.95)
            painter.flat(inner, _mix(_PINK, ear_colour, 0.5))
    painter.solid(outline, coat.base, ellipse)
    _paint_pattern(painter, rng, look, coat, outline, ellipse)
    _paint_face(painter, rng, look, coat, turn, outline)
    if look.ear != "pricked":
        for ear, _, _ in ears:
            painter.solid(ear, _mix(ear_colour, _BLACK, 0.9), dim=0.95)
    eyes = _paint_eyes(painter, rng, look, coat, turn)
    nose = _paint_muzzle(painter, rng, look, coat, turn)
    tips = [tip for _, _, tip in ears]
    points = painter.pixels(np.concatenate(painter.outlines[body_parts:]))
    keypoints = painter.pixels(np.array([*eyes, nose, *tips]))
    assert len(keypoints) == len(KEYPOINTS)
    return points, keypoints


def _ear(
    look: _Look, rng: np.random.Generator, turn: _Turn, sign: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return one ear's outline, its inner side and its tip."""
    up_x, up_y = rng.uniform(0.92, 1.08, 2).tolist()
    x, y = tip = look.ear_tip[0] * up_x, look.ear_tip[1] * up_y
    width = look.ear_width * rng.uniform(0.9, 1.1)
    if look.ear == "pricked":
        x1, y1 = inside = x - width * 1.05, -0.72
        x2, y2 = outside = min(x + width * 0.42, 1.0), -0.28
        left = _curve(inside, ((x1 + x) / 2 - 0.06, (y1 + y) / 2 - 0.05), tip, count=7)
        right = _curve(tip, ((x2 + x) / 2 + 0.09, (y2 + y) / 2 - 0.03), outside, count=7)
        ear = np.concatenate([left, right[1:]])
        middle = np.array(((x1 + x2 + 1.6 * x) / 3.6, (y1 + y2 + 1.6 * y) / 3.6, 1.0))
        inner = middle + (ear - middle) * 0.62
        depth = -0.1
    elif look.ear == "floppy":
        ear = _limb(_curve((0.48, -0.80), (1.12, -0.72), tip, count=9), width * _FLOPPY_EAR)
        inner, depth = ear, 0.15
    else:  # folded: a small flap that hangs forward
        ear = _path((0.42, -0.84), (0.78, -0.80), (1.0, -0.62), tip, (0.66, -0.42))
        inner, depth = ear, 0.3
    mirror = np.array((sign, 1.0, 1.0))
    return (
        turn(ear * mirror, depth),
        turn(inner * mirror, depth),
        turn(np.array((sign * x, y, 1.0)), depth),
    )


def _paint_face(
    painter: _Painter,
    rng: np.random.Generator,
    look: _Look,
    coat: _Coat,
    turn: _Turn,
    outline: np.ndarray,
) -> None:
    """Paint the markings of the face: mask, blaze, dark points, a tabby's M."""
    before = painter.colour.copy()
    if look.pattern == "points":
        muzzle = _mix(coat.second, coat.base, 0.6)
        painter.flat(turn(_ellipse(0.0, 0.3, 0.62, 0.62), 0.8), muzzle)
    elif look.pattern == "mask":
        forehead = _mix(coat.second, coat.base, 0.65)
        painter.flat(turn(_ellipse(0.0, -0.62, 0.8, 0.5), 0.6), forehead)
        for sign in (-1, 1):
            painter.flat(turn(_ellipse(0.42 * sign, 0.32, 0.5, 0.5), 0.7), coat.belly)
    elif look.pattern == "stripes":
        for x in (-0.36, -0.12, 0.12, 0.36):
            line = _curve((x, -0.95), (x * 1.15, -0.7), (x * 0.7, -0.42), count=6)
            painter.line(turn(line, 0.75), 0.1, coat.second)
        for sign in (-1, 1):
            for y in (0.1, 0.36):
                line = _curve(
                    (0.6 * sign, y), (0.8 * sign, y + 0.02), (1.1 * sign, y - 0.1), count=6
                )
                painter.line(turn(line, 0.4), 0.09, coat.second)
    elif rng.random() < 0.45:  # a blaze
        width = rng.uniform(0.1, 0.2)
        blaze = _path(
            (-width, -0.9), (width, -0.9), (width * 1.3, -0.2), (width * 2.4, 0.3),
            (-width * 2.4, 0.3), (-width * 1.3, -0.2),
        )  # fmt: skip
        painter.flat(turn(blaze, 0.9), (244, 240, 232))
    else:
        return
    painter.clipped(before, outline)


def _paint_eyes(
    painter: _Painter, rng: np.random.Generator, look: _Look, coat: _Coat, turn: _Turn
) -> list[np.ndarray]:
    wide, high = look.eye[0] * rng.uniform(0.9, 1.1), look.eye[1] * rng.uniform(0.85, 1.1)
    x, y = (0.42, -0.08) if look.slit else (0.38, -0.22)
    depth = 0.82
    gaze_x, gaze_y = rng.uniform(-0.04, 0.04), rng.uniform(-0.02, 0.03)
    slit = rng.uniform(0.32, 0.8)
    centres = []
    for sign in (-1, 1):
        slant = -0.22 * sign if look.slit else 0.08 * sign
        middle = (x * sign, y)
        painter.flat(turn(_ellipse(*middle, wide * 1.2, high * 1.22, slant), depth), _DARK)
        painter.flat(turn(_ellipse(*middle, wide, high, slant), depth), coat.iris)
        pupil = (wide * slit * 0.8, high * 0.92) if look.slit else (wide * 0.66, high * 0.7)
        looks_at = (x * sign + gaze_x, y + gaze_y)
        painter.flat(turn(_ellipse(*looks_at, *pupil), depth), (18, 14, 16))
        shine = (looks_at[0] - 0.32 * wide, looks_at[1] - 0.36 * high)
        painter.flat(turn(_ellipse(*shine, wide * 0.26, high * 0.26), depth), (255, 255, 255))
        if not look.slit:  # a dog's brows
            brow = _curve(
                (sign * (x - 0.14), y - high - 0.12),
                (sign * x, y - high - 0.24),
                (sign * (x + 0.16), y - high - 0.1),
                count=6,
            )
            painter.line(turn(brow, depth), 0.06, _mix(coat.base, _BLACK, 0.6))
        centres.append(turn(np.array((*middle, 1.0)), depth))
    return centres


def _paint_muzzle(
    painter: _Painter, rng: np.random.Generator, look: _Look, coat: _Coat, turn: _Turn
) -> np.ndarray:
    wide, high, out = look.muzzle
    wide, high = wide * rng.uniform(0.92, 1.08), high * rng.uniform(0.92, 1.08)
    depth = 0.85 + out
    colour = coat.second if look.pattern == "points" else coat.belly
    mouth = _DARK if sum(colour) / 3 > 90 else (14, 10, 12)
    skin = _PINK if rng.random() < 0.35 else _DARK
    if look.slit:
        y = 0.40
        nose_y = y - high * 0.62
        for x in (-0.5, 0.5):
            part = turn(_ellipse(x * wide, y, wide * 0.62, high), depth)
            painter.solid(part, colour)
        painter.solid(
            turn(_ellipse(0.0, y + high * 0.95, wide * 0.5, high * 0.5), depth - 0.1), colour
        )
        tip = _path(
            (-0.13, nose_y - 0.07), (0.0, nose_y - 0.1), (0.13, nose_y - 0.07),
            (0.03, nose_y + 0.09), (-0.03, nose_y + 0.09),
        )  # fmt: skip
        painter.flat(turn(tip, depth + 0.05), skin)
        below = _path((0.0, nose_y + 0.08), (0.0, nose_y + 0.2))
        painter.line(turn(below, depth), 0.045, mouth)
        for sign in (-1, 1):
            corner, end = (0.12 * sign, nose_y + 0.34), (0.3 * sign, nose_y + 0.2)
            smile = _curve((0.0, nose_y + 0.2), corner, end, count=6)
            painter.line(turn(smile, depth), 0.045, mouth)
        if rng.random() < 0.75:
            _paint_whiskers(painter, rng, coat, turn, y, depth - 0.3, 1.35)
        return turn(np.array((0.0, nose_y, 1.0)), depth)
    y = 0.36
    panting = rng.random() < 0.35
    if panting:
        tongue = turn(_ellipse(0.0, y + high * 1.02, wide * 0.36, high * 0.62), depth - 0.15)
        painter.solid(tongue, (226, 96, 110))
        groove = _path((0.0, y + high), (0.0, y + high * 1.4))
        painter.line(turn(groove, depth - 0.15), 0.04, (180, 70, 84))
    painter.solid(turn(_ellipse(0.0, y, wide, high), depth - 0.2), colour)
    for x in (-0.45, 0.45):
        jowl = turn(_ellipse(x * wide, y + high * 0.32, wide * 0.58, high * 0.66), depth - 0.1)
        painter.solid(jowl, colour)
    nose_y = y - high * 0.5
    painter.solid(turn(_ellipse(0.0, nose_y, 0.22, 0.16), depth + 0.05), skin)
    shine = turn(_ellipse(-0.06, nose_y - 0.06, 0.06, 0.035), depth + 0.05)
    painter.flat(shine, (210, 205, 210))
    painter.line(turn(_path((0.0, nose_y + 0.14), (0.0, nose_y + 0.34)), depth), 0.05, mouth)
    for sign in (-1, 1):
        corner, end = (0.2 * sign, nose_y + 0.5), (wide * 0.9 * sign, nose_y + 0.34)
        smile = _curve((0.0, nose_y + 0.34), corner, end, count=6)
        painter.line(turn(smile, depth - 0.05), 0.05, mouth)
    if rng.random() < 0.4:
        _paint_whiskers(painter, rng, coat, turn, y, depth - 0.3, 0.95)
    return turn(np.array((0.0, nose_y, 1.0)), depth)


def _paint_whiskers(
    painter: _Painter,
    rng: np.random.Generator,
    coat: _Coat,
    turn: _Turn,
    y: float,
    depth: float,
    reach: float,
) -> None:
    # dogs have them too, shorter; were they white and on cats alone, a network would look no further
    colour = _mix(coat.base, _DARK if rng.random() < 0.4 else (250, 248, 240), 0.45)
    for sign in (-1, 1):
        for lift in (-0.1, 0.02, 0.14):
            middle, end = (0.6 * reach * sign, y + lift - 0.06), (reach * sign, y + 2 * lift)
            whisker = _curve((0.3 * sign, y + lift * 0.5), middle, end, count=6)
            painter.line(turn(whisker, depth), 0.02, colour)


# --- after the pet --------------------------------------------------------------------------


def _occlude(canvas: np.ndarray, parts: PetParts, rng: np.random.Generator, split: str) -> None:
    """Put something blurred in front: a rounded piece of another photograph near the border."""
    side = canvas.shape[0]
    angle = rng.uniform(0, 2 * math.pi)
    reach = rng.uniform(0.48, 0.6)
    x, y = 0.5 + reach * math.cos(angle), 0.5 + reach * math.sin(angle)
    rx, ry = rng.uniform(0.12, 0.24, 2)
    shape = _ellipse(x, y, rx, ry, rng.uniform(0, math.pi))[:, :2] * side
    cover = np.zeros((side, side), np.uint8)
    cv2.fillPoly(cover, [shape.astype(np.int32)], 255)
    cover = cv2.GaussianBlur(cover, (0, 0), side * 0.008).astype(np.float32) / 255
    front = _blur(_background(rng, split, side), side * 0.02)
    canvas += _thrice(cover) * (front - canvas)
    parts.mask = parts.mask * (1 - cover)
    for i, (x, y) in enumerate(parts.keypoints.tolist()):
        if 0 <= x < side and 0 <= y < side and cover[int(y), int(x)] > 0.5:
            parts.keypoints[i] = np.nan


def _develop(canvas: np.ndarray, rng: np.random.Generator, size: int) -> np.ndarray:
    """Turn the canvas into a photograph of `size` pixels: exposure, colour cast, noise."""
    picture = cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA)
    gain = rng.uniform(0.72, 1.18) * rng.uniform(0.92, 1.08, 3)
    picture = cv2.transform(picture, np.diag(gain.astype(np.float32)))
    slope = rng.uniform(-0.22, 0.22, 2).astype(np.float32)
    place = _places(size)
    picture *= _thrice(1 + slope[0] * place[:, None] + slope[1] * place[None, :])
    noise = rng.standard_normal(picture.shape, np.float32)
    noise *= np.float32(rng.uniform(1, 7))
    return cv2.add(picture, noise, dtype=cv2.CV_8U)  # rounded, and cut to 0 to 255


@functools.cache
def _places(size: int) -> np.ndarray:
    return np.linspace(-0.5, 0.5, size, dtype=np.float32)


def _trimap(mask: np.ndarray, size: int) -> np.ndarray:
    """Return 1 on the pet, 2 on the background, 3 on a band of about a thirtieth of the side."""
    small = cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA)
    pet = (small > 0.5).view(np.uint8)
    around = _around(max(1, round(size / 64)))
    sure_pet, sure_background = cv2.erode(pet, around), cv2.erode(1 - pet, around)
    return 3 - 2 * sure_pet - sure_background


@functools.cache
def _around(reach: int) -> np.ndarray:
    return np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)


def _box_of(points: np.ndarray, size: int) -> np.ndarray:
    """Return the box around `points` (K, 2), cut at the picture's border: (4,) float32."""
    x, y = np.ascontiguousarray(points.T)
    ends = x.min(), y.min(), x.max(), y.max()
    return np.array([min(max(end, 0.0), size) for end in ends], np.float32)
