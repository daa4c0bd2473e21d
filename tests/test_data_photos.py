"""Sample photographs and digits; scikit-image and scikit-learn are the reference."""

import gzip
import shutil
import subprocess
import sys

import numpy as np
import pytest
import skimage.data
from helpers_data import picture, real, save, use
from sklearn.datasets import load_digits as sklearn_digits
from sklearn.datasets import load_sample_image

from course_utils.data.digits import load_digits, read_idx
from course_utils.data.photos import PHOTOGRAPHS, load_photo, load_photos
from course_utils.errors import DataError


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_each_photograph_is_the_librarys_own(name):
    got = load_photo(name)
    assert got.dtype == np.uint8
    assert got.shape[2] == 3
    if name in ("china", "flower"):
        expected = load_sample_image(f"{name}.jpg")
    elif name == "motorcycle":
        expected = skimage.data.stereo_motorcycle()[0]
    else:
        expected = getattr(skimage.data, name)()
    if expected.ndim == 2:
        expected = np.repeat(expected[..., None], 3, axis=2)
    # decoders of JPEG may differ by a few grey levels
    assert np.abs(got.astype(int) - expected).mean() < 1


def test_the_longer_side_is_the_size():
    assert load_photo("chelsea", 128).shape == (85, 128, 3)


def test_ones_own_picture_and_a_name_that_does_not_exist(tmp_path):
    image = picture(3)
    assert np.array_equal(load_photo(save(tmp_path / "mine.png", image)), image)
    with pytest.raises(DataError, match=r"no photograph 'chelsae'.*chelsea"):
        load_photo("chelsae")


def test_photographs_come_from_the_sources_folder_in_even_shares(tmp_path, monkeypatch):
    for kind, seed in (("a", 0), ("b", 50)):
        for place in range(10):
            save(tmp_path / "mine" / kind / f"{place}.png", picture(seed + place))
    (tmp_path / "mine" / "a" / "0.png").write_bytes(b"")
    use(monkeypatch, tmp_path / "cache", tmp_path / "mine")
    photos = load_photos(4)
    own = {kind: [picture(s + p) for p in range(10)] for kind, s in (("a", 0), ("b", 50))}
    came = [kind for photo in photos for kind, all_ in own.items()
            if any(np.array_equal(photo, one) for one in all_)]  # fmt: skip
    assert len(photos) == 4
    assert {came.count("a"), came.count("b")} == {2} or sorted(came) == ["a", "a", "b", "b"]
    use(monkeypatch, tmp_path / "cache", "drawn")
    assert len(load_photos(3, 64)) == 3


@pytest.mark.parametrize("call", ["photos.load_photo('chelsea')", "digits.load_digits('train')"])
def test_reading_a_photograph_or_digits_loads_no_library_but_numpy_and_opencv(call):
    code = (
        f"import sys; from course_utils.data import {call.split('.')[0]}; {call};"
        "print(*sorted({'tensorflow','keras','skimage','sklearn','matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_built_in_digits_are_scikit_learns_split_once(tmp_path, monkeypatch):
    use(monkeypatch, tmp_path)
    train, test = load_digits("train"), load_digits("test")
    assert (len(train), len(test)) == (1437, 360)
    reference = sklearn_digits()
    both = np.concatenate([train.images, test.images]).reshape(1797, -1)
    scaled = np.round(reference.data * 255 / 16)
    order = np.lexsort(both.T), np.lexsort(scaled.T)
    assert np.array_equal(both[order[0]], scaled[order[1]])
    assert train.images.max() == 255


def idx(values: np.ndarray, kind: int = 8) -> bytes:
    head = bytes([0, 0, kind, values.ndim])
    return head + b"".join(n.to_bytes(4, "big") for n in values.shape) + values.tobytes()


def write_mnist(folder, dotted: bool = False, packed: bool = False) -> dict[str, np.ndarray]:
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(5)
    arrays = {}
    for part, count in (("train", 6), ("t10k", 3)):
        for kind, shape in (("images-idx3", (count, 28, 28)), ("labels-idx1", (count,))):
            values = rng.integers(0, 10, shape, dtype=np.uint8)
            name = f"{part}-{kind.replace('-idx', '.idx') if dotted else kind}-ubyte"
            data = idx(values)
            path = folder / (name + ".gz" * packed)
            path.write_bytes(gzip.compress(data) if packed else data)
            arrays[f"{part} {kind[:6]}"] = values
    return arrays


@pytest.mark.parametrize(("dotted", "packed"), [(False, False), (True, False), (False, True)])
def test_idx_files_under_each_of_their_names(tmp_path, monkeypatch, dotted, packed):
    arrays = write_mnist(tmp_path / "mnist", dotted, packed)
    use(monkeypatch, tmp_path, tmp_path / "mnist")
    for split, part in (("train", "train"), ("test", "t10k")):
        digits = load_digits(split)
        assert np.array_equal(digits.images, arrays[f"{part} images"])
        assert np.array_equal(digits.labels, arrays[f"{part} labels"])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (idx(np.zeros((3, 4), np.uint8))[:-1], r"is cut off: it has 11 values, expected 3 × 4"),
        (idx(np.zeros(3, np.uint8), kind=13), r"is no IDX file of bytes \(it begins with 00 00 0d"),
        (b"", r"begins with nothing"),
        (gzip.compress(idx(np.zeros(9, np.uint8)))[:-9], r"can't be read"),
        (b"\0\0\x08\x03\0\0", r"is cut off"),
    ],
)
def test_a_bad_idx_file_gets_a_sentence(tmp_path, data, said):
    (tmp_path / "bad").write_bytes(data)
    with pytest.raises(DataError, match=rf"{tmp_path / 'bad'}.*{said}.*get the file again"):
        read_idx(tmp_path / "bad")


def test_idx_files_that_do_not_belong_together_get_a_sentence(tmp_path, monkeypatch):
    write_mnist(tmp_path / "mnist")
    use(monkeypatch, tmp_path, tmp_path / "mnist")
    shutil.copy(*(tmp_path / "mnist" / f"{p}-labels-idx1-ubyte" for p in ("t10k", "train")))
    with pytest.raises(DataError, match="don't belong together"):
        load_digits("train")
    (tmp_path / "mnist" / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="lacks train-labels-idx1-ubyte"):
        load_digits("train")


def test_real_mnist_files(tmp_path, monkeypatch):
    use(monkeypatch, tmp_path, real("mnist"))
    train, test = load_digits("train"), load_digits("test")
    assert train.images.shape == (7000, 28, 28)
    assert test.images.shape == (1500, 28, 28)
    # ones are the digits with the least ink
    ink = [train.images[train.labels == digit].mean() for digit in range(10)]
    assert int(np.argmin(ink)) == 1
