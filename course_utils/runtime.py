"""Opens a lesson: settings, seeds, determinism, and a precision that suits this processor."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import os
import platform
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[1]
DEFAULT_SEED = 0
SHIPPED = HOUSE / "data"
_X86 = ("x86_64", "AMD64")


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a lesson runs with; one field for each environment variable ``COURSE_…``."""

    lesson: int | None = None
    source: str = "drawn"
    weights: str = "built-in"
    seed: int = DEFAULT_SEED
    precision: str = "float32"
    data: Path = SHIPPED / "cache"
    strict: bool = False


_current: Settings | None = None


def settings() -> Settings:
    """Return the settings of the running lesson, or those of the environment before `start`."""
    return _current if _current is not None else _from_environment({})


def has_bfloat16_units() -> bool:
    """Tell whether this processor multiplies bfloat16 matrices in hardware and may use it.

    Asks the processor's flags (Linux on x86: AMX) and honours ``ONEDNN_MAX_CPU_ISA``, which keeps
    TensorFlow from newer instructions. Elsewhere the answer is no: float32 runs everywhere.
    """
    limit = (os.environ.get("ONEDNN_MAX_CPU_ISA") or "ALL").upper()
    if "AMX" not in limit and limit not in ("ALL", "DEFAULT"):
        return False
    return "amx_bf16" in _processor_flags()


def _processor_flags() -> list[str]:
    if platform.system() != "Linux" or platform.machine() not in _X86:
        return []
    try:
        return Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore").split()
    except OSError:
        return []


def start(
    lesson: int | None = None,
    *,
    source: str | None = None,
    weights: str | None = None,
    seed: int | None = None,
    precision: str | None = None,
    data: str | Path | None = None,
    strict: bool | None = None,
    keras: bool = True,
    branches: int = 1,
) -> Settings:
    """Open a lesson: seed every generator, make operations repeatable, choose the precision.

    A keyword wins over its environment variable (``source`` over ``COURSE_SOURCE`` and so on).
    Prints one line that says what was chosen.

    Parameters
    ----------
    lesson : int, optional
        The lesson's number, for the printed line.
    source : str, optional
        ``"drawn"`` (built in), ``"photos"`` (Oxford-IIIT Pet) or the path of a folder.
    weights : str, optional
        ``"built-in"``, ``"imagenet"`` or the path of a file, where the lesson can use one.
    seed : int, optional
        Not negative.
    precision : str, optional
        ``"float32"`` or ``"mixed_bfloat16"``; by default what this processor is faster with.
    data : path, optional
        Folder for downloads and rendered pictures.
    strict : bool, optional
        Whether a missed checkpoint raises.
    keras : bool
        Whether the lesson needs Keras; a lesson in NumPy alone starts sooner without.
    branches : int
        How many operations of a training step do not wait for each other; they share the cores. One
        network is a chain: 1. The two of a GAN, or the two halves of `parallel.in_halves`: 2.

    Raises
    ------
    ValueError
        A setting has a value that does not exist.
    """
    global _current
    given = {
        "source": source,
        "weights": weights,
        "seed": seed,
        "precision": precision,
        "data": data,
        "strict": strict,
    }
    chosen = _from_environment({k: v for k, v in given.items() if v is not None}, lesson)
    _current = chosen
    random.seed(chosen.seed)
    # the legacy generator is what scikit-learn and Keras fall back on
    import numpy as np

    np.random.seed(chosen.seed)  # noqa: NPY002
    if keras:
        _start_keras(chosen, branches)
    print(_line(chosen, keras))
    return chosen


def _from_environment(given: dict, lesson: int | None = None) -> Settings:
    env = os.environ

    def value(name: str, default: object) -> object:
        if name in given:
            return given[name]
        return env.get(f"COURSE_{name.upper()}") or default

    weights = str(value("weights", "built-in"))
    if weights not in ("built-in", "imagenet") and not Path(weights).expanduser().is_file():
        raise ValueError(
            f"COURSE_WEIGHTS is {weights!r}; it can be 'built-in', 'imagenet' or the path of a "
            "file with weights that the lesson can use."
        )
    seed = value("seed", DEFAULT_SEED)
    if not str(seed).isdecimal() or int(seed) >= 2**32:
        raise ValueError(f"COURSE_SEED is {seed!r}; it must be a whole number from 0 to 2**32 - 1.")
    units = has_bfloat16_units()
    precision = str(value("precision", "mixed_bfloat16" if units else "float32"))
    if precision not in ("float32", "mixed_bfloat16"):
        raise ValueError(
            f"COURSE_PRECISION is {precision!r}; it can be 'float32' or 'mixed_bfloat16'."
        )
    if precision == "mixed_bfloat16" and not units:
        raise ValueError(
            "COURSE_PRECISION is 'mixed_bfloat16', but this processor has no bfloat16 units that "
            "TensorFlow could use; take 'float32'."
        )
    return Settings(
        lesson=lesson,
        source=str(value("source", "drawn")),
        weights=weights,
        seed=int(seed),
        precision=precision,
        data=Path(value("data", SHIPPED / "cache")).expanduser().resolve(),
        strict=str(value("strict", "")).lower() not in ("", "0", "false", "no"),
    )


def _start_keras(chosen: Settings, branches: int) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    # on a processor with AVX2 alone TensorFlow leaves oneDNN off; a 3×3 convolution with its
    # gradients is about three times faster with it (make bench)
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    with quiet_stderr(), _quick_imports():
        import keras
        import tensorflow as tf

        # a machine without a GPU complains when it is first asked for one
        tf.config.list_physical_devices("GPU")

    if platform.machine() in _X86 and "avx512f" not in _processor_flags():
        # with AVX2 alone, a convolution of one picture that TensorFlow has fused with normalisation
        # and ReLU takes ten times as long as the three one behind the other (make bench)
        tf.config.optimizer.set_experimental_options({"remapping": False})
    if branches > 1:
        # TensorFlow would split every operation over all cores, and small ones gain little by it:
        # two halves of a batch, side by side, take three quarters of the time (make bench)
        share = max(1, (os.cpu_count() or 1) // branches)
        with contextlib.suppress(RuntimeError):  # at work already: its threads stay
            tf.config.threading.set_intra_op_parallelism_threads(share)
    keras.utils.set_random_seed(chosen.seed)
    tf.config.experimental.enable_op_determinism()
    keras.config.set_dtype_policy(chosen.precision)


@contextlib.contextmanager
def _quick_imports() -> Iterator[None]:
    """Spare TensorFlow's and Keras's import what takes time and serves nobody.

    The garbage collector would walk through the new objects again and again, meanwhile and later,
    and all of them stay; and Keras loads scikit-learn for wrappers that no lesson uses.
    """
    collects, hides = gc.isenabled(), "sklearn" not in sys.modules
    first = "keras" not in sys.modules
    gc.disable()
    if hides:
        sys.modules["sklearn"] = None
    try:
        yield
    finally:
        if hides:
            del sys.modules["sklearn"]
        if first:
            gc.freeze()
        if collects:
            gc.enable()


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Hold back what native libraries write to standard error; show it if the block fails."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        before = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(before, 2)
            held.seek(0)
            os.write(2, held.read())
            raise
        finally:
            os.dup2(before, 2)
            os.close(before)


def _line(chosen: Settings, keras: bool) -> str:
    parts = [f"Lesson {chosen.lesson:02d}" if chosen.lesson is not None else "Course"]
    if chosen.source == "drawn":
        parts.append("built-in data (COURSE_SOURCE=photos or a folder's path switches)")
    else:
        parts.append(f"data: {chosen.source} (COURSE_SOURCE=drawn switches back)")
    if keras:
        why = "this processor has" if has_bfloat16_units() else "this processor lacks"
        parts.append(f"{chosen.precision} ({why} bfloat16 units)")
    parts.append(f"seed {chosen.seed}")
    parts.append(f"{os.cpu_count()} cores")
    return " · ".join(parts)
