"""Finds a data file that an installed package carries."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from course_utils.errors import DataError


def file_in(package: str, *parts: str) -> Path:
    """Return the path of a package's file without importing the package, which can take a second.

    Raises
    ------
    DataError
        The package is not installed.
    """
    found = importlib.util.find_spec(package)
    if found is None:
        raise DataError(f"{package} is not installed: run pip install -r requirements.txt.")
    return Path(found.submodule_search_locations[0], *parts)
