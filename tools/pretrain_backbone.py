"""Trains the network that the detectors of lessons 18 to 20 start from: breeds of drawn pets.

    python tools/pretrain_backbone.py

writes data/weights/detection_backbone.npz and prints the share of test pets whose breed is told
right. Pets come in random sizes, as in scenes; they are drawn from a seed that no lesson uses.
Half a minute on two quiet cores.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from course_utils import runtime

SEED = 181_920
STEPS = 700
BATCH = 64
SIDES = (24, 64)
LEARNING_RATE = 3e-3


def trained() -> tuple[list[np.ndarray], float]:
    """Train; return the backbone's kernels and biases, and the accuracy on the test pets."""
    runtime.start(seed=SEED, source="drawn", precision="float32")
    import keras
    import tensorflow as tf

    from course_utils.backbone import PLAN
    from course_utils.data.pets import load_pets
    from course_utils.layers import BatchNormalization
    from course_utils.progress import Bar

    pets, others = load_pets("train"), load_pets("test")
    layers = [keras.Input((None, None, 3)), keras.layers.Rescaling(1 / 127.5, -1)]
    for filters, kernel, stride, pooled in PLAN:
        layers += [
            keras.layers.Conv2D(
                filters,
                kernel,
                stride,
                padding="same",
                use_bias=False,
                kernel_initializer="he_normal",
            ),
            BatchNormalization(momentum=0.9),
            keras.layers.ReLU(),
        ]
        if pooled:
            layers.append(keras.layers.MaxPooling2D(padding="same"))
    layers += [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(len(pets.breed_names))]
    model = keras.Sequential(layers)
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(LEARNING_RATE, STEPS))
    optimizer.build(model.trainable_variables)

    @tf.function(reduce_retracing=True)
    def step(X: tf.Tensor, y: tf.Tensor, side: tf.Tensor) -> None:
        X = tf.image.resize(tf.cast(X, tf.float32), (side, side), antialias=True)
        with tf.GradientTape() as tape:
            loss = keras.losses.sparse_categorical_crossentropy(
                y, model(X, training=True), from_logits=True
            )
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)

    rng = np.random.default_rng(SEED)
    with Bar(STEPS, "Training on breeds") as bar:
        for _ in range(STEPS):
            chosen = rng.choice(len(pets), BATCH, replace=False)
            X = pets.images[chosen]
            X = X[:, :, ::-1] if rng.random() < 0.5 else X
            side = tf.constant(int(rng.integers(SIDES[0], SIDES[1] + 1)))
            step(tf.constant(X), tf.constant(pets.breed[chosen]), side)
            bar.update()
    X = tf.image.resize(tf.constant(others.images, tf.float32), (48, 48), antialias=True)
    accuracy = float(np.mean(model.predict(X, verbose=0).argmax(axis=1) == others.breed))
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    norms = [layer for layer in model.layers if isinstance(layer, BatchNormalization)]
    folded = []
    for convolution, norm in zip(convolutions, norms, strict=True):
        gamma, beta, mean, variance = norm.get_weights()
        factor = gamma / np.sqrt(variance + norm.epsilon)
        folded += [convolution.get_weights()[0] * factor, beta - mean * factor]
    return folded, accuracy


def main(file: Path) -> None:
    """Train and write `file`."""
    weights, accuracy = trained()
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = {f"{i:02d}": array.astype(np.float16) for i, array in enumerate(weights)}
    np.savez_compressed(file, accuracy=np.float32(accuracy), **kept)
    print(f"{accuracy:.3f} of the test pets' breeds told right; {file.stat().st_size:,} bytes.")


if __name__ == "__main__":
    from course_utils.backbone import WEIGHTS

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--file", type=Path, default=runtime.SHIPPED / "weights" / WEIGHTS)
    main(parser.parse_args().file)
