"""Lays out the tree that an instructor hands out, in build/release.

    python tools/release.py

It holds everything a learner needs, and neither solutions nor hidden tests: the homework's
sources, the tests with their wrong answers and the tools that make these things stay behind.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

HOUSE = Path(__file__).resolve().parents[1]
TREE = HOUSE / "build" / "release"
BEHIND = (
    "build",
    "my_course",
    "tests",
    "data/cache",
    "notebooks/homework/source",
    "notebooks/homework/README.md",
    "notebooks/homework/nbgrader_config.py",
    "tools/*.py",
)
TAKEN_ALONG = ("tools/lab.py", "tools/lessons.py", "tools/executed.py", ".gitignore")
_SECRETS = ("### BEGIN SOLUTION", "### BEGIN HIDDEN TESTS")


class ReleaseError(Exception):
    """The tree can't be handed out; the message is a sentence."""


def handed_out(house: Path) -> Iterator[Path]:
    """Yield the files of the tree, as paths relative to `house`."""
    folders = [house]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            place = PurePosixPath(path.relative_to(house).as_posix())
            if path.is_dir():
                if not _stays(place):
                    folders.append(path)
            elif str(place) in TAKEN_ALONG or not _stays(place):
                yield Path(place)


def _stays(place: PurePosixPath) -> bool:
    made = place.name == "__pycache__" or place.suffix in (".egg-info", ".log", ".pyc")
    # compared whole, not by the last parts alone
    listed = any(PurePosixPath("/", place).match(f"/{pattern}") for pattern in BEHIND)
    return made or listed or place.name.startswith(".")


def release(house: Path, tree: Path) -> int:
    """Make `tree` anew and return the number of its files.

    Raises
    ------
    ReleaseError
        A notebook still holds a solution or a hidden test.
    """
    files = list(handed_out(house))
    for file in files:
        if file.suffix == ".ipynb":
            text = (house / file).read_text(encoding="utf-8")
            for secret in _SECRETS:
                if secret in text:
                    raise ReleaseError(f"{file} holds {secret!r}: run make homework first.")
    half = tree.with_name(f"{tree.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    for file in files:
        (half / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(house / file, half / file)
    shutil.rmtree(tree, ignore_errors=True)
    half.rename(tree)
    return len(files)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args(arguments)
    try:
        count = release(HOUSE, TREE)
    except ReleaseError as error:
        print(f"✘ {error}")
        return 1
    print(f"{count} files to hand out, without solutions: {TREE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
