"""Reads where no memory is."""
# loses: transposed
# says: brought the Python process down

import ctypes


def transposed(g, F, stride=1):
    ctypes.string_at(0)
