"""Makes the pictures of lesson 13 that its own minute is too short for.

    python tools/style_pictures.py                    one photograph in each drawn style
    python tools/style_pictures.py --vgg19 FILE.h5    and what other networks make of two of them

Both are painted by the lesson's own cells. FILE.h5 holds VGG19's weights as keras.applications
stores them, three blocks of it at least. The second picture also prints how far what is painted
is from the style, as VGG19 sees it (the photograph: 1). Two to five minutes on two cores.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import executed
import numpy as np

from course_utils import loss_network as networks
from course_utils import losses, runtime
from course_utils.data.photos import load_photo
from course_utils.data.styles import STYLES, load_style
from course_utils.loss_network import LossNetwork, loss_network

PICTURES = runtime.SHIPPED / "pictures"
PAIRS = (("china", "night"), ("chelsea", "mosaic"))
_SIDE, _LOSSES = 256, 60
_RATIO = 2e-4  # twice the lesson's: clearer outlines


def lesson() -> dict:
    """Run the cells of lesson 13 that painting needs, and return their names."""
    found: dict = {}
    for cell in executed.tagged_cells("13", "painting"):
        exec(cell, found)
    return found


def painted(
    cells: dict, net: LossNetwork, photograph: np.ndarray, style: np.ndarray, calls: int = _LOSSES
) -> np.ndarray:
    """Return `photograph` in the manner of `style`, both float32 (1, H, W, 3) in 0…255."""
    loss = cells["total_loss"](photograph, style, net, _RATIO)
    return cells["paint"](photograph, loss, calls)[0]


def untrained_network(like: LossNetwork) -> LossNetwork:
    """Return the built-in network's plan with random weights, normalised as it is."""
    model = networks.build(networks.PLAN)
    networks.normalise(model, [load_photo(name, 160) for name in networks.SAMPLES])
    return LossNetwork(model, like.style_layers, like.content_layer)


def distance(
    judge: LossNetwork, painting: np.ndarray, style: np.ndarray, photograph: np.ndarray
) -> float:
    """Return how far a painting's Gram matrices are from the style's; the photograph's: 1."""
    grams = [
        {n: losses.gram_matrix(maps[n]) for n in judge.style_layers}
        for maps in map(judge, (painting, style, photograph))
    ]
    ratios = [
        np.linalg.norm(grams[0][n] - grams[1][n]) / np.linalg.norm(grams[2][n] - grams[1][n])
        for n in judge.style_layers
    ]
    return float(np.mean(ratios))


def with_inset(picture: np.ndarray, style: np.ndarray) -> np.ndarray:
    """Return a picture with its style, small, in the lower left corner; uint8."""
    tile = picture[0].round().astype(np.uint8)
    tile[-76:, :76] = 255
    tile[-72:, :72] = cv2.resize(style[0], (72, 72), interpolation=cv2.INTER_AREA)
    return tile


def save(name: str, rows: list[list[np.ndarray]]) -> None:
    """Write tiles as one picture and say how large it is."""
    place = PICTURES / name
    picture = np.vstack([np.hstack(row) for row in rows])[..., ::-1]
    cv2.imwrite(str(place), picture, [cv2.IMWRITE_JPEG_QUALITY, 80])
    print(f"{place.relative_to(runtime.HOUSE)}: {place.stat().st_size / 1024:.0f} KiB")


def main(arguments: list[str] | None = None) -> None:
    """Paint, lay side by side, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vgg19", type=Path, metavar="FILE.h5")
    given = parser.parse_args(arguments)

    cells = lesson()
    net, square = cells["net"], cells["square"]
    photograph = square(load_photo("china"), _SIDE)
    tiles = [photograph[0].round().astype(np.uint8)]
    for name in STYLES:
        style = square(load_style(name), _SIDE)
        tiles.append(with_inset(painted(cells, net, photograph, style), style))
    save("style_transfer.jpg", [tiles[:3], tiles[3:]])
    if given.vgg19 is None:
        return

    vgg = loss_network(given.vgg19, precision="float32")
    eyes = {"untrained": untrained_network(net), "built-in": net, "VGG19, three blocks": vgg}
    rows = []
    for photo, manner in PAIRS:
        photograph, style = square(load_photo(photo), _SIDE), square(load_style(manner), _SIDE)
        rows.append([with_inset(photograph, style)])
        for name, eye in eyes.items():
            painting = painted(cells, eye, photograph, style)
            rows[-1].append(painting[0].round().astype(np.uint8))
            apart = distance(vgg, painting, style, photograph)
            print(f"{photo} in {manner}, {name}: {apart:.2f} from the style for VGG19")
    save("loss_networks.jpg", rows)


if __name__ == "__main__":
    main()
