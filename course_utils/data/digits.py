"""Handwritten digits: scikit-learn's built in, or MNIST in IDX files of your own."""

from __future__ import annotations

import numpy as np

from course_utils import runtime
from course_utils.data.records import Digits

_TRAIN = 1437


def load_digits(split: str) -> Digits:
    """Return handwritten digits.

    Built in are scikit-learn's 1,797 digits of 8×8 pixels (Alpaydin and Kaynak, 1998, UCI), split
    once and for all into 1,437 to train and 360 to test.

    Parameters
    ----------
    split : str
        ``"train"`` or ``"test"``.

    Returns
    -------
    Digits
    """
    from sklearn.datasets import load_digits as load_sklearn_digits

    digits = load_sklearn_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    chosen = order[:_TRAIN] if split == "train" else order[_TRAIN:]
    images = np.round(digits.images[chosen] * (255 / 16)).astype(np.uint8)
    return Digits(images, digits.target[chosen].astype(np.int32), "scikit-learn's digits")
