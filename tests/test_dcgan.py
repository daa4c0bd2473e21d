"""Lesson 09: its networks obey the paper's rules; its training survives a kill; the judge's net."""

import json
import os
import signal
import subprocess
import sys
import time

import executed
import keras
import numpy as np
import pytest
import tensorflow as tf

from course_utils import models, resume, runtime

# the lesson's own cells, on few pictures, with narrow networks
SMALL = """
import functools
load_pets = functools.partial(load_pets, count=96)
"""
NARROW = "f = 8\n"
LONG = "epochs = 40\n"
UNSEEN = "looks = ()\n"
SUMMARY = """
import hashlib, json
digest = hashlib.sha256()
for array in [*state, *record["numbers"], *record["fixed"]]:
    digest.update(np.ascontiguousarray(np.asarray(array)).tobytes())
print("DIGEST", digest.hexdigest(), int(game.g_adam.iterations.numpy()))
"""
RULES = """
def layers_of(model):
    return [[type(one).__name__, one.get_config()] for one in model.layers]

def moved(d_rate, g_rate):
    one = new_game()
    one.d_adam.learning_rate, one.g_adam.learning_rate = d_rate, g_rate
    before = [[v.numpy() for v in net.trainable_variables] for net in (one.D, one.G)]
    one.step(scaled(X[:8]), np.ones((8, z_size), np.float32))
    after = [[v.numpy() for v in net.trainable_variables] for net in (one.D, one.G)]
    return [sum(not np.array_equal(*w) for w in zip(*nets)) for nets in zip(before, after)]

fresh = new_game()
held = float  # a rate that can be set
trained = [*fresh.G.trainable_variables, *fresh.D.trainable_variables]
kernels = [v.numpy() for v in trained if "kernel" in v.path]
far = 100 * np.ones((2, z_size), np.float32)
print("RULES", json.dumps({
    "G": layers_of(fresh.G), "D": layers_of(fresh.D),
    "spread": [float(kernel.std()) for kernel in kernels if kernel.size > 2000],
    "adam": [[float(a.learning_rate.numpy()), a.beta_1] for a in (fresh.g_adam, fresh.d_adam)],
    "range": [float(f(scaled(X))) for f in (np.min, np.max)],
    "made": [float(f(fresh.G(far))) for f in (np.min, np.max)],
    "moved by D alone": [int(n) for n in moved(1e-3, 0.0)],
    "moved by G alone": [int(n) for n in moved(0.0, 1e-3)],
    "weights": [len(fresh.D.trainable_variables), len(fresh.G.trainable_variables)],
}, default=str))
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    """The lesson up to the end of its training, as a script."""
    cells = executed.tagged_cells("09", "training")
    after = {"from course_utils.resume": SMALL, "z_size, f =": NARROW}
    after |= {"epochs, batch =": LONG, "looks =": UNSEEN}
    found = []
    for place, cell in enumerate(cells):
        for start, extra in after.items():
            if any(line.startswith(start) for line in cell.splitlines()):
                cells[place] += "\n" + extra
                found.append(start)
    assert sorted(found) == sorted(after)
    path = tmp_path_factory.mktemp("lesson") / "lesson.py"
    path.write_text("\n\n".join([*cells, SUMMARY]), encoding="utf-8")
    (path.parent / "rules.py").write_text("\n\n".join([*cells, SUMMARY, RULES]), encoding="utf-8")
    return path


def begin(script, data, **environment):
    environment = os.environ | {"COURSE_DATA": str(data), "COURSE_STRICT": ""} | environment
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, str(script)], env=environment, **pipes)


def end(process):
    said, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors[-2000:]
    return said


def line_of(said, word):
    (line,) = [line for line in said.splitlines() if line.startswith(word)]
    return line.removeprefix(word).strip()


def checkpoints_in(folder):
    return list(folder.glob("training-dcgan*.npz"))


def kill_after_epoch(process, folder, epoch):
    """Kill the process as soon as a checkpoint of at least `epoch` lies there."""
    ends = time.monotonic() + 120
    while time.monotonic() < ends and process.poll() is None:
        for path in checkpoints_in(folder):
            with np.load(path) as kept:
                done = int(kept["epoch"])
            if done >= epoch:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                return done
        time.sleep(0.005)
    raise AssertionError("the training ended before it could be killed")


@pytest.fixture(scope="module")
def in_one_go(script, tmp_path_factory):
    folder = tmp_path_factory.mktemp("one-go")
    said = end(begin(script.with_name("rules.py"), folder))
    assert "Goes on" not in said
    assert checkpoints_in(folder) == []  # a finished run leaves nothing to mistake for a new one
    return said


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_training_goes_on_and_ends_at_the_same_weights(script, in_one_go, tmp_path):
    first = begin(script, tmp_path)
    done = kill_after_epoch(first, tmp_path, 3)
    assert len(checkpoints_in(tmp_path)) == 1
    said = end(begin(script, tmp_path))
    resumed = int(line_of(said, "Goes on after epoch").split()[0])
    assert resumed in (done, done + 1)  # at most one epoch lost
    assert line_of(said, "DIGEST") == line_of(in_one_go, "DIGEST")
    assert checkpoints_in(tmp_path) == []


def test_the_networks_obey_the_rules(in_one_go):
    seen = json.loads(line_of(in_one_go, "RULES"))
    kinds = {net: [kind for kind, _ in seen[net]] for net in "GD"}
    assert not any("Pool" in kind or kind == "Dense" for net in "GD" for kind in kinds[net])
    grown = [config for kind, config in seen["G"] if kind == "Conv2DTranspose"]
    shrunk = [config for kind, config in seen["D"] if kind == "Conv2D"]
    assert [c["strides"] for c in grown] == [[1, 1], [2, 2], [2, 2], [2, 2]]
    assert [c["strides"] for c in shrunk] == [[2, 2], [2, 2], [2, 2], [1, 1]]
    assert kinds["G"].count("BatchNormalization") == 3
    assert kinds["G"][-1] == "Conv2DTranspose"
    assert grown[-1]["activation"] == "tanh"
    assert kinds["G"].count("ReLU") == 3
    assert kinds["D"][:2] == ["Conv2D", "LeakyReLU"]  # no normalisation at the input
    assert kinds["D"].count("BatchNormalization") == 2
    slopes = [config["negative_slope"] for kind, config in seen["D"] if kind == "LeakyReLU"]
    assert slopes == pytest.approx([0.2] * 3)
    assert seen["spread"] == pytest.approx([0.02] * len(seen["spread"]), rel=0.1)
    assert len(seen["spread"]) >= 4
    assert np.array(seen["adam"]) == pytest.approx(np.array([[2e-4, 0.5]] * 2))
    assert seen["range"][0] >= -1
    assert seen["range"][1] <= 1
    assert seen["range"][1] - seen["range"][0] > 1.9
    assert min(seen["made"]) >= -1
    assert max(seen["made"]) <= 1


def test_each_loss_moves_its_own_player(in_one_go):
    seen = json.loads(line_of(in_one_go, "RULES"))
    d, g = seen["weights"]
    assert seen["moved by D alone"] == [d, 0]
    assert seen["moved by G alone"] == [0, g]


# --- resumable, without the lesson ---


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "_current", runtime.Settings(data=tmp_path))
    return tmp_path


def run(variable, epochs, stop_in=None, record=None, depends_on=("a",)):
    """Each epoch n turns v into 3 v + n; `stop_in` raises in the middle of that epoch."""
    seen = []
    for epoch in resume.resumable("toy", epochs, [variable], depends_on=depends_on, record=record):
        seen.append(epoch)
        variable.assign(3 * variable + epoch)
        if epoch == stop_in:
            raise KeyboardInterrupt
        if record is not None:
            record["value"].append(variable.numpy())
    return seen


def stopped(stop_in, epochs=5, **given):
    with pytest.raises(KeyboardInterrupt):
        run(tf.Variable([1.0, 2.0]), epochs, stop_in, **given)


def test_it_goes_on_where_it_stopped(cache, capsys):
    whole = tf.Variable([1.0, 2.0])
    assert run(whole, 5) == [1, 2, 3, 4, 5]
    stopped(4, record={"value": []})
    record, again = {"value": []}, tf.Variable([9.0, 9.0])
    assert run(again, 5, record=record) == [4, 5]
    np.testing.assert_array_equal(again, whole)
    assert len(record["value"]) == 5
    np.testing.assert_array_equal(record["value"][-1], whole)
    assert "Goes on after epoch 3 of 5" in capsys.readouterr().out
    assert list(cache.iterdir()) == []


def test_another_network_data_seed_or_a_strict_run_starts_anew(cache, monkeypatch):
    stopped(4)
    assert run(tf.Variable([1.0, 2.0, 3.0]), 2) == [1, 2]
    stopped(4)
    assert run(tf.Variable([1.0, 2.0]), 2, depends_on=("b",)) == [1, 2]
    assert run(tf.Variable([1.0, 2.0]), 2, depends_on=(np.arange(3),)) == [1, 2]
    for changed in ({"seed": 1}, {"precision": "mixed_bfloat16"}, {"source": "photos"}):
        with monkeypatch.context() as patch:
            patch.setattr(runtime, "_current", runtime.Settings(data=cache, **changed))
            assert run(tf.Variable([1.0, 2.0]), 2) == [1, 2]
    with monkeypatch.context() as patch:
        patch.setattr(runtime, "_current", runtime.Settings(data=cache, strict=True))
        assert run(tf.Variable([1.0, 2.0]), 5) == [1, 2, 3, 4, 5]


def test_a_file_cut_off_starts_anew(cache):
    stopped(4)
    (path,) = cache.glob("*.npz")
    path.write_bytes(path.read_bytes()[:-40])
    assert run(tf.Variable([1.0, 2.0]), 5) == [1, 2, 3, 4, 5]


def test_training_goes_on_where_nothing_can_be_written(tmp_path, monkeypatch, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setattr(runtime, "_current", runtime.Settings(data=blocked / "cache"))
    assert run(tf.Variable([1.0, 2.0]), 3) == [1, 2, 3]
    assert capsys.readouterr().out.count("without checkpoints") == 1


# --- the judge's network ---


def test_small_classifier_gives_logits_and_features_in_float32():
    before = keras.config.dtype_policy()
    model = models.small_classifier((32, 32, 3), 10)
    inside = keras.Model(model.inputs[0], model.get_layer("features").output)
    images = np.linspace(-1, 1, 2 * 32 * 32 * 3, dtype=np.float32).reshape(2, 32, 32, 3)
    assert model(images).shape == (2, 10)
    assert inside(images).shape == (2, 64)
    assert {model(images).dtype, inside(images).dtype} == {tf.float32}
    assert keras.config.dtype_policy().name == before.name
