"""The cache: whole files or none, whatever happens to the process, the disk or the file."""

import errno
import os
import random
import subprocess
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from helpers_data import encoded, picture, python, save, use

from course_utils.data import cache
from course_utils.data.cache import cache_path, cached_arrays, one_at_a_time, written_whole
from course_utils.data.decoding import decoded, read_upright
from course_utils.errors import DataError


def arrays(seed: int, size: int = 100_000) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "images": rng.integers(0, 256, (size // 64, 8, 8), dtype=np.uint8),
        "box": rng.random((7, 4), dtype=np.float32),
    }


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(
        one[key].dtype == other[key].dtype and np.array_equal(one[key], other[key]) for key in one
    )


def never() -> dict[str, np.ndarray]:
    raise AssertionError("it was in the cache")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    use(monkeypatch, tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def small_disk(tmp_path):
    """Give a disk of one megabyte of its own."""
    place = tmp_path / "small disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this user may not mount a small disk; the full disk is tried by a stand-in")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_the_second_time_nothing_is_made(folder):
    made = cached_arrays("pets 7", lambda: arrays(7))
    assert same(made, arrays(7))
    assert same(cached_arrays("pets 7", never), arrays(7))
    assert same(cached_arrays("pets 8", lambda: arrays(8)), arrays(8))
    assert [file.suffix for file in folder.iterdir()] == [".npz", ".npz"]


@pytest.mark.parametrize("harm", ["cut", "emptied", "a bit turned", "text", "another's", "array"])
def test_a_file_that_does_not_load_is_made_again(folder, harm):
    cached_arrays("pets", lambda: arrays(1))
    path = cache_path("pets", ".npz")
    data = bytearray(path.read_bytes())
    if harm == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif harm == "emptied":
        path.write_bytes(b"")
    elif harm == "a bit turned":
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    elif harm == "text":
        path.write_text("mine")
    elif harm == "another's":
        cached_arrays("other pets", lambda: arrays(2))
        path.write_bytes(cache_path("other pets", ".npz").read_bytes())
    else:
        with path.open("wb") as file:
            np.save(file, np.arange(5))
    assert same(cached_arrays("pets", lambda: arrays(1)), arrays(1))
    assert same(cached_arrays("pets", never), arrays(1))


def test_three_thousand_pictures_load_in_a_third_of_a_second(folder):
    def make() -> dict[str, np.ndarray]:
        return {"images": np.zeros((3000, 64, 64, 3), np.uint8)}

    cached_arrays("many", make)
    took = []
    for _ in range(3):
        begun = time.perf_counter()
        cached_arrays("many", never)
        took.append(time.perf_counter() - begun)
    assert min(took) < 0.3


def test_an_error_in_the_block_leaves_what_was_there(folder):
    folder.mkdir()
    path = folder / "kept"
    path.write_bytes(b"before")
    with pytest.raises(TypeError), written_whole(path) as file:
        file.writelines([b"half", None])
    assert path.read_bytes() == b"before"
    assert os.listdir(folder) == ["kept"]


def test_a_full_disk_gets_a_sentence_and_leaves_nothing(small_disk, monkeypatch, capsys, tmp_path):
    use(monkeypatch, small_disk)
    path = small_disk / "large"
    with pytest.raises(DataError) as caught, written_whole(path) as file:
        file.writelines([bytes(2**16)] * 64)
    assert str(caught.value) == (
        f"{path} can't be written (the disk is full): free some space, or set COURSE_DATA to a "
        "folder elsewhere."
    )
    assert os.listdir(small_disk) == []
    # what was made is not lost with the disk full
    assert same(cached_arrays("large", lambda: arrays(1, 3 * 2**20)), arrays(1, 3 * 2**20))
    assert "(the disk is full): free some space" in capsys.readouterr().out
    # nor do pictures stay half decoded
    files = [save(tmp_path / "own" / f"{n}.jpg", picture(n, 64, 64)) for n in range(200)]
    with pytest.raises(DataError, match="the disk is full"):
        decoded("pictures", files, 64, (64, 64, 3), read_upright)
    assert os.listdir(small_disk) == []


def test_a_full_disk_by_a_stand_in(folder, monkeypatch, capsys):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache.os, "fsync", full)
    assert same(cached_arrays("pets", lambda: arrays(3)), arrays(3))
    said = capsys.readouterr().out
    assert str(cache_path("pets", ".npz")) in said
    assert "free some space, or set COURSE_DATA" in said
    assert os.listdir(folder) == []


def test_a_folder_that_can_not_be_made_gets_a_sentence(tmp_path, monkeypatch, capsys):
    (tmp_path / "a file").write_text("in the way")
    use(monkeypatch, tmp_path / "a file" / "cache")
    assert same(cached_arrays("pets", lambda: arrays(3)), arrays(3))
    assert "can't be written (Not a directory): check the folder" in capsys.readouterr().out


def test_leavings_of_dead_processes_are_swept_and_those_of_the_living_kept(folder):
    dead = python("print('here')")
    dead.communicate()
    folder.mkdir()
    machine = cache._machine()
    kept = {
        f".pets.npz.{machine}.{os.getpid()}.00.part",
        f".pets.npz.elsewhere-{machine}.{dead.pid}.00.part",
        "images.tar.gz.download",
    }
    for name in kept | {f".pets.npz.{machine}.{dead.pid}.00.part"}:
        (folder / name).write_bytes(b"half")
    tree = folder / f".tree.{machine}.{dead.pid}.00.part"
    (tree / "inside").mkdir(parents=True)
    assert not psutil.pid_exists(dead.pid)
    cached_arrays("pets", lambda: arrays(1))
    assert set(os.listdir(folder)) == kept | {cache_path("pets", ".npz").name}


FILL = """
import sys
from pathlib import Path
import numpy as np
from course_utils.data.cache import cached_arrays
from course_utils.data.decoding import decoded, read_upright
sys.path.insert(0, sys.argv[1])
from test_data_cache import arrays
print("begun", flush=True)
for turn in range(1000):
    cached_arrays(f"arrays {turn}", lambda: arrays(turn, 4_000_000))
    files = sorted(Path(sys.argv[2]).iterdir())[turn % 10:]
    decoded("pictures", files, 24, (24, 24, 3), read_upright)
"""


def test_killed_while_filling_at_any_moment_nothing_loads_wrong(folder, tmp_path, monkeypatch):
    files = [save(tmp_path / "own" / f"{n:03}.jpg", picture(n)) for n in range(300)]
    expected = [read_upright(encoded(picture(n)), 24)[0] for n in range(300)]
    moments = random.Random(4)
    for _ in range(12):
        process = python(FILL, Path(__file__).parent, tmp_path / "own")
        assert process.stdout.readline() == "begun\n"
        time.sleep(moments.uniform(0, 0.25))
        process.kill()
        process.communicate()
        for turn in range(40):
            path = cache_path(f"arrays {turn}", ".npz")
            if path.exists():
                assert same(cached_arrays(f"arrays {turn}", never), arrays(turn, 4_000_000))
                path.unlink()
        for file in folder.glob("pictures*.npy"):
            skipped = 300 - int(file.name.split("-")[1])
            found = decoded("pictures", files[skipped:], 24, (24, 24, 3), read_upright)
            assert not found.flaws
            assert np.array_equal(found.pictures[:], expected[skipped:])
            file.unlink()
    with written_whole(folder / "last"):
        pass
    assert [name for name in os.listdir(folder) if name != "last"] == []


TOGETHER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from course_utils.data.cache import cached_arrays
from test_data_cache import arrays, same
print("begun", flush=True)
while time.time() < float(sys.argv[2]):
    pass
for turn in range(20):
    assert same(cached_arrays(f"arrays {turn}", lambda: arrays(turn)), arrays(turn))
"""


def test_two_processes_filling_the_same_cache_are_both_right(folder):
    start = time.time() + 2
    both = [python(TOGETHER, Path(__file__).parent, start) for _ in range(2)]
    for process in both:
        process.communicate()
    assert [process.returncode for process in both] == [0, 0]
    assert len(os.listdir(folder)) == 20
    for turn in range(20):
        assert same(cached_arrays(f"arrays {turn}", never), arrays(turn))


HOLD = """
import sys, time
from pathlib import Path
from course_utils.data.cache import one_at_a_time
with one_at_a_time(Path(sys.argv[1]), "drawing"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_process_waits_and_a_killed_one_gives_the_lock_back(tmp_path, capsys):
    holder = python(HOLD, tmp_path / "lock")
    assert holder.stdout.readline() == "held\n"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache.time, "sleep", lambda _: (holder.kill(), holder.wait()))
        with one_at_a_time(tmp_path / "lock", "drawing"):
            pass
    holder.communicate()
    assert capsys.readouterr().out == "Another process is drawing; waiting for it.\n"
