"""The loss network: a frozen network whose feature maps tell how much two pictures look alike.

Lesson 13 takes it apart, lesson 14 trains against it. Built in is a small network of the course's
own, made by ``python tools/make_loss_network.py``; ``COURSE_WEIGHTS`` switches to VGG19.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from course_utils import runtime
from course_utils.data.photos import load_photo
from course_utils.errors import DataError
from course_utils.layers import ReflectionPadding

FILE = runtime.SHIPPED / "weights" / "loss_network.npz"

# filters of each block's convolutions
PLAN = ((32, 32), (64, 64), (96, 96), (128, 128))
VGG19 = ((64,) * 2, (128,) * 2, (256,) * 4, (512,) * 4, (512,))

_OCTAVES = 3
_STYLE_LAYERS = (
    "colours",
    *(f"strokes{octave}" for octave in range(1, _OCTAVES + 1)),
    *("block1_conv2", "block2_conv2", "block3_conv1", "block4_conv1"),
)
_VGG_MEAN = (123.68, 116.779, 103.939)
SAMPLES = ("china", "coffee", "flower", "motorcycle", "rocket")


@dataclasses.dataclass(frozen=True)
class LossNetwork:
    """A frozen network with the layers that lessons 13 and 14 compare pictures by.

    Call it with pictures, a tensor (B, H, W, 3) of RGB in 0…255, H and W 32 at least: it gives a
    dict from layer name to feature map (B, H', W', N), the outputs of ReLUs. A channel's mean over
    photographs is about 1 (for strokes: at the first size), as in the normalised VGG of Gatys,
    Ecker and Bethge, "Image style transfer using convolutional neural networks", CVPR 2016,
    section 2.

    Attributes
    ----------
    model : Model
        What a call runs; not trainable, does its own preprocessing.
    style_layers : tuple of str
        From shallow to deep.
    content_layer : str
    """

    model: keras.Model
    style_layers: tuple[str, ...]
    content_layer: str

    def __call__(self, pictures: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the feature maps of `pictures`."""
        return self.model(pictures, training=False)


def loss_network(weights: str | Path | None = None, *, precision: str | None = None) -> LossNetwork:
    """Return the loss network.

    Parameters
    ----------
    weights : str or path, optional
        ``"built-in"``; ``"imagenet"``, VGG19 of `keras.applications` (80 MB, downloaded once); or
        the path of an .h5 file with VGG19's weights, of which the first three blocks are enough.
        By default what ``COURSE_WEIGHTS`` says.
    precision : str, optional
        ``"float32"`` where a line search needs exact losses (L-BFGS, lesson 13); by default the
        lesson's.

    Raises
    ------
    DataError
        The weights can't be downloaded, or the file is none of VGG19.
    """
    weights = str(runtime.settings().weights if weights is None else weights)
    with _policy(precision):
        if weights == "built-in":
            model = build(PLAN)
            load(model, FILE)
            return LossNetwork(model, _STYLE_LAYERS, "block3_conv2")
        values = _downloaded() if weights == "imagenet" else _read_vgg19(Path(weights))
        depth = 3 if "block4_conv1" not in values else 5
        model = build(VGG19[:depth], _VGG_MEAN, scale=1.0, palette=0, strokes=0, mirrored=False)
    for name in model.output:
        model.get_layer(name).set_weights(values[name])
    normalise(model, [load_photo(name, 160) for name in SAMPLES])
    content = "block4_conv2" if depth == len(VGG19) else "block3_conv3"
    return LossNetwork(model, _firsts(depth), content)


def build(
    plan: Sequence[Sequence[int]],
    mean: Sequence[float] = (128.0,) * 3,
    scale: float = 64.0,
    palette: int = 32,
    strokes: int = 96,
    mirrored: bool = True,
) -> keras.Model:
    """Return a network on VGG's plan with He's initial weights (Simonyan and Zisserman 2015).

    Blocks of 3×3 convolutions with ReLU, and average pooling between them, with which Gatys et al.
    found pictures a little more pleasing than with VGG's maximum. Beside them two single layers:
    filters of one pixel that see nothing but its colour, and filters of 7×7 pixels that look for
    strokes at every second place of the picture, of half its size and of a quarter. A single layer
    with filters of several sizes carries much of a texture (Ustyuzhaninov et al., "What does it
    take to generate natural textures?", ICLR 2017).

    Parameters
    ----------
    plan : sequence of sequences of int
        The filters of each convolution, block by block.
    mean : (red, green, blue)
        Subtracted from the picture, which is then divided by `scale`.
    scale : float
    palette : int
        Filters of one pixel; 0 for VGG as it is.
    strokes : int
        Filters of 7×7 pixels; 0 for VGG as it is.
    mirrored : bool
        Whether maps go on mirrored beyond their border, or as zeros (as VGG's do), which a style
        loss sees as an edge around the picture.

    Returns
    -------
    Model
        Frozen; pictures (B, H, W, 3) in 0…255 to a dict of maps, ``colours``, ``strokes1`` to
        ``strokes3``, ``block1_conv1`` and so on.
    """
    pictures = keras.Input((None, None, 3), name="pictures")
    offset = [-value / scale for value in mean]
    # bfloat16 would round a bright pixel by a whole grey level
    x = keras.layers.Rescaling([1 / scale] * 3, offset, dtype="float32")(pictures)
    maps = {}
    if palette:
        maps["colours"] = keras.layers.Conv2D(palette, 1, activation="relu", name="colours")(x)
    if strokes:
        look, smaller = keras.layers.Conv2D(strokes, 7, 2, activation="relu", name="strokes"), x
        for octave in range(1, _OCTAVES + 1):
            if octave > 1:
                smaller = keras.layers.AveragePooling2D(2)(smaller)
            maps[f"strokes{octave}"] = look(smaller)
    for block, sizes in enumerate(plan, start=1):
        if block > 1:
            x = keras.layers.AveragePooling2D(2)(x)
        for place, filters in enumerate(sizes, start=1):
            name = f"block{block}_conv{place}"
            x = ReflectionPadding(1)(x) if mirrored else x
            x = keras.layers.Conv2D(
                filters,
                3,
                padding="valid" if mirrored else "same",
                activation="relu",
                kernel_initializer="he_normal",
                name=name,
            )(x)
            maps[name] = x
    model = keras.Model(pictures, maps, name="loss_network")
    model.trainable = False
    return model


def normalise(model: keras.Model, pictures: Iterable[np.ndarray]) -> None:
    """Scale each filter so that its mean over `pictures` and places is 1 (Gatys et al. 2016).

    The next convolution undoes it, so that nothing but the scales of the maps changes: ReLU and
    average pooling let a positive factor through. A filter that hardly ever answers is taken
    to answer a twentieth as much as the mean of all.

    Parameters
    ----------
    model : Model
        Of `build`.
    pictures : iterable of arrays (H, W, 3) uint8
    """
    seen = [model(picture[None].astype(np.float32), training=False) for picture in pictures]
    before = None
    for layer in model.layers:
        if not isinstance(layer, keras.layers.Conv2D):
            continue
        name = "strokes1" if layer.name == "strokes" else layer.name
        answers = [tf.reduce_mean(tf.cast(maps[name], tf.float32), (0, 1, 2)) for maps in seen]
        mean = np.mean(answers, axis=0)
        mean = np.maximum(mean, 0.05 * mean.mean())
        kernel, bias = layer.get_weights()
        on_picture = layer.name in ("colours", "strokes", "block1_conv1")
        kernel = kernel * (1.0 if on_picture else before[:, None]) / mean
        layer.set_weights([kernel, bias / mean])
        if layer.name.startswith("block"):
            before = mean


def save(model: keras.Model, path: Path) -> None:
    """Write the weights of a network of `build` as float16."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **{v.path: np.asarray(v, np.float16) for v in model.variables})


def load(model: keras.Model, path: Path) -> None:
    """Read weights that `save` wrote into a network of the same plan."""
    with np.load(path, allow_pickle=False) as file:
        for variable in model.variables:
            variable.assign(file[variable.path].astype(np.float32))


def _firsts(blocks: int) -> tuple[str, ...]:
    return tuple(f"block{block}_conv1" for block in range(1, blocks + 1))


@contextlib.contextmanager
def _policy(precision: str | None) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision or before)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _downloaded() -> dict[str, list[np.ndarray]]:
    try:
        vgg = keras.applications.VGG19(include_top=False, weights="imagenet")
    except Exception as error:  # whatever get_file meets: no network, a proxy, a cut-off file
        raise DataError(
            "VGG19's ImageNet weights can't be downloaded: connect to the network and run this "
            "again, or set COURSE_WEIGHTS to 'built-in' or to the path of an .h5 file with them."
        ) from error
    return {x.name: _for_rgb(x.name, x.get_weights()) for x in vgg.layers if x.get_weights()}


def _read_vgg19(path: Path) -> dict[str, list[np.ndarray]]:
    """Read the convolutions of an .h5 file as keras.applications has it, by name."""
    import h5py

    path = path.expanduser()
    values = {}
    try:
        with h5py.File(path) as file:
            for name in file:
                keys = list(file[name].attrs.get("weight_names", ()))
                arrays = [file[name][k.decode() if isinstance(k, bytes) else k][()] for k in keys]
                if arrays:
                    values[name] = _for_rgb(name, arrays)
        if values["block3_conv4"][0].shape != (3, 3, 256, 256):
            raise KeyError("block3_conv4")
    except (OSError, KeyError):
        raise DataError(
            f"{path} does not hold VGG19's weights as keras.applications stores them (.h5, at "
            "least block1 to block3): give such a file, or set COURSE_WEIGHTS to 'built-in'."
        ) from None
    return values


def _for_rgb(name: str, weights: list[np.ndarray]) -> list[np.ndarray]:
    # VGG's first layer takes blue, green, red
    kernel, bias = weights
    return [kernel[:, :, ::-1] if name == "block1_conv1" else kernel, bias]
