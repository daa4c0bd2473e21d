"""Many pictures decoded once to a file on disk that behaves as an array."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from helpers_data import encoded, picture, save, use

from course_utils.data.decoding import (
    content_shares,
    decoded,
    read_trimap,
    read_upright,
    say_flaws,
)
from course_utils.errors import DataError

SIZE = 16


@pytest.fixture
def files(tmp_path, monkeypatch):
    use(monkeypatch, tmp_path / "cache")
    return [save(tmp_path / "own" / f"{n:02}.png", picture(n)) for n in range(20)]


@pytest.fixture
def expected():
    return np.stack(
        [cv2.resize(picture(n), (SIZE, SIZE), interpolation=cv2.INTER_AREA) for n in range(20)]
    )


def read(files):
    return decoded("pictures", files, SIZE, (SIZE, SIZE, 3), read_upright)


@pytest.mark.parametrize(
    "key",
    [
        3,
        -1,
        np.int64(4),
        slice(None),
        slice(15, 2, -3),
        [4, 4, 0],
        np.array([[1, 2], [3, -20]]),
        np.arange(20) % 3 == 0,
        (2, ..., 1),
        (slice(0, 6, 2), slice(3), 1),
        ([5, 1, 7], [0, 1, 2], 3),
        (..., 0),
        (np.arange(20) > 16, slice(None), 5),
    ],
)
def test_it_is_indexed_as_an_array_is(files, expected, key):
    pictures = read(files).pictures
    assert np.array_equal(pictures[key], expected[key])
    backwards = pictures.view(np.arange(20)[::-1])
    assert np.array_equal(backwards[key], expected[::-1][key])


def test_it_has_an_arrays_other_manners(files, expected):
    pictures = read(files).pictures
    assert (len(pictures), pictures.shape, pictures.ndim) == (20, (20, SIZE, SIZE, 3), 4)
    assert pictures.dtype == np.uint8
    assert pictures.nbytes == expected.nbytes
    assert np.array_equal(np.asarray(pictures, np.float32), expected)
    assert np.array_equal(np.stack(list(pictures)), expected)
    assert np.array_equal(pickle.loads(pickle.dumps(pictures))[2:4], expected[2:4])
    with pytest.raises(IndexError):
        pictures[20]


def test_threads_read_it_at_once(files, expected):
    pictures = read(files).pictures
    order = np.random.default_rng(0).integers(0, 20, (200, 5))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda rows: pictures[rows], order))
    assert np.array_equal(np.stack(found), expected[order])


def test_it_is_decoded_once_and_again_when_a_file_changes(files, expected, monkeypatch):
    read(files)
    with monkeypatch.context() as patch:
        patch.setattr(cv2, "imdecode", None)
        assert np.array_equal(read(files).pictures[:], expected)
    save(files[3], picture(77))
    changed = read(files).pictures
    assert not np.array_equal(changed[3], expected[3])
    assert np.array_equal(changed[4], expected[4])


@pytest.mark.parametrize("harm", ["cut", "foreign", "another's", "cut in its last bytes"])
def test_a_harmed_file_is_decoded_again(files, expected, tmp_path, harm):
    path = read(files).pictures._path
    data = path.read_bytes()
    others = read(files[::-1]).pictures._path.read_bytes()
    harmed = {"cut": data[:5000], "foreign": b"x" * 20000, "another's": others}
    path.write_bytes(harmed.get(harm, data[:-3]))
    assert np.array_equal(read(files).pictures[:], expected)


def test_a_file_cut_while_it_is_in_use_gets_a_sentence(files):
    pictures = read(files).pictures
    pictures._path.write_bytes(pictures._path.read_bytes()[:3000])
    with pytest.raises(DataError, match="was cut off: delete it and run this again"):
        pictures[10]


def test_broken_files_are_counted_and_nothing_else_is_lost(files, expected, capfd):
    files[2].write_bytes(b"")
    files[5].write_bytes(encoded(picture(5), ".png")[:-100])
    files[7].unlink()
    files[9].write_text("a note")
    found = read(files)
    again = read(files)
    for result in (found, again):
        assert result.flaws == {
            2: "is empty (0 bytes)",
            5: "is cut off or damaged",
            7: "can't be opened (No such file or directory)",
            9: "is a text file, no picture",
        }
        good = np.setdiff1d(np.arange(20), [2, 5, 7, 9])
        assert np.array_equal(result.pictures[good], expected[good])
        assert np.array_equal(result.sizes[good], np.tile([40, 30], (16, 1)))
    say_flaws(files[0].parent, [(files[p], why) for p, why in found.flaws.items()], 20)
    heard = capfd.readouterr()
    assert heard.out == (
        f"4 of 20 files in {files[0].parent} are passed over, the rest is used: 02.png is empty "
        "(0 bytes), 05.png is cut off or damaged, 07.png can't be opened (No such file or "
        "directory) and 1 more; replace or delete them and this line goes.\n"
    )
    assert heard.err == ""


def test_a_trimap_keeps_its_values_and_others_are_refused():
    trimap = np.random.default_rng(1).integers(1, 4, (50, 70)).astype(np.uint8)
    small, own = read_trimap(encoded(trimap, ".png"), 10)
    assert own == (70, 50)
    # the value at the middle of each of the 10 × 10 fields
    assert np.array_equal(small, trimap[2::5, 3::7][:10, :10]) or np.array_equal(
        small, trimap[(np.arange(10) * 5 + 2)[:, None], np.arange(10) * 7 + 3]
    )
    assert read_trimap(encoded(trimap * 80, ".png"), 10) is None
    assert read_trimap(encoded(picture(1), ".png"), 10) is None
    assert read_trimap(b"", 10) is None


def test_equal_contents_have_equal_shares_whatever_the_name(files, tmp_path):
    copy = tmp_path / "elsewhere" / "copy.png"
    copy.parent.mkdir()
    copy.write_bytes(files[4].read_bytes())
    shares = content_shares([*files, copy])
    assert shares[20] == shares[4]
    assert len(np.unique(shares)) == 20
    assert ((shares >= 0) & (shares < 1)).all()
