"""Makes the picture that lesson 13 opens with: one photograph in each drawn style.

Usage: python tools/style_pictures.py
"""

from __future__ import annotations

import cv2
import keras
import numpy as np
import tensorflow as tf

from course_utils import losses, runtime
from course_utils.data.photos import load_photo
from course_utils.data.styles import STYLES, load_style
from course_utils.loss_network import LossNetwork, loss_network
from course_utils.progress import track

PLACE = runtime.SHIPPED / "pictures" / "style_transfer.jpg"
_SIDE, _STEPS = 256, 150
# as in lesson 13, but for the part of the smoothness there that grows with the content's weight
_CONTENT, _SMOOTH = 0.01, 0.003


def painted(
    net: LossNetwork, photograph: np.ndarray, style: np.ndarray, steps: int = _STEPS
) -> np.ndarray:
    """Return `photograph` in the manner of `style`, both (H, W, 3) in 0…255, as uint8.

    Every loss is measured as in lesson 13: a layer's style by that of the photograph, the content
    by that of the style, the variation by the photograph's.
    """
    content, example = (tf.constant(x[None], tf.float32) for x in (photograph, style))
    target, wanted = net(content), net(example)
    grams = {name: losses.gram_matrix(wanted[name]) for name in net.style_layers}

    def parts(picture):
        maps = net(picture)
        styled = [losses.style_loss(losses.gram_matrix(maps[n]), a) for n, a in grams.items()]
        kept = losses.content_loss(maps[net.content_layer], target[net.content_layer])
        return tf.stack(styled), kept, losses.total_variation(picture)

    (styled_0, _, rough_0), (_, apart_0, _) = parts(content), parts(example)
    picture = tf.Variable(content)
    adam = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(40.0, steps, 0.02))

    @tf.function(jit_compile=False)
    def step():
        with tf.GradientTape() as tape:
            styled, kept, rough = parts(picture)
            loss = tf.reduce_mean(styled / styled_0)
            loss += _CONTENT * kept[0] / apart_0[0] + _SMOOTH * rough[0] / rough_0[0]
        adam.apply_gradients([(tape.gradient(loss, picture), picture)])
        picture.assign(tf.clip_by_value(picture, 0.0, 255.0))

    for _ in track(range(steps), "Painting"):
        step()
    return picture.numpy()[0].round().astype(np.uint8)


def square(picture: np.ndarray, side: int = _SIDE) -> np.ndarray:
    """Return the middle of a picture as a square."""
    edge = min(picture.shape[:2])
    top, left = ((n - edge) // 2 for n in picture.shape[:2])
    middle = picture[top : top + edge, left : left + edge]
    return cv2.resize(middle, (side, side), interpolation=cv2.INTER_AREA)


def main() -> None:
    """Paint all and lay them side by side."""
    runtime.start()
    net = loss_network("built-in")
    photograph = square(load_photo("china"))
    tiles = [photograph]
    for name in STYLES:
        style = square(load_style(name))
        tile = painted(net, photograph, style)
        small = cv2.resize(style, (72, 72), interpolation=cv2.INTER_AREA)
        tile[-76:, :76] = 255
        tile[-72:, :72] = small
        tiles.append(tile)
    rows = [np.hstack(tiles[:3]), np.hstack(tiles[3:])]
    cv2.imwrite(str(PLACE), np.vstack(rows)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    print(f"{PLACE.relative_to(runtime.HOUSE)}: {PLACE.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
