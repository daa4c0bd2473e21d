"""Writes 40 MB where results go, and no more."""
# loses: transposed
# says: too large

import os


def transposed(g, F, stride=1):
    for _ in range(400):
        os.write(3, b'"' + b"x" * 100_000 + b'"\n')
