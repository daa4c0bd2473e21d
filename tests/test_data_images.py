"""Reading one picture of any kind; Pillow is the reference."""

import io
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from helpers_data import encoded, picture, save
from PIL import Image, ImageOps

from course_utils.data.images import decode, jpeg_size, read_image, shrink, stretch
from course_utils.errors import DataError

RGB = picture(1, 48, 64)


def written(path: Path, image: Image.Image, kind: str, **settings: object) -> Path:
    image.save(path, kind, **settings)
    return path


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("RGB", "PNG"), ("L", "PNG"), ("P", "PNG"), ("1", "PNG"), ("L", "JPEG"), ("RGB", "BMP"),
     ("RGB", "TIFF")],
)  # fmt: skip
def test_kinds_that_lose_nothing_equal_pillow(tmp_path, mode, kind):
    image = Image.fromarray(RGB).convert(mode)
    path = written(tmp_path / "picture", image, kind)
    with Image.open(path) as opened:
        expected = np.asarray(opened.convert("RGB"))
    got = read_image(path)
    assert got.dtype == np.uint8
    assert np.abs(got.astype(int) - expected).max() <= (1 if kind == "JPEG" else 0)


def test_transparency_comes_in_front_of_white(tmp_path):
    rgba = np.dstack([RGB, np.tile(np.linspace(0, 255, 64).astype(np.uint8), (48, 1))])
    path = written(tmp_path / "a.png", Image.fromarray(rgba), "PNG")
    white = Image.new("RGBA", (64, 48), "white")
    expected = np.asarray(Image.alpha_composite(white, Image.fromarray(rgba)).convert("RGB"))
    assert np.abs(read_image(path).astype(int) - expected).max() <= 1


def test_sixteen_bits_keep_their_upper_eight(tmp_path):
    grey = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) * 21
    path = written(tmp_path / "deep.png", Image.fromarray(grey), "PNG")
    assert np.array_equal(read_image(path), np.repeat((grey >> 8)[..., None], 3, axis=2))


@pytest.mark.parametrize("turn", range(1, 9))
def test_each_exif_rotation_is_carried_out(tmp_path, turn):
    exif = Image.Exif()
    exif[274] = turn
    path = written(tmp_path / "a.jpg", Image.fromarray(RGB), "JPEG", exif=exif, quality=98)
    with Image.open(path) as opened:
        expected = np.asarray(ImageOps.exif_transpose(opened))
        stored = np.asarray(opened.convert("RGB"))
    assert np.abs(read_image(path).astype(int) - expected).max() <= 3
    assert np.abs(decode(path.read_bytes(), upright=False).astype(int) - stored).max() <= 3


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("zero.jpg", b"", "is empty (0 bytes)"),
        ("cut.jpg", encoded(RGB)[:-200], "is cut off or damaged"),
        ("cut.png", encoded(RGB, ".png")[:-200], "is cut off or damaged"),
        ("text.jpg", b"this is a note\nof two lines\n", "is a text file, no picture"),
        ("bytes.jpg", bytes(range(256)), "is no picture of a kind that is known here"),
    ],
)
def test_a_bad_file_gets_one_sentence_and_no_noise(tmp_path, capfd, name, data, said):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError) as caught:
        read_image(tmp_path / name)
    sentence = str(caught.value)
    assert sentence.startswith(f"{tmp_path / name} {said}")
    assert sentence.endswith("replace the file or take it out of the folder.")
    assert capfd.readouterr().err == ""
    assert caught.value._render_traceback_() == [f"✘ {sentence}"]


def test_a_missing_file_gets_a_sentence(tmp_path):
    with pytest.raises(DataError, match=r"gone\.jpg can't be opened .*check the name"):
        read_image(tmp_path / "gone.jpg")


def test_a_large_jpeg_is_decoded_small_and_still_looks_the_same():
    large = picture(2, 1200, 1600)
    data = encoded(large)
    small = decode(data, enough=64)
    assert small.shape == (150, 200, 3)  # 1/8: 1/16 would be below 64, 1/8 is at least twice it
    difference = stretch(small, 64).astype(int) - stretch(large, 64)
    assert np.abs(difference).mean() < 2
    assert decode(data, enough=400).shape == large.shape


def test_the_header_gives_a_jpegs_size():
    assert jpeg_size(encoded(RGB)) == (64, 48)
    progressive = io.BytesIO()
    Image.fromarray(RGB).save(progressive, "JPEG", progressive=True, comment=b"\xff\xc0" * 9)
    assert jpeg_size(progressive.getvalue()) == (64, 48)
    assert jpeg_size(encoded(RGB, ".png")) is None
    assert jpeg_size(encoded(RGB)[:20]) is None


def test_shrinking_averages_and_never_enlarges():
    board = np.zeros((64, 128, 3), np.uint8)
    board[::2] = 200
    assert np.array_equal(shrink(board, 64), np.full((32, 64, 3), 100))
    assert shrink(board, 200) is board
    assert shrink(board, None) is board


def test_threads_read_at_once_and_standard_error_comes_back(tmp_path, capfd):
    good, bad = save(tmp_path / "good.png", RGB), tmp_path / "bad.png"
    bad.write_bytes(encoded(RGB, ".png")[:-60])
    found = []

    def work() -> None:
        for _ in range(20):
            found.append(np.array_equal(read_image(good), RGB))
            with pytest.raises(DataError):
                read_image(bad)

    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert found == [True] * 80
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"
