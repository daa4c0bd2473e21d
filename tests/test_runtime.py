"""Settings, seeds, precision, and what opening a lesson costs."""

import os
import pathlib
import platform
import random
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from course_utils import runtime

NAMES = ("SOURCE", "WEIGHTS", "SEED", "PRECISION", "DATA", "STRICT")


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    """No setting from outside, and none left behind."""
    for name in NAMES:
        monkeypatch.delenv(f"COURSE_{name}", raising=False)
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    monkeypatch.setattr(runtime, "_current", None)


@pytest.fixture
def processor(monkeypatch):
    """A function that makes this a Linux machine on x86 whose processor has the given flags."""

    def pretend(flags, system="Linux", machine="x86_64"):
        monkeypatch.setattr(platform, "system", lambda: system)
        monkeypatch.setattr(platform, "machine", lambda: machine)
        real = pathlib.Path.read_text

        def read_text(path, *arguments, **keywords):
            if str(path) == "/proc/cpuinfo":
                if flags is None:
                    raise PermissionError(path)
                return f"processor\t: 0\nflags\t\t: fpu {flags} sse2\n"
            return real(path, *arguments, **keywords)

        monkeypatch.setattr(pathlib.Path, "read_text", read_text)

    return pretend


def fresh(code, **environment):
    """What `code` prints in a Python of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("COURSE_")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=kept | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# settings


def test_defaults(processor):
    processor("avx2")
    chosen = runtime.start(lesson=3, keras=False)
    cache = pathlib.Path(runtime.__file__).resolve().parents[1] / "data" / "cache"
    assert chosen == runtime.Settings(
        3, "drawn", "built-in", seed=0, precision="float32", data=cache, strict=False
    )


@pytest.mark.parametrize(
    ("name", "in_environment", "by_environment", "keyword", "by_keyword"),
    [
        ("source", "photos", "photos", "drawn", "drawn"),
        ("weights", "imagenet", "imagenet", "built-in", "built-in"),
        ("seed", "7", 7, 0, 0),
        ("precision", "float32", "float32", "mixed_bfloat16", "mixed_bfloat16"),
        ("strict", "1", True, False, False),
    ],
)
def test_keyword_wins_over_environment_over_default(
    monkeypatch, processor, name, in_environment, by_environment, keyword, by_keyword
):
    processor("amx_bf16")
    default = getattr(runtime.start(keras=False), name)
    monkeypatch.setenv(f"COURSE_{name.upper()}", "")
    assert getattr(runtime.start(keras=False), name) == default
    monkeypatch.setenv(f"COURSE_{name.upper()}", in_environment)
    assert getattr(runtime.start(keras=False), name) == by_environment != default
    assert getattr(runtime.start(keras=False, **{name: keyword}), name) == by_keyword


def test_data_folder_is_absolute_from_either_setting(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "a" / ".." / "b"))
    assert runtime.start(keras=False).data == (tmp_path / "b").resolve()
    monkeypatch.chdir(tmp_path)
    assert runtime.start(keras=False, data="c").data == (tmp_path / "c").resolve()
    assert runtime.start(keras=False, data="~/d").data == pathlib.Path.home().resolve() / "d"


def test_weights_may_be_a_file(monkeypatch, tmp_path):
    (tmp_path / "mine.h5").write_bytes(b"")
    monkeypatch.setenv("COURSE_WEIGHTS", str(tmp_path / "mine.h5"))
    assert runtime.start(keras=False).weights == str(tmp_path / "mine.h5")
    with pytest.raises(ValueError, match=r"^COURSE_WEIGHTS is '.*other.h5'; it can be"):
        runtime.start(keras=False, weights=str(tmp_path / "other.h5"))


@pytest.mark.parametrize(
    ("word", "strict"), [("1", True), ("true", True), ("0", False), ("False", False), ("no", False)]
)
def test_strict_in_words(monkeypatch, word, strict):
    monkeypatch.setenv("COURSE_STRICT", word)
    assert runtime.settings().strict is strict


def test_settings_are_those_of_the_running_lesson(monkeypatch):
    monkeypatch.setenv("COURSE_SEED", "5")
    assert runtime.settings().seed == 5
    runtime.start(lesson=2, seed=6, keras=False)
    monkeypatch.setenv("COURSE_SEED", "7")
    assert (runtime.settings().lesson, runtime.settings().seed) == (2, 6)


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("WEIGHTS", "vgg", "it can be 'built-in', 'imagenet' or the path of a file"),
        ("SEED", "-1", "a whole number from 0"),
        ("SEED", "two", "a whole number from 0"),
        ("SEED", "1.5", "a whole number from 0"),
        ("SEED", str(2**32), "a whole number from 0"),
        ("PRECISION", "float16", "it can be 'float32' or 'mixed_bfloat16'"),
    ],
)
def test_a_wrong_value_gets_one_sentence(monkeypatch, name, value, remedy):
    monkeypatch.setenv(f"COURSE_{name}", value)
    with pytest.raises(ValueError, match=rf"^COURSE_{name} is '{value}'") as error:
        runtime.start(keras=False)
    assert remedy in str(error.value)
    assert "\n" not in str(error.value)
    monkeypatch.delenv(f"COURSE_{name}")
    with pytest.raises(ValueError, match=remedy.replace("*", r"\*")):
        runtime.start(keras=False, **{name.lower(): value})


def test_the_line_says_what_was_chosen(capsys, monkeypatch, processor):
    processor("avx2")
    runtime.start(lesson=3, seed=4, keras=False)
    line = capsys.readouterr().out
    assert line.startswith("Lesson 03 · built-in data (COURSE_SOURCE=photos or")
    assert "seed 4" in line
    assert line.count("\n") == 1
    assert "float32" not in line  # a lesson in NumPy alone has no policy
    runtime.start(source="my pets", keras=False)
    assert "data: my pets (COURSE_SOURCE=drawn switches back)" in capsys.readouterr().out


# precision


@pytest.mark.parametrize(
    ("flags", "limit", "units"),
    [
        ("amx_bf16 amx_tile", None, True),
        ("amx_bf16 amx_tile", "", True),
        ("amx_bf16 amx_tile", "ALL", True),
        ("amx_bf16 amx_tile", "default", True),
        ("amx_bf16 amx_tile", "AVX512_CORE_AMX", True),
        ("amx_bf16 amx_tile", "AVX2", False),
        ("amx_bf16 amx_tile", "avx512_core_bf16", False),
        ("avx2 avx512_bf16", None, False),
        ("amx_bf16_like", None, False),
        ("amx_int8 amx_tile", None, False),
        (None, None, False),
    ],
)
def test_units_are_asked_of_the_processor(monkeypatch, processor, flags, limit, units):
    processor(flags)
    if limit is not None:
        monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", limit)
    assert runtime.has_bfloat16_units() is units
    expected = "mixed_bfloat16" if units else "float32"
    assert runtime.start(keras=False).precision == expected


@pytest.mark.parametrize(
    ("system", "machine"), [("Darwin", "arm64"), ("Windows", "AMD64"), ("Linux", "aarch64")]
)
def test_other_machines_take_float32(processor, system, machine):
    processor("amx_bf16", system, machine)
    assert not runtime.has_bfloat16_units()


def test_bfloat16_is_refused_where_it_would_abort(monkeypatch, processor):
    processor("amx_bf16")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    monkeypatch.setenv("COURSE_PRECISION", "mixed_bfloat16")
    with pytest.raises(ValueError, match="no bfloat16 units that TensorFlow could use; take 'floa"):
        runtime.start(keras=False)


def test_keras_gets_the_precision():
    code = (
        "from course_utils import runtime\n"
        "runtime.start(precision='float32')\n"
        "import keras\n"
        "print(keras.config.dtype_policy().name)\n"
        "if runtime.has_bfloat16_units():\n"
        "    runtime.start()\n"
        "    print(keras.config.dtype_policy().name)\n"
    )
    said = fresh(code).splitlines()
    assert said[0].startswith("Course · built-in data")
    assert "float32" in said[0]
    assert said[1] == "float32"
    if runtime.has_bfloat16_units():
        assert said[3] == "mixed_bfloat16"


def test_tensorflow_convolves_with_onednn_unless_told_otherwise(monkeypatch):
    code = (
        "from course_utils import runtime\n"
        "runtime.start()\n"
        "from tensorflow.python.util import _pywrap_util_port\n"
        "print(_pywrap_util_port.IsMklEnabled())\n"
    )
    built_with_it = platform.machine() in ("x86_64", "AMD64")
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    assert fresh(code).splitlines()[-1] == str(built_with_it)
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    assert fresh(code).splitlines()[-1] == "False"


@pytest.mark.parametrize(("flags", "fuses"), [("avx2", False), ("avx2 avx512f", True)])
def test_convolutions_stay_alone_where_fusing_them_is_slow(processor, flags, fuses):
    before = tf.config.optimizer.get_experimental_options()
    try:
        tf.config.optimizer.set_experimental_options({"remapping": True})
        processor(flags)
        runtime.start()
        assert tf.config.optimizer.get_experimental_options()["remapping"] is fuses
    finally:
        tf.config.optimizer.set_experimental_options({"remapping": before.get("remapping", True)})


@pytest.mark.parametrize(
    ("cores", "branches", "share"),
    [(2, 1, 0), (2, 2, 1), (8, 2, 4), (1, 2, 1)],  # 0: TensorFlow takes all
)
def test_branches_share_out_the_cores(cores, branches, share):
    code = (
        "import os\n"
        f"os.cpu_count = lambda: {cores}\n"
        "from course_utils import runtime\n"
        f"runtime.start(branches={branches})\n"
        f"runtime.start(branches={branches})  # the first cell, run once more\n"
        "import tensorflow as tf\n"
        "tf.constant(1)\n"
        f"runtime.start(branches={branches})\n"
        "print(tf.config.threading.get_intra_op_parallelism_threads())\n"
    )
    assert fresh(code).splitlines()[-1] == str(share)


def test_keras_is_loaded_without_scikit_learn_which_can_be_loaded_afterwards():
    code = (
        "import gc, sys\n"
        "from course_utils import runtime\n"
        "runtime.start()\n"
        "print('sklearn' in sys.modules, gc.isenabled())\n"
        "from sklearn.svm import LinearSVC\n"
        "print(LinearSVC.__name__)\n"
    )
    assert fresh(code).splitlines()[-2:] == ["False True", "LinearSVC"]


def test_what_was_imported_is_not_searched_for_garbage_again():
    code = (
        "import gc; from course_utils import runtime; runtime.start(lesson=1)\n"
        "first = gc.get_freeze_count(); kept = [[] for _ in range(1000)]\n"
        "runtime.start(lesson=1); print(first > 100_000, gc.get_freeze_count() == first)"
    )
    assert fresh(code).splitlines()[-1] == "True True"


# seeds


def test_seeds_every_generator():
    def numbers(seed):
        runtime.start(seed=seed, keras=False)
        return random.random(), np.random.random()  # noqa: NPY002 - the one that libraries use

    assert numbers(1) == numbers(1)
    assert all(a != b for a, b in zip(numbers(1), numbers(2), strict=True))


TRAINING = """
import hashlib
from course_utils import runtime
runtime.start(lesson=4, seed=3)
import keras
import numpy as np
import tensorflow as tf
from course_utils.layers import BatchNormalization
model = keras.Sequential([
    keras.Input((12, 12, 3)),
    keras.layers.RandomFlip(),
    keras.layers.Conv2D(8, 3),
    BatchNormalization(momentum=0.9),
    keras.layers.MaxPooling2D(),
    keras.layers.Dropout(0.3),
    keras.layers.Flatten(),
    keras.layers.Dense(2, dtype="float32"),
])
def digest():
    return hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest()
print(digest())
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
rng = np.random.default_rng(0)
images, labels = rng.random((96, 12, 12, 3), np.float32), rng.integers(0, 2, 96)
data = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(96).batch(16)
model.fit(data, epochs=2, verbose=0)
print(digest())
"""


def test_a_training_repeats_bit_for_bit_in_another_process():
    _, start, end = fresh(TRAINING).splitlines()
    assert start != end
    assert fresh(TRAINING).splitlines()[1:] == [start, end]


# import and start


def test_import_is_quick_and_loads_nothing_heavy():
    code = (
        "import sys, time\n"
        "begun = time.perf_counter()\n"
        "import course_utils\n"
        "print(time.perf_counter() - begun)\n"
        "from course_utils import checkpoint, progress, runtime\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    runs = [fresh(code).splitlines() for _ in range(3)]
    assert min(float(seconds) for seconds, _ in runs) < 0.2
    loaded = set(runs[0][1].split())
    assert "course_utils" in loaded
    assert not loaded & {"tensorflow", "keras", "cv2", "sklearn", "skimage", "matplotlib"}


def test_start_leaves_tensorflow_s_context_alone_and_says_one_line_only():
    # a process that forks, or that sets its threads, has to do so before the context
    code = (
        "from course_utils import runtime\n"
        "runtime.start(lesson=4)\n"
        "from tensorflow.python.eager import context\n"
        "from tensorflow.python.framework import config\n"
        "print(context.context()._initialized, config.is_op_determinism_enabled())\n"
        "import tensorflow as tf\n"
        "tf.ones(1)\n"
        "print(context.context()._initialized)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    line, after_start, after_work = done.stdout.splitlines()
    assert line.startswith("Lesson 04")
    assert after_start == "False True"
    assert after_work == "True"
    assert done.stderr == ""


def test_a_lesson_in_numpy_alone_loads_no_tensorflow():
    code = (
        "import sys\nfrom course_utils import runtime\nruntime.start(lesson=1, keras=False)\n"
        "print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    )
    assert fresh(code).splitlines()[-1] == "False False"


def test_native_noise_is_held_back_and_shown_on_failure(capfd):
    with runtime.quiet_stderr():
        os.write(2, b"noise\n")
    assert capfd.readouterr().err == ""

    def fail():
        with runtime.quiet_stderr():
            os.write(2, b"the reason\n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    os.write(2, b"later\n")
    assert capfd.readouterr().err == "the reason\nlater\n"


def test_first_cell_of_a_lesson_is_cold_below_ten_seconds():
    from jupyter_client.manager import start_new_kernel

    code = (
        "from course_utils import runtime\nruntime.start(lesson=4)\n"
        "import keras, numpy, tensorflow\nfrom course_utils import plotting"
    )
    printed = []

    def keep(message):
        if message["msg_type"] in ("stream", "error"):
            printed.append(message["content"])

    begun = time.perf_counter()
    manager, client = start_new_kernel(stderr=subprocess.DEVNULL)
    try:
        reply = client.execute_interactive(code, output_hook=keep, timeout=60)
        seconds = time.perf_counter() - begun
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert reply["content"]["status"] == "ok"
    assert [(p["name"], p["text"].count("\n")) for p in printed] == [("stdout", 1)]
    assert seconds < 10
