"""Measures what the course's speed rests on, one line a measurement.

    python tools/bench.py
    python tools/bench.py --only "batch normalisation"

A new measurement is a function under `@measured("its name")` that yields lines. Run it on a machine
with nothing else to do.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import executed

from course_utils import runtime

Measurement = Callable[[], Iterator[str]]
MEASUREMENTS: dict[str, Measurement] = {}
_RUNS = 7


def measured(name: str) -> Callable[[Measurement], Measurement]:
    """Register a function that yields its lines as it gets them."""

    def register(measurement: Measurement) -> Measurement:
        MEASUREMENTS[name] = measurement
        return measurement

    return register


def medians(*steps: Callable[[], object], runs: int = _RUNS) -> list[float]:
    """Return the median seconds of each step over warm runs, the steps taking turns."""
    for step in steps:
        step()
    taken: list[list[float]] = [[] for _ in steps]
    for _ in range(runs):
        for step, times in zip(steps, taken, strict=True):
            begun = time.perf_counter()
            step()
            times.append(time.perf_counter() - begun)
    return [statistics.median(times) for times in taken]


def precisions() -> list[str]:
    """Return the precisions that this processor can run."""
    return ["float32", *(["mixed_bfloat16"] if runtime.has_bfloat16_units() else [])]


def quietly(**settings: object) -> None:
    """Open the course without its printed line."""
    with contextlib.redirect_stdout(io.StringIO()):
        runtime.start(**settings)


@measured("import course_utils")
def import_package() -> Iterator[str]:
    code = (
        "import sys, time; before, begun = len(sys.modules), time.perf_counter()\n"
        "import course_utils\n"
        "print(time.perf_counter() - begun, len(sys.modules) - before)"
    )
    said = [fresh_python(code).split() for _ in range(5)]
    seconds = statistics.median(float(one) for one, _ in said)
    yield f"{seconds:.4f} s, {said[0][1]} modules"


@measured("a lesson's first cell, cold")
def first_cell() -> Iterator[str]:
    from jupyter_client.manager import start_new_kernel

    code = (
        "from course_utils import runtime\nruntime.start(lesson=4)\n"
        "import keras, numpy, tensorflow\nfrom course_utils import plotting"
    )
    taken = []
    for _ in range(3):
        begun = time.perf_counter()
        manager, client = start_new_kernel(stderr=subprocess.DEVNULL)
        client.execute_interactive(code, output_hook=lambda message: None)
        taken.append(time.perf_counter() - begun)
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    yield f"{statistics.median(taken):.1f} s with the kernel's start"


@measured("3,000 drawn pets, 64 px")
def drawn_pets() -> Iterator[str]:
    code = (
        "import contextlib, io, time\n"
        "from course_utils import runtime\n"
        "from course_utils.data.pets import load_pets\n"
        "if __name__ == '__main__':\n"
        "    with contextlib.redirect_stdout(io.StringIO()):\n"
        "        runtime.start(keras=False)\n"
        "    begun = time.perf_counter()\n"
        "    load_pets('train', count=3000, size=64)\n"
        "    print(time.perf_counter() - begun)"
    )
    with tempfile.TemporaryDirectory() as cache:
        for what in ("drawn", "from the cache, in another process"):
            yield f"{float(fresh_python(code, COURSE_DATA=cache).split()[-1]):.2f} s {what}"


@measured("the first step of six dense layers, traced with Keras's Adam and with the course's")
def adam() -> Iterator[str]:
    import keras
    import tensorflow as tf

    from course_utils.optimizers import Adam

    def first_step(kind: type) -> float:
        model = keras.Sequential([keras.Input((64,)), *(keras.layers.Dense(64) for _ in range(6))])
        optimizer = kind()
        optimizer.build(model.trainable_variables)

        @tf.function
        def step() -> None:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(model(tf.ones((32, 64))) ** 2)
            optimizer.apply(tape.gradient(loss, model.trainable_variables))

        begun = time.perf_counter()
        step()
        return time.perf_counter() - begun

    kinds = {"Keras's": keras.optimizers.Adam, "the course's": Adam}
    taken = [[first_step(kind) for kind in kinds.values()] for _ in range(_RUNS)]
    for name, times in zip(kinds, zip(*taken, strict=True), strict=True):
        yield f"{statistics.median(times):.2f} s with {name}"


_CONVOLUTION = (
    "x, kernel = tf.random.normal((32, 64, 64, 16)), tf.random.normal((3, 3, 16, 16))\n"
    "@tf.function(jit_compile=False)\n"
    "def step():\n"
    "    with tf.GradientTape() as tape:\n"
    "        tape.watch([x, kernel])\n"
    "        y = tf.reduce_sum(tf.nn.conv2d(x, kernel, 1, 'SAME'))\n"
    "    return tape.gradient(y, [x, kernel])\n"
)


@measured("a 3×3 convolution with its gradients on (32, 64, 64, 16), with oneDNN and without")
def convolution_by_onednn() -> Iterator[str]:
    own, plain = (fresh_milliseconds(_CONVOLUTION, TF_ENABLE_ONEDNN_OPTS=on) for on in "10")
    yield f"{own:.1f} ms with it, {plain:.1f} ms without: {plain / own:.1f} times faster"


@measured("the same convolution, freed memory kept (GLIBC_TUNABLES as make sets it) or given back")
def convolution_by_memory() -> Iterator[str]:
    settings = (os.environ.get("GLIBC_TUNABLES", ""), "")
    kept, given_back = (
        fresh_milliseconds(_CONVOLUTION, TF_ENABLE_ONEDNN_OPTS="1", GLIBC_TUNABLES=one)
        for one in settings
    )
    yield f"{kept:.1f} ms kept, {given_back:.1f} ms given back"


@measured("a 9×9 convolution of one picture (1, 168, 168, 32) to 3 maps, in two strips and whole")
def convolution_in_strips() -> Iterator[str]:
    import keras
    import tensorflow as tf

    from course_utils.layers import StripConv2D

    picture = tf.random.normal((1, 168, 168, 32))
    steps = []
    for layer in (StripConv2D(3, 9), keras.layers.Conv2D(3, 9)):
        layer.build(picture.shape)
        steps.append(tf.function(lambda layer=layer: layer(picture), jit_compile=False))
    strips, whole = medians(*(lambda step=step: step().numpy() for step in steps))
    yield f"{1e3 * strips:.1f} ms in strips, {1e3 * whole:.1f} ms whole"


@measured("convolution, normalisation, ReLU on one picture (1, 120, 120, 64), alone and fused")
def convolution_fused() -> Iterator[str]:
    code = (
        "x, kernel = tf.random.normal((1, 120, 120, 64)), tf.random.normal((3, 3, 64, 64))\n"
        "tf.config.optimizer.set_experimental_options({'remapping': FUSED})\n"
        "@tf.function(jit_compile=False)\n"
        "def step():\n"
        "    y = tf.nn.conv2d(x, kernel, 1, 'SAME')\n"
        "    stored = [tf.ones(64)] * 4\n"
        "    y = tf.compat.v1.nn.fused_batch_norm(y, *stored, is_training=False)[0]\n"
        "    return [tf.nn.relu(y)]\n"
    )
    alone, fused = (
        fresh_milliseconds(code.replace("FUSED", on), TF_ENABLE_ONEDNN_OPTS="1")
        for on in ("False", "True")
    )
    yield f"{alone:.1f} ms alone, {fused:.1f} ms fused"


@measured(
    "the detectors' backbone, a step on (64, 40, 40, 3), in two halves side by side and whole"
)
def step_in_halves() -> Iterator[str]:
    code = (
        "from course_utils import runtime\n"
        "runtime.start(branches=BRANCHES)\n"
        "from course_utils.backbone import detection_backbone\n"
        "from course_utils.parallel import in_halves\n"
        "network, pictures = detection_backbone(), 255 * tf.random.uniform((64, 40, 40, 3))\n"
        "@tf.function(jit_compile=False)\n"
        "def step():\n"
        "    with tf.GradientTape() as tape:\n"
        "        loss = tf.reduce_mean(ANSWER ** 2)\n"
        "    return tape.gradient(loss, network.trainable_variables)\n"
    )
    ways = (
        ("2", "in_halves(network, pictures, training=True)"),
        ("1", "network(pictures, training=True)"),
    )
    halves, whole = (
        fresh_milliseconds(
            code.replace("BRANCHES", branches).replace("ANSWER", answer), TF_ENABLE_ONEDNN_OPTS="1"
        )
        for branches, answer in ways
    )
    yield f"{halves:.1f} ms in halves, {whole:.1f} ms whole"


@measured("batch normalisation, forward and backward on (32, 96, 96, 32)")
def batch_normalisation() -> Iterator[str]:
    import keras
    import tensorflow as tf

    from course_utils.layers import BatchNormalization

    for precision in precisions():
        dtype = keras.dtype_policies.get(precision).compute_dtype
        inputs = tf.cast(tf.random.stateless_normal((32, 96, 96, 32), [1, 2]), dtype)
        push = tf.cast(tf.random.stateless_normal((32, 96, 96, 32), [3, 4]), dtype)

        def step_of(kind: type, precision: str = precision, inputs=inputs, push=push) -> Callable:
            layer = kind(dtype=precision)
            layer.build(inputs.shape)

            @tf.function(jit_compile=False)
            def step() -> list:
                with tf.GradientTape() as tape:
                    tape.watch(inputs)
                    outputs = layer(inputs, training=True)
                sources = [inputs, layer.gamma.value, layer.beta.value]
                return tape.gradient(outputs, sources, output_gradients=push)

            return lambda: step()[0].numpy()

        theirs, ours = medians(
            step_of(keras.layers.BatchNormalization), step_of(BatchNormalization)
        )
        yield (
            f"{precision}: Keras {1e3 * theirs:.1f} ms, fused {1e3 * ours:.1f} ms, "
            f"{theirs / ours:.1f} times faster"
        )


@measured("LeNet, a training step on 32 pictures of 64 px")
def lenet() -> Iterator[str]:
    import keras
    import tensorflow as tf

    def step_of(precision: str) -> Callable:
        keras.config.set_dtype_policy(precision)
        model = keras.Sequential(
            [
                keras.Input((64, 64, 3)),
                keras.layers.Conv2D(6, 5, activation="relu"),
                keras.layers.MaxPooling2D(),
                keras.layers.Conv2D(16, 5, activation="relu"),
                keras.layers.MaxPooling2D(),
                keras.layers.Flatten(),
                keras.layers.Dense(120, activation="relu"),
                keras.layers.Dense(84, activation="relu"),
                keras.layers.Dense(2, dtype="float32"),
            ]
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, jit_compile=False)
        images = tf.random.stateless_uniform((32, 64, 64, 3), [1, 2])
        labels = tf.range(32) % 2
        return lambda: model.train_on_batch(images, labels)

    names = precisions()
    taken = medians(*(step_of(name) for name in names), runs=50)
    keras.config.set_dtype_policy("float32")
    for name, seconds in zip(names, taken, strict=True):
        yield f"{name}: {1e3 * seconds:.1f} ms"


@measured("DCGAN of lesson 09, a training step on 16 pictures of 32 px")
def dcgan() -> Iterator[str]:
    import keras
    import tensorflow as tf

    networks = "\n\n".join(executed.tagged_cells("09", "networks"))
    x = tf.random.stateless_uniform((16, 32, 32, 3), [1, 2], -1.0, 1.0)
    z = tf.random.stateless_normal((16, 64), [3, 4])

    def game_in(precision: str) -> SimpleNamespace:
        keras.config.set_dtype_policy(precision)
        lesson: dict = {"channels": 3}
        exec(networks, lesson)
        return lesson["new_game"]()

    names = precisions()
    games = {name: game_in(name) for name in names}
    fast = game_in(names[-1])
    with_xla = tf.function(fast.step.python_function, jit_compile=True)
    steps = [lambda game=game: game.step(x, z)[0].numpy() for game in games.values()]
    *taken, xla = medians(*steps, lambda: with_xla(x, z)[0].numpy(), runs=30)
    (made,) = medians(lambda: games[names[-1]].G(z, training=False).numpy(), runs=30)
    keras.config.set_dtype_policy("float32")
    for name, seconds in zip(names, taken, strict=True):
        yield f"{name}: {1e3 * seconds:.1f} ms, {1e3 * seconds / 16:.2f} ms a picture"
    yield f"{names[-1]} with XLA: {1e3 * xla:.1f} ms"
    yield f"{names[-1]}, a picture generated in {1e3 * made / 16:.2f} ms"


@measured("painter of lesson 14, one pass over 256 × 256 pixels")
def painter() -> Iterator[str]:
    import keras
    import tensorflow as tf

    networks = "\n\n".join(executed.tagged_cells("14", "networks"))
    photo = tf.random.stateless_uniform((1, 256, 256, 3), [1, 2], 0.0, 255.0)

    def pass_in(precision: str) -> Callable:
        keras.config.set_dtype_policy(precision)
        lesson: dict = {}
        exec(networks, lesson)
        network = lesson["transformation_network"]()
        one_pass = tf.function(lambda x: network(x, training=False), jit_compile=False)
        return lambda: one_pass(photo).numpy()

    names = precisions()
    taken = medians(*(pass_in(name) for name in names), runs=15)
    keras.config.set_dtype_policy("float32")
    for name, seconds in zip(names, taken, strict=True):
        yield f"{name}: {1e3 * seconds:.1f} ms, {1e9 * seconds / 256**2:,.0f} ns a pixel"


@measured("detectors of lessons 18 to 20, one scene of 128 × 128 pixels, float32")
def detectors() -> Iterator[str]:
    from course_utils.data.pets import load_scenes
    from course_utils.selective_search import selective_search

    quietly(source="drawn", precision="float32")
    scenes = load_scenes("test", count=8, size=128)
    lesson: dict = {"train": scenes, "test": scenes, "names": scenes.class_names}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for cell in executed.tagged_cells("20", "detector"):
            # how long it looks does not depend on what it has learnt
            cell = re.sub(r"STEPS, BATCH = \d+", "STEPS, BATCH = 2", cell)
            exec(cell.replace("runtime.start(lesson=20)", "runtime.settings()"), lesson)
    X, limits = lesson["X_test"][:1], lesson["limits_test"][:1]
    image = scenes.images[0]
    rois = selective_search(image, most=200)[None]
    ways = {
        "selective search": lambda: selective_search(image, most=200),
        "R-CNN without the search": lambda: lesson["r_cnn"](X, limits, rois)[0].numpy(),
        "Fast R-CNN without the search": lambda: lesson["fast"](X, limits, rois)[0].numpy(),
        "Faster R-CNN": lambda: lesson["detect"](X, limits)[0].numpy(),
    }
    taken = dict(zip(ways, medians(*ways.values(), runs=15), strict=True))
    for name, seconds in taken.items():
        yield f"{name}: {1e3 * seconds:.1f} ms"
    searched = taken["selective search"]
    rates = [1 / (taken[name] + searched) for name in list(ways)[1:3]]
    rates.append(1 / taken["Faster R-CNN"])
    yield "frames per second, proposals included: R-CNN {:.1f}, Fast {:.1f}, Faster {:.0f}".format(
        *rates
    )


def fresh_python(code: str, **environment: str) -> str:
    """Run `code` as a script in a Python of its own and return what it printed.

    It is a file and guards what it does, since drawing starts workers that import it again.
    """
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.py"
        script.write_text(code, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, str(script)],
            env=os.environ | environment,
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def fresh_milliseconds(code: str, **environment: str) -> float:
    """Return the median milliseconds of `step()`, which `code` defines, in a Python of its own.

    `code` has TensorFlow as `tf`; its `step` returns tensors.
    """
    before = "import statistics, time\nimport tensorflow as tf\n"
    after = (
        "taken = []\n"
        "for _ in range(22):\n"
        "    begun = time.perf_counter()\n"
        "    _ = [one.numpy() for one in step()]\n"
        "    taken.append(1e3 * (time.perf_counter() - begun))\n"
        "print(statistics.median(taken[2:]))"
    )
    return float(fresh_python(before + code + after, **environment).split()[-1])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="NAME", help="those whose name contains it")
    only = parser.parse_args(arguments).only
    chosen = {name: f for name, f in MEASUREMENTS.items() if only.lower() in name.lower()}
    if not chosen:
        print(f"No measurement has {only!r} in its name; there are: {', '.join(MEASUREMENTS)}.")
        return 2
    quietly(keras=True)
    for name, measurement in chosen.items():
        for line in measurement():
            print(f"{name}: {line}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
