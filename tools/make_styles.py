"""Draws the style pictures of lessons 13 and 14 into data/styles.

Usage: python tools/make_styles.py

Each is a scene of its own (a function from places to colours) laid down by hand's marks: strokes
that follow a flow, mosaic stones, the lines of a woodcut, dots, pieces of coloured glass. The idea
of strokes in layers from broad to fine, each in the colour of the scene below it: Hertzmann,
"Painterly rendering with curved brush strokes of multiple sizes", SIGGRAPH 1998.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from course_utils import runtime

PLACE = runtime.SHIPPED / "styles"
HEIGHT, WIDTH = 384, 512
_FINER = 2  # drawn at twice the size, then averaged
_BITS = 4  # OpenCV draws at sixteenths of a pixel

Field = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _hex(*codes: str) -> np.ndarray:
    return np.array([[int(c[i : i + 2], 16) for i in (0, 2, 4)] for c in codes], float)


def _noise(rng: np.random.Generator, scale: float) -> np.ndarray:
    """Return smooth noise (HEIGHT, WIDTH), about -1 to 1, with bumps of `scale` pixels."""
    rows, columns = int(HEIGHT / scale) + 4, int(WIDTH / scale) + 4
    coarse = rng.normal(size=(rows, columns)).astype(np.float32)
    fine = cv2.resize(coarse, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return fine[:HEIGHT, :WIDTH]


def _grid() -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    return x, y


def _ramp(values: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Return colours (…, 3) for values in [0, 1] along a row of colours."""
    place = np.clip(values, 0, 1) * (len(colours) - 1)
    low = np.minimum(place.astype(int), len(colours) - 2)
    part = (place - low)[..., None]
    return colours[low] * (1 - part) + colours[low + 1] * part


def _strokes(
    rng: np.random.Generator,
    canvas: np.ndarray,
    scene: np.ndarray,
    angle: np.ndarray,
    *,
    count: int,
    length: float,
    width: float,
    jitter: float,
) -> None:
    """Lay `count` brush strokes on `canvas`, each along the flow, in the scene's colour."""
    steps = max(int(length / 4), 2)
    x, y = rng.uniform(0, WIDTH, count), rng.uniform(0, HEIGHT, count)
    paths = np.empty((count, steps, 2))
    for i in range(steps):
        paths[:, i] = np.stack([x, y], 1)
        rows = np.clip(y, 0, HEIGHT - 1).astype(int)
        columns = np.clip(x, 0, WIDTH - 1).astype(int)
        turn = angle[rows, columns]
        x, y = x + length / steps * np.cos(turn), y + length / steps * np.sin(turn)
    middle = paths[:, steps // 2]
    rows = np.clip(middle[:, 1], 0, HEIGHT - 1).astype(int)
    columns = np.clip(middle[:, 0], 0, WIDTH - 1).astype(int)
    colours = (
        scene[rows, columns]
        + rng.normal(0, jitter, (count, 1))
        + rng.normal(0, 0.4 * jitter, (count, 3))
    )
    bristles = max(round(width / 1.5), 1)
    for path, colour in zip(paths, colours, strict=True):
        along = path[-1] - path[0]
        across = np.array([-along[1], along[0]]) / (np.hypot(*along) + 1e-6)
        _line(canvas, path, colour * 0.82, width * 1.15)
        for offset in np.linspace(-0.42, 0.42, bristles):
            shade = colour + 0.7 * jitter * rng.normal() - 30 * offset
            ends = rng.integers(0, max(steps // 4, 1) + 1, 2)
            part = path[ends[0] : steps - ends[1]] + across * offset * width
            _line(canvas, part, shade, max(width / bristles, 1.0))


def _line(canvas: np.ndarray, path: np.ndarray, colour: np.ndarray, width: float) -> None:
    points = np.round(path * _FINER * 2**_BITS).astype(np.int32)
    shade = tuple(float(v) for v in np.clip(colour, 0, 255))
    cv2.polylines(canvas, [points], False, shade, max(round(width * _FINER), 1), cv2.LINE_AA, _BITS)


def _blank(colour: str) -> np.ndarray:
    canvas = np.empty((HEIGHT * _FINER, WIDTH * _FINER, 3), np.uint8)
    canvas[:] = _hex(colour)[0]
    return canvas


def night() -> np.ndarray:
    """A night over hills, in strokes that follow the wind's whirls."""
    rng = np.random.default_rng(1)
    x, y = _grid()
    vx, vy = 0.9 + 0.2 * _noise(rng, 90), 0.35 * _noise(rng, 120)
    whirls = [(150, 110, 75, 1), (318, 150, 58, -1), (440, 85, 42, 1), (45, 200, 40, -1)]
    for cx, cy, radius, sense in whirls:
        dx, dy = x - cx, y - cy
        near = 3.2 * np.exp(-(dx**2 + dy**2) / (2 * radius**2)) * sense
        vx, vy = vx - near * dy / radius, vy + near * dx / radius
    hills = 285 + 22 * np.sin(x / 70) + 12 * np.sin(x / 31 + 1)
    land = y > hills
    angle = np.arctan2(vy, vx)
    slope = np.arctan2(22 / 70 * np.cos(x / 70) + 12 / 31 * np.cos(x / 31 + 1), 1)
    angle = np.where(land, slope + 0.5 * np.sin(y / 14), angle)
    wave = 0.5 + 0.32 * np.sin(angle * 2.0 + y / 37) + 0.18 * _noise(rng, 40)
    sky = _ramp(wave, _hex("0f1f5c", "1d3f94", "2f6fbf", "5fa3d6", "b9d7dc"))
    glow = np.zeros_like(x)
    stars = [(88, 52, 13), (228, 44, 10), (352, 60, 9), (262, 100, 7), (60, 128, 8), (400, 190, 8)]
    for cx, cy, radius in [*stars, (462, 62, 26)]:
        glow = np.maximum(glow, 1.35 * np.exp(-(((x - cx) ** 2 + (y - cy) ** 2) ** 0.5) / radius))
        dx, dy = x - cx, y - cy
        ring = np.hypot(dx, dy) < 2.6 * radius
        angle = np.where(ring, np.arctan2(dx, -dy), angle)
    sky = np.where(
        (glow > 0.3)[..., None], _ramp(glow, _hex("2f6fbf", "8fb9b0", "f3d34a", "fff3b0")), sky
    )
    ground = _ramp(
        (y - hills) / 110 + 0.2 * _noise(rng, 25), _hex("1b3a4b", "24544f", "3f7d4f", "1d4038")
    )
    scene = np.where(land[..., None], ground, sky)
    village = [(120, 318), (150, 322), (182, 314), (214, 324), (250, 318), (300, 322), (336, 316)]
    for cx, cy in village:
        box = (abs(x - cx) < 9) & (abs(y - cy) < 7)
        scene[box] = _hex("d9a441" if (cx // 2) % 2 else "b8543a")[0]
    tree = abs(x - 70 - 5 * np.sin(y / 25)) < 24 * np.clip((y - 120) / 200, 0, 1) ** 0.8
    tree &= y > 122
    scene[tree] = _hex("15302a")[0]
    angle = np.where(tree, np.pi / 2 + 0.45 * np.sin(y / 13 + x / 9), angle)
    canvas = _blank("16285f")
    _strokes(rng, canvas, scene, angle, count=1400, length=40, width=10, jitter=14)
    _strokes(rng, canvas, scene, angle, count=3200, length=30, width=5.5, jitter=20)
    _strokes(rng, canvas, scene, angle, count=2600, length=20, width=3.2, jitter=24)
    return canvas


def mosaic() -> np.ndarray:
    """Stones set in rings round a sun above the sea."""
    rng = np.random.default_rng(2)
    stones = []
    for ring in range(2, 66):
        radius = ring * 9.5
        around = int(2 * np.pi * radius / 10.5)
        turn = (np.arange(around) + rng.uniform()) * 2 * np.pi / around
        wobble = rng.normal(0, 0.9, (around, 2))
        stones.append(
            np.stack([330 + radius * np.cos(turn), 130 + radius * np.sin(turn)], 1) + wobble
        )
    points = np.concatenate(stones)
    inside = (abs(points[:, 0] - WIDTH / 2) < WIDTH / 2 - 1) & (
        abs(points[:, 1] - HEIGHT / 2) < HEIGHT / 2 - 1
    )
    points = points[inside]
    canvas = _blank("2b211c")
    plan = cv2.Subdiv2D((0, 0, WIDTH, HEIGHT))
    plan.insert([(float(a), float(b)) for a, b in points])
    facets, centres = plan.getVoronoiFacetList([])
    for facet, (cx, cy) in zip(facets, centres, strict=True):
        far = np.hypot(cx - 330, cy - 130)
        shore = 262 + 12 * np.sin(cx / 38)
        if far < 62:
            colour = _ramp(np.array(far / 62), _hex("fff0a8", "f7c331", "ef8e1d"))
        elif cy > shore:
            band = 0.5 + 0.5 * np.sin((cy - shore) / 9 + 1.6 * np.sin(cx / 30))
            colour = _ramp(np.array(band), _hex("0b4f6c", "14808f", "6fc7c0", "f1efe0"))
        else:
            rays = 0.5 + 0.5 * np.sin(9 * np.arctan2(cy - 130, cx - 330))
            warm = (
                _hex("c8412b", "e8743b", "f3b562")
                if rays > 0.5
                else _hex("e9d8b4", "d99f6c", "a63d40")
            )
            colour = _ramp(np.array(min(far / 330, 1)), warm)
        colour = colour + rng.normal(0, 13, 3) + rng.normal(0, 10)
        shape = (facet - (cx, cy)) * 0.86 + (cx, cy)
        corners = np.round(shape * _FINER * 2**_BITS).astype(np.int32)
        cv2.fillConvexPoly(
            canvas, corners, tuple(map(float, np.clip(colour, 0, 255))), cv2.LINE_AA, _BITS
        )
        top = np.round(
            ((shape - (cx, cy)) * 0.6 + (cx - 0.8, cy - 0.8)) * _FINER * 2**_BITS
        ).astype(np.int32)
        cv2.fillConvexPoly(
            canvas, top, tuple(map(float, np.clip(colour + 16, 0, 255))), cv2.LINE_AA, _BITS
        )
    return canvas


def waves() -> np.ndarray:
    """A woodcut of waves: indigo and white lines on warm paper."""
    rng = np.random.default_rng(3)
    canvas = _blank("e9dcc0")
    x = np.linspace(-20, WIDTH + 20, 400)
    for i in range(26):  # the sky's grain
        y = 8 + i * 5.5 + 2.2 * np.sin(x / 60 + i / 3) + 1.2 * np.sin(x / 23 + i)
        _line(canvas, np.stack([x, y], 1), _hex("d9c6a0" if i % 3 else "e3b98f")[0], 1.1)
    cv2.circle(canvas, (390 * _FINER, 84 * _FINER), 44 * _FINER, (200, 74, 48), -1, cv2.LINE_AA)
    for row in range(9):
        base, high = 128 + row * 33, 26 + 3.4 * row
        pitch = 88 + 9 * row
        shift = rng.uniform(0, pitch)
        blue = _ramp(np.array(row / 8), _hex("7fb0bd", "3f7fa6", "1f4e86", "14305f"))
        centres = np.arange(-pitch, WIDTH + 2 * pitch, pitch) - shift
        for cx in centres:
            turn = np.linspace(0, 1, 60)
            # a crest that rises, leans over and curls
            spine = np.stack(
                [
                    cx + pitch * (turn - 0.15),
                    base + high * (0.9 - 1.9 * np.sin(np.pi * turn**1.4) ** 1.3),
                ],
                1,
            )
            body = np.concatenate(
                [spine, [[cx + pitch * 1.2, HEIGHT + 30], [cx - pitch * 0.4, HEIGHT + 30]]]
            )
            corners = np.round(body * _FINER * 2**_BITS).astype(np.int32)
            cv2.fillPoly(canvas, [corners], tuple(map(float, blue)), cv2.LINE_AA, _BITS)
            for k in range(1, 9):
                inner = spine + [0.0, 5.2 * k]
                inner[:, 0] += 2.0 * k * (turn - 0.5)
                keep = slice(3 + k, 58 - 2 * k)
                tone = _hex("eef0e6", "9fc4cf", "12284e")[(k + row) % 3]
                _line(canvas, inner[keep], tone, 1.5 if k % 2 else 2.1)
            _line(canvas, spine, _hex("f7f4ea")[0], 5)
            _line(canvas, spine, _hex("12284e")[0], 1.2)
            for _ in range(16):  # foam along the crest
                at = spine[rng.integers(18, 50)] + rng.normal(0, [5, 3]) - [0, 3]
                place = tuple(np.round(at * _FINER * 2**_BITS).astype(int).tolist())
                radius = int(rng.uniform(1.0, 3.4) * _FINER * 2**_BITS)
                cv2.circle(canvas, place, radius, (247, 244, 234), -1, cv2.LINE_AA, _BITS)
    return canvas


def dots() -> np.ndarray:
    """A river bank on a summer's afternoon, in dots of neighbouring and opposite colours."""
    rng = np.random.default_rng(4)
    x, y = _grid()
    bumps = _noise(rng, 30)
    sky = _ramp(y / 170 + 0.1 * bumps, _hex("7fb6e6", "bcd9ee", "f8e3bd"))
    bank = _ramp((y - 170) / 90 + 0.25 * bumps, _hex("9dbb54", "5f9443", "d8c65a"))
    river_y = 250 + 14 * np.sin(x / 90)
    river = _ramp(0.5 + 0.5 * np.sin((y - river_y) / 7 + bumps), _hex("3d7fc4", "79b4de", "e8d9a8"))
    scene = np.where((y > 170)[..., None], bank, sky)
    scene = np.where((y > river_y)[..., None], river, scene)
    near = y > 345 + 14 * np.sin(x / 55 + 2)
    scene = np.where(
        near[..., None], _ramp(0.5 + 0.5 * bumps, _hex("2f6b3c", "6fa03f", "c9cf5d")), scene
    )
    for cx, cy, radius in [
        (80, 128, 62),
        (168, 150, 40),
        (400, 120, 74),
        (300, 158, 30),
        (486, 150, 44),
    ]:
        crown = np.hypot(x - cx, (y - cy) * 1.1) + 12 * bumps < radius
        light = 0.5 + (cx - x) / (2.4 * radius) * 0.6 + (cy - y) / (2.4 * radius)
        scene = np.where(
            crown[..., None], _ramp(light, _hex("1e4a46", "3c7a3f", "8fb23e", "f0d75a")), scene
        )
        trunk = (abs(x - cx) < 5) & (y > cy + radius * 0.8) & (y < 215)
        scene[trunk] = _hex("6b3f5e")[0]
    sail = (y < 268) & (y > 196) & (x > 238) & (x < 238 + (y - 196) * 0.55)
    scene[sail] = _hex("fbf3e0")[0]
    hull = (y >= 268) & (y < 280) & (abs(x - 252) < 34 - (y - 268))
    scene[hull] = _hex("b5432e")[0]
    canvas = _blank("efe6d0")
    for count, radius in ((9000, 3.2), (16000, 2.2)):
        px, py = rng.uniform(0, WIDTH, count), rng.uniform(0, HEIGHT, count)
        colours = scene[py.astype(int), px.astype(int)]
        colours = colours + rng.normal(0, 22, (count, 3))
        # a tenth in the opposite hue, as bright as its neighbours
        opposite = rng.uniform(size=count) < 0.1
        grey = colours[opposite].mean(1, keepdims=True)
        colours[opposite] = grey + 0.8 * (grey - colours[opposite])
        for a, b, colour in zip(px, py, colours, strict=True):
            place = (round(a * _FINER * 16), round(b * _FINER * 16))
            size = int(radius * rng.uniform(0.75, 1.2) * _FINER * 16)
            cv2.circle(
                canvas,
                place,
                size,
                tuple(map(float, np.clip(colour, 0, 255))),
                -1,
                cv2.LINE_AA,
                _BITS,
            )
    return canvas


def glass() -> np.ndarray:
    """Flowing pieces of coloured glass between dark leads."""
    rng = np.random.default_rng(5)
    x, y = _grid()
    bend = _noise(rng, 110), _noise(rng, 110)
    u, v = x + 26 * bend[0], y + 26 * bend[1]
    swirl = np.arctan2(v - 190, u - 250) * 11 / (2 * np.pi) + np.hypot(u - 250, v - 190) / 46
    rings = np.hypot(u - 250, v - 190) / 34 + 0.35 * np.sin(3 * np.arctan2(v - 190, u - 250))
    piece = np.floor(swirl).astype(int) % 11 * 97 + np.floor(rings).astype(int) * 7
    edge = np.minimum(abs(swirl - np.round(swirl)) * 24 + 0 * x, abs(rings - np.round(rings)) * 34)
    colours = _hex(
        "d7263d",
        "f46036",
        "f9c22e",
        "2e9e6b",
        "1b998b",
        "2274a5",
        "3f4fa8",
        "7a3e9d",
        "e84a8a",
        "f7ede2",
        "53b3cb",
    )
    order = rng.integers(0, len(colours), 4096)
    picture = colours[order[piece % 4096]]
    streak = 16 * _noise(rng, 7) + 14 * _noise(rng, 28)
    rim = np.clip(edge / 9, 0, 1)
    picture = picture * (0.72 + 0.33 * rim[..., None]) + streak[..., None]
    lead = np.clip((2.6 - edge) / 1.2, 0, 1)[..., None]
    picture = picture * (1 - lead) + _hex("1a1714")[0] * lead
    return cv2.resize(
        np.clip(picture, 0, 255).astype(np.uint8), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC
    )


STYLES = {"night": night, "mosaic": mosaic, "waves": waves, "dots": dots, "glass": glass}


def main() -> None:
    """Draw all."""
    PLACE.mkdir(parents=True, exist_ok=True)
    for name, draw in STYLES.items():
        picture = cv2.resize(draw(), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        path = PLACE / f"{name}.jpg"
        cv2.imwrite(str(path), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
        print(f"{path.relative_to(runtime.HOUSE)}: {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
