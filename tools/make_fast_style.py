"""Trains the painter that opens lesson 14: the lesson's own cells, more steps on larger pieces.

    python tools/make_fast_style.py

The lesson's photographs, losses, network, optimiser and style; only the number of steps and the
pieces are larger, so that a wide sky is seen in training too. Writes data/weights/fast_style.keras
and prints the losses on the lesson's held-out photographs. Eight minutes on two cores.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import executed
import keras

from course_utils import runtime

FILE = runtime.SHIPPED / "weights" / "fast_style.keras"
STEPS, SIDE = 4000, 144


def lesson() -> dict:
    """Run the lesson's cells that training needs, and return their names."""
    found: dict = {}
    for cell in executed.tagged_cells("14", "training"):
        exec(cell, found)
    return found


def held_out_losses(cells: dict, network: object) -> list[float]:
    """Return style, content and total variation of `network` on the held-out photographs."""
    photos = cells["test"].astype("float32")
    paintings = cells["paint"](network, cells["test"]).astype("float32")
    return [float(one) for one in cells["three_losses"](paintings, photos)]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--file", type=Path, default=FILE)
    given = parser.parse_args(arguments)

    cells = lesson()
    network = cells["transformation_network"]()
    cells["train"](network, given.steps, side=SIDE)
    keras.config.set_dtype_policy("float32")  # a file for every processor
    painter = cells["transformation_network"]()
    painter.set_weights(network.get_weights())
    given.file.parent.mkdir(parents=True, exist_ok=True)
    painter.save(given.file)
    said = ", ".join(f"{value:.4f}" for value in held_out_losses(cells, painter))
    print(f"{given.file.name}: {given.steps} steps; style, content, total variation: {said}")


if __name__ == "__main__":
    main()
