"""Searches the training scenes of lessons 18 and 19 once for all, into data/proposals.

Usage: python tools/search_scenes.py

Half a minute to a minute on two cores. The lessons' own test scenes are searched in front of the
learner; so are the training scenes of another seed or source.
"""

from course_utils import selective_search
from course_utils.data.rendering import draw_scenes

COUNT, SIDE, MOST, SEED = 300, 128, 200, 0


def scenes() -> list:
    """Return the pictures that the lessons train on."""
    return draw_scenes("train", COUNT, SIDE, SEED).images


if __name__ == "__main__":
    selective_search.ship(scenes(), MOST)
    place, size = selective_search.SHIPPED, selective_search.SHIPPED.stat().st_size
    print(f"{place.name}: {size / 1024:.0f} KiB")
