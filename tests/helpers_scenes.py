"""Scenes at which detectors stumble: without an object, cut off, one pixel small, very long."""

from __future__ import annotations

import numpy as np
from helpers_data import picture

from course_utils.data.records import Scenes

# height and width, boxes, labels
AWKWARD = {
    "no object": ((64, 64), [], []),
    "one object": ((64, 96), [(10, 8, 50, 52)], [1]),
    "overlapping": ((96, 64), [(4, 4, 44, 60), (20, 10, 60, 70), (24, 14, 60, 70)], [0, 1, 0]),
    "cut by the border": ((64, 64), [(0, 30, 25, 64)], [0]),
    "beyond the border": ((64, 64), [(-12, 30, 25, 80)], [1]),
    "without area": ((64, 64), [(30, 30, 30, 50), (5, 5, 40, 40)], [1, 0]),
    "one pixel": ((1, 1), [], []),
    "one pixel, an object": ((1, 1), [(0, 0, 1, 1)], [1]),
    "very long": ((6, 300), [(40, 0, 90, 6)], [0]),
    "very high": ((300, 6), [], []),
}


def awkward_scenes(*kinds: str) -> Scenes:
    """Return the scenes of these kinds, or of all."""
    chosen = {i: kind for i, kind in enumerate(AWKWARD) if not kinds or kind in kinds}
    return Scenes(
        images=[picture(i, *AWKWARD[kind][0]) for i, kind in chosen.items()],
        boxes=[np.float32(AWKWARD[kind][1]).reshape(-1, 4) for kind in chosen.values()],
        labels=[np.array(AWKWARD[kind][2], np.int32) for kind in chosen.values()],
        source="made up",
    )
