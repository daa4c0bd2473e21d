"""Trains the built-in loss network and writes it to data/weights/loss_network.npz.

Usage: python tools/make_loss_network.py [steps] [file]

Nothing is downloaded: the pictures are the photographs of scikit-image and scikit-learn, drawn
pets, the style pictures, and photographs repainted in many manners (strokes, dots, stones, lines).
From a crop of one of them the network has to say, at each depth,
- which picture it was cut from (as Dosovitskiy et al., NeurIPS 2014, tell crops apart),
- in which manner it was painted,
- its mean colour and the covariance of its colours,
- and the crop itself, from a noisy copy (a denoising autoencoder; Vincent et al., ICML 2008).
The first two ask for texture and things, the third keeps the colours, the last keeps the picture
itself and makes the network deaf to noise, so that a picture painted against it is not noise.
Beside the trained blocks stand two layers of their own: random filters of one pixel (colours), and
filters that k-means finds in patches of the photographs (strokes).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import keras
import make_styles
import numpy as np
import tensorflow as tf
from sklearn.cluster import MiniBatchKMeans

from course_utils import loss_network as networks
from course_utils import runtime
from course_utils.data.photos import PHOTOGRAPHS, load_photo
from course_utils.data.rendering import draw_pets
from course_utils.data.styles import STYLES, load_style
from course_utils.layers import BatchNormalization
from course_utils.progress import track

STEPS = 1200
_SIDE, _BATCH = 64, 64
_FINE, _BITS = 2, 4  # as in make_styles
_NOISE = 12.0  # grey levels at most
_EACH = 7  # pictures in each manner

_STROKES = ((14, 4), (26, 4), (44, 5), (24, 9), (44, 10), (60, 16), (100, 9))
MANNERS = (
    *(("strokes", length, width, bend) for length, width in _STROKES for bend in (0.15, 1.2)),
    *(("dots", radius, cover) for radius in (2.5, 4.0, 6.5, 10.0) for cover in (1.0, 2.5)),
    *(("stones", size, joint) for size in (9, 14, 22, 34) for joint in (0.8, 0.95)),
    *(("lines", period, bend) for period in (6, 10, 17, 30) for bend in (0.1, 1.0)),
    *(("grain", strength) for strength in (15, 45)),
)


def repainted(rng: np.random.Generator, manner: tuple, picture: np.ndarray) -> np.ndarray:
    """Return a picture (192, 256, 3) in a manner of `MANNERS`, in the colours of `picture`."""
    kind, *numbers = manner
    size = (make_styles.WIDTH, make_styles.HEIGHT)
    scene = cv2.GaussianBlur(cv2.resize(picture, size).astype(float), (0, 0), 4)
    painted = _KINDS[kind](rng, scene, *numbers)
    return cv2.resize(painted, (256, 192), interpolation=cv2.INTER_AREA)


def _strokes(rng, scene, length, width, bend):
    angle = 2 * bend * make_styles._noise(rng, 60) + rng.uniform(0, np.pi)
    canvas = make_styles._blank("808080")
    count = int(2.2 * scene[..., 0].size / (length * width))
    make_styles._strokes(
        rng, canvas, scene, angle, count=count, length=length, width=width, jitter=20
    )
    return canvas


def _dots(rng, scene, radius, cover):
    canvas = make_styles._blank("efe6d0")
    height, width = scene.shape[:2]
    count = int(cover * width * height / (np.pi * radius**2))
    for x, y in rng.uniform(0, (width, height), (count, 2)):
        colour = np.clip(scene[int(y), int(x)] + rng.normal(0, 18, 3), 0, 255)
        place = [round(v * _FINE * 2**_BITS) for v in (x, y)]
        size = round(radius * _FINE * 2**_BITS)
        cv2.circle(canvas, place, size, tuple(map(float, colour)), -1, cv2.LINE_AA, _BITS)
    return canvas


def _stones(rng, scene, size, joint):
    canvas = make_styles._blank("2b211c")
    height, width = scene.shape[:2]
    grid = np.meshgrid(np.arange(size / 2, width - 1, size), np.arange(size / 2, height - 1, size))
    points = np.stack(grid, -1).reshape(-1, 2)
    points = np.clip(
        points + rng.uniform(-0.35, 0.35, points.shape) * size, 1, [width - 2, height - 2]
    )
    plan = cv2.Subdiv2D((0, 0, width, height))
    plan.insert([(float(x), float(y)) for x, y in points])
    for facet, centre in zip(*plan.getVoronoiFacetList([]), strict=True):
        colour = scene[int(centre[1]), int(centre[0])] + rng.normal(0, 15)
        corners = np.round(((facet - centre) * joint + centre) * _FINE * 2**_BITS).astype(np.int32)
        colour = tuple(map(float, np.clip(colour, 0, 255)))
        cv2.fillConvexPoly(canvas, corners, colour, cv2.LINE_AA, _BITS)
    return canvas


def _lines(rng, scene, period, bend):
    x, y = make_styles._grid()
    turn = rng.uniform(0, np.pi)
    across = x * np.cos(turn) + y * np.sin(turn) + bend * period * make_styles._noise(rng, 50)
    mask = (np.sin(2 * np.pi * across / period) > rng.uniform(-0.3, 0.5)).astype(float)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.8)[..., None]
    ground = 0.25 * scene if rng.uniform() < 0.5 else 255 - 0.25 * (255 - scene)
    return np.clip(scene * mask + (1 - mask) * ground, 0, 255).astype(np.uint8)


def _grain(rng, scene, strength):
    noise = make_styles._noise(rng, rng.uniform(1.5, 3))[..., None]
    return np.clip(scene + strength * noise, 0, 255).astype(np.uint8)


_KINDS = {"strokes": _strokes, "dots": _dots, "stones": _stones, "lines": _lines, "grain": _grain}


def collect(seed: int) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Return pictures, and for each its own number and its manner's, -1 where it has none."""
    rng = np.random.default_rng(seed)
    whole = [load_photo(name, 512) for name in PHOTOGRAPHS]
    own = [load_photo(name, 200) for name in PHOTOGRAPHS]
    for photo in whole:
        height, width = (max(round(side / 128), 1) for side in photo.shape[:2])
        for rows in np.array_split(photo, height):
            own += np.array_split(rows, width, axis=1)
    own += [load_style(name, 256) for name in STYLES for _ in range(4)]
    own += list(draw_pets("train", 200, 96, seed=0).images)
    painted = []
    for manner in track(MANNERS, "Repainting"):
        for _ in range(_EACH):
            photo = whole[rng.integers(len(whole))]
            top, left = (rng.integers(0, max(side - 256, 1)) for side in photo.shape[:2])
            painted.append(repainted(rng, manner, photo[top : top + 256, left : left + 256]))
    numbers = np.concatenate([np.arange(len(own)), np.full(len(painted), -1)])
    manners = np.concatenate([np.full(len(own), -1), np.repeat(np.arange(len(MANNERS)), _EACH)])
    return own + painted, numbers.astype(np.int32), manners.astype(np.int32)


def crop(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """Return a random square of a picture, mirrored or not, at 64 pixels."""
    side = min(int(_SIDE * rng.uniform(0.8, 1.6)), *picture.shape[:2])
    top, left = (rng.integers(0, n - side + 1) for n in picture.shape[:2])
    cut = cv2.resize(
        picture[top : top + side, left : left + side], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA
    )
    return cut[:, ::-1] if rng.uniform() < 0.5 else cut


def relit(rng: np.random.Generator, crops: np.ndarray) -> np.ndarray:
    """Vary brightness, contrast and colour a little."""
    gain = rng.uniform(0.94, 1.06, (len(crops), 1, 1, 1)) * rng.uniform(
        0.94, 1.06, (len(crops), 1, 1, 3)
    )
    return ((crops - 128.0) * gain + 128 + rng.uniform(-5, 5, (len(crops), 1, 1, 3))).astype(
        "float32"
    )


def training_model(plan, own: int) -> keras.Model:
    """Return the network with batch normalisation, and behind each block what it has to say."""
    pictures = keras.Input((_SIDE, _SIDE, 3))
    x = keras.layers.Rescaling(1 / 64, -2.0, dtype="float32")(pictures)
    said, rebuilt = [], []
    for block, sizes in enumerate(plan, start=1):
        if block > 1:
            x = keras.layers.AveragePooling2D(2)(x)
        for place, filters in enumerate(sizes, start=1):
            name = f"block{block}_conv{place}"
            x = keras.layers.Conv2D(
                filters,
                3,
                padding="same",
                use_bias=False,
                kernel_initializer="he_normal",
                name=name,
            )(x)
            x = BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
            x = keras.layers.ReLU()(x)
        mean = keras.layers.GlobalAveragePooling2D(dtype="float32")(x)
        said.append([keras.layers.Dense(n, dtype="float32")(mean) for n in (own, len(MANNERS), 9)])
        if block > 1:
            patch = 3 * 4 ** (block - 1)  # what lies under one place
            rebuilt.append(keras.layers.Conv2D(patch, 3, padding="same", dtype="float32")(x))
    return keras.Model(pictures, {"said": said, "rebuilt": rebuilt})


def colours(crops: tf.Tensor) -> tf.Tensor:
    """Mean and (three times the) covariance of a crop's colours, (B, 9)."""
    mean = tf.reduce_mean(crops, (1, 2))
    centred = crops - mean[:, None, None]
    covariance = tf.einsum("bhwi,bhwj->bij", centred, centred) / _SIDE**2
    upper = tf.boolean_mask(covariance, np.triu(np.ones((3, 3), bool)), axis=1)
    return tf.concat([mean, 3 * upper], -1)


def named(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Cross-entropy over those that have a label."""
    has = tf.cast(labels >= 0, tf.float32)
    costs = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(labels, 0), logits)
    return tf.reduce_sum(costs * has) / (tf.reduce_sum(has) + 1)


def train(
    model: keras.Model,
    pictures: list[np.ndarray],
    numbers: np.ndarray,
    manners: np.ndarray,
    *,
    steps: int,
    seed: int,
) -> None:
    """Train `model` on all four questions."""
    rng = np.random.default_rng(seed)
    share = np.where(manners >= 0, 0.5 / np.sum(manners >= 0), 0.5 / np.sum(manners < 0))
    optimizer = keras.optimizers.AdamW(
        keras.optimizers.schedules.CosineDecay(3e-3, steps), weight_decay=1e-4
    )
    optimizer.build(model.trainable_variables)

    @tf.function(jit_compile=False)
    def step(crops, number, manner):
        loud = tf.random.uniform((_BATCH, 1, 1, 1), 0, _NOISE)
        loud *= tf.cast(tf.random.uniform((_BATCH, 1, 1, 1)) < 0.7, tf.float32)
        scaled = (crops - 128.0) / 64.0
        with tf.GradientTape() as tape:
            answers = model(crops + loud * tf.random.normal(tf.shape(crops)), training=True)
            loss = 0.0
            for weight, said in zip((0.2, 0.4, 0.6, 1.0), answers["said"], strict=True):
                loss += weight * (named(number, said[0]) + named(manner, said[1]))
                loss += 2 * tf.reduce_mean((colours(scaled) - said[2]) ** 2)
            for depth, patches in enumerate(answers["rebuilt"], start=1):
                wanted = tf.nn.space_to_depth(scaled, 2**depth)
                loss += 3 * tf.reduce_mean((wanted - patches) ** 2)
        slopes = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(slopes, model.trainable_variables)
        manner_right = tf.cast(
            tf.argmax(answers["said"][-1][1], -1, tf.int32) == manner, tf.float32
        )
        known = tf.cast(manner >= 0, tf.float32)
        return loss, tf.reduce_sum(manner_right * known) / tf.reduce_sum(known)

    for done in track(range(1, steps + 1), "Training"):
        chosen = rng.choice(len(pictures), _BATCH, p=share)
        crops = relit(rng, np.stack([crop(rng, pictures[i]) for i in chosen]))
        loss, right = step(crops, numbers[chosen], manners[chosen])
        if done % 100 == 0:
            print(f"step {done}: loss {loss:.2f}, manners named rightly {right:.2f}", flush=True)


def palette(rng: np.random.Generator, filters: int) -> list[np.ndarray]:
    """Return random filters of one pixel: each answers on one side of a plane through colours.

    Random filters alone carry much of a texture (Ustyuzhaninov et al., "What does it take to
    generate natural textures?", ICLR 2017); these carry the palette, which the trained ones blur.
    """
    normal = rng.normal(size=(3, filters))
    normal /= np.linalg.norm(normal, axis=0)
    inside = rng.uniform(-0.6, 0.6, (3, filters))  # a colour on the plane
    return [normal.reshape(1, 1, 3, filters), -(normal * inside).sum(0)]


def strokes(pictures: Sequence[np.ndarray], filters: int, seed: int) -> list[np.ndarray]:
    """Return filters of 7×7 pixels learnt by k-means, each with its negative.

    Whitened patches, of unit length, of the photographs at three sizes; the means look like short
    strokes, edges and spots (Coates and Ng, "Learning feature representations with k-means", 2012).
    A filter answers above a quarter of its standard deviation.
    """
    rng = np.random.default_rng(seed)
    patches = []
    for picture in pictures:
        for octave in range(3):
            size = [side // 2**octave for side in picture.shape[1::-1]]
            smaller = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
            patches.append(some_patches(rng, smaller / 64.0 - 2))
    x = np.concatenate(patches)
    x -= x.mean(1, keepdims=True)
    length = np.linalg.norm(x, axis=1)
    x = x[length > np.quantile(length, 0.3)]
    values, axes = np.linalg.eigh(np.cov(x.T))
    whitening = (axes / np.sqrt(values + 0.002 * values.max())) @ axes.T
    white = x @ whitening
    white /= np.linalg.norm(white, axis=1, keepdims=True)
    means = MiniBatchKMeans(filters // 2, batch_size=4096, n_init=3, random_state=seed).fit(white)
    means = means.cluster_centers_ / np.linalg.norm(means.cluster_centers_, axis=1, keepdims=True)
    kernels = (means @ whitening).reshape(-1, 7, 7, 3)
    kernels -= kernels.mean((1, 2), keepdims=True)
    kernels /= (x @ kernels.reshape(len(kernels), -1).T).std(0)[:, None, None, None]
    both = np.concatenate([kernels, -kernels])
    return [both.transpose(1, 2, 3, 0), np.full(filters, -0.25)]


def some_patches(rng: np.random.Generator, picture: np.ndarray, count: int = 3000) -> np.ndarray:
    """Return random squares of 7×7 pixels, (count, 147)."""
    windows = np.lib.stride_tricks.sliding_window_view(picture, (7, 7), (0, 1))
    rows, columns = (rng.integers(0, n, count) for n in windows.shape[:2])
    return windows[rows, columns].transpose(0, 2, 3, 1).reshape(count, -1)


def folded(model: keras.Model, plan) -> keras.Model:
    """Return the plain network: batch normalisation becomes part of each convolution."""
    plain = networks.build(plan)
    rng = np.random.default_rng(0)
    for name in (layer.name for layer in plain.layers if layer.weights):
        if name == "colours":
            plain.get_layer(name).set_weights(palette(rng, plain.get_layer(name).filters))
            continue
        if name == "strokes":
            photographs = [load_photo(one, 512) for one in PHOTOGRAPHS]
            plain.get_layer(name).set_weights(
                strokes(photographs, plain.get_layer(name).filters, seed=0)
            )
            continue
        kernel = model.get_layer(name).kernel.numpy()
        norm = model.get_layer(f"{name}_bn")
        gamma, beta, mean, variance = norm.get_weights()
        scale = gamma / np.sqrt(variance + norm.epsilon)
        plain.get_layer(name).set_weights([kernel * scale, beta - mean * scale])
    return plain


def main() -> None:
    """Train, fold, normalise, write."""
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else STEPS
    path = Path(sys.argv[2]) if len(sys.argv) > 2 else networks.FILE
    seed = runtime.start(seed=0).seed
    pictures, numbers, manners = collect(seed)
    model = training_model(networks.PLAN, own=int(numbers.max()) + 1)
    train(model, pictures, numbers, manners, steps=steps, seed=seed)
    plain = folded(model, networks.PLAN)
    networks.normalise(plain, [load_photo(name, 160) for name in networks._SAMPLES])
    networks.save(plain, path)


if __name__ == "__main__":
    main()
