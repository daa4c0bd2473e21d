"""The convolutional network that the detectors of lessons 18 to 20 share.

It was trained to tell the breeds of drawn pets (`tools/pretrain_backbone.py`), which is to these
lessons what ImageNet is to the papers: the detectors start from it and differ in nothing else.
"""

from __future__ import annotations

import keras
import numpy as np

from course_utils import runtime

STRIDE = 8
CHANNELS = 64
WEIGHTS = "detection_backbone.npz"
# filters, kernel, stride, and whether a pooling follows
_PLAN = ((24, 5, 2, False), (32, 3, 1, True), (64, 3, 1, True), (64, 3, 1, False))
PLAN = (*_PLAN, (CHANNELS, 3, 1, False))


def detection_backbone(weights: str | None = "built-in") -> keras.Model:
    """Return five convolutions with ReLU that turn a picture of any size into a map.

    A cell of the map stands for `STRIDE` × `STRIDE` pixels: cell i for 8i to 8i + 8. It sees 55
    pixels across. There is no batch normalisation: that of the training was multiplied into the
    kernels, since a detector's few pictures a step give poor statistics.

    Parameters
    ----------
    weights : str or None
        ``"built-in"``: trained on drawn pets; None: random (He et al., ICCV 2015).

    Returns
    -------
    keras.Model
        (N, H, W, 3) RGB from 0 to 255 to (N, ⌈H/8⌉, ⌈W/8⌉, 64), not negative.
    """
    layers = [keras.Input((None, None, 3)), keras.layers.Rescaling(1 / 127.5, -1)]
    for i, (filters, kernel, stride, pooled) in enumerate(PLAN, start=1):
        layers.append(
            keras.layers.Conv2D(
                filters,
                kernel,
                stride,
                padding="same",
                activation="relu",
                kernel_initializer="he_normal",
                name=f"conv{i}",
            )
        )
        if pooled:
            layers.append(keras.layers.MaxPooling2D(padding="same", name=f"pool{i}"))
    model = keras.Sequential(layers, name="backbone")
    if weights is not None:
        with np.load(runtime.SHIPPED / "weights" / WEIGHTS) as kept:
            model.set_weights([kept[f"{i:02d}"].astype(np.float32) for i in range(2 * len(PLAN))])
    return model
