"""Reads a picture file, whatever its kind, as RGB uint8."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from course_utils.errors import DataError
from course_utils.runtime import quiet_stderr

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")

_lock = threading.Lock()
_depth = 0
_silence = contextlib.ExitStack()


def read_image(path: str | Path) -> np.ndarray:
    """Read a picture in colour, grey, with transparency, a palette, 16 bits or an EXIF rotation.

    Transparent pixels come in front of white; 16 bits are cut to the upper 8; a rotation noted by
    the camera is carried out.

    Returns
    -------
    array (H, W, 3) uint8
        RGB.

    Raises
    ------
    DataError
        The file is missing, empty, cut off or no picture.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} can't be opened ({error.strerror}): check the name and the folder."
        ) from None
    with quietly():
        image = decode(data)
    if image is None:
        raise DataError(f"{path} {flaw(data)}: replace the file or take it out of the folder.")
    return image


def decode(data: bytes, *, enough: int | None = None, upright: bool = True) -> np.ndarray | None:
    """Decode a picture file's bytes; None where they are no whole picture.

    The decoders write complaints to standard error: call it inside `quietly`.

    Parameters
    ----------
    data : bytes
    enough : int, optional
        Pixels that the shorter side must have at least. A JPEG more than twice as large is decoded
        at 1/2, 1/4 or 1/8 of its size, which is several times faster.
    upright : bool
        Whether the rotation noted by the camera is carried out.

    Returns
    -------
    array (H, W, 3) uint8 or None
        RGB.
    """
    if not data:
        return None
    coded = np.frombuffer(data, np.uint8)
    flags = cv2.IMREAD_COLOR_RGB
    try:
        if not _is_jpeg(data):
            image = cv2.imdecode(coded, cv2.IMREAD_UNCHANGED)
            if image is not None and image.ndim == 3 and image.shape[2] == 4:
                return _before_white(image)
        elif enough is not None and (size := jpeg_size(data)):
            flags = _reduced(min(size) // (2 * enough))
        image = cv2.imdecode(coded, flags | (0 if upright else cv2.IMREAD_IGNORE_ORIENTATION))
    except cv2.error:
        return None
    if image is None or flags == cv2.IMREAD_COLOR_RGB:
        return image
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Read (width, height) from a JPEG's header, before any rotation; None where it has none.

    ITU-T T.81, section B.2.2: the frame header is the segment SOF0 to SOF15 but for DHT, JPG, DAC.
    """
    at = 2
    while _is_jpeg(data) and at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height = int.from_bytes(data[at + 5 : at + 7])
            return int.from_bytes(data[at + 7 : at + 9]), height
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


def own_size(data: bytes, image: np.ndarray) -> tuple[int, int]:
    """Return the (width, height) that `decode` would have given `image` at its full size."""
    height, width = image.shape[:2]
    own = jpeg_size(data) or (width, height)
    rotated = (own[0] < own[1]) != (width < height) and own[0] != own[1]
    return own[::-1] if rotated else own


def flaw(data: bytes) -> str:
    """Say why bytes that `decode` refused are no picture."""
    if not data:
        return "is empty (0 bytes)"
    if _is_jpeg(data) or data.startswith(b"\x89PNG"):
        return "is cut off or damaged"
    if data[:64].isascii() and data[:64].decode("ascii").replace("\n", " ").isprintable():
        return "is a text file, no picture"
    return f"is no picture of a kind that is known here ({', '.join(SUFFIXES)})"


def shrink(image: np.ndarray, size: int | None) -> np.ndarray:
    """Resize a picture so that its longer side is `size` at most, by averaging; never enlarge."""
    height, width = image.shape[:2]
    if size is None or max(height, width) <= size:
        return image
    scale = size / max(height, width)
    shape = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(image, shape, interpolation=cv2.INTER_AREA)


def stretch(image: np.ndarray, size: int) -> np.ndarray:
    """Resize a picture to `size` × `size`, whatever its shape."""
    if image.shape[:2] == (size, size):
        return image
    larger = min(image.shape[:2]) >= size
    kind = cv2.INTER_AREA if larger else cv2.INTER_LINEAR
    return cv2.resize(image, (size, size), interpolation=kind)


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Hold back what the decoders write to standard error; may be entered by several threads."""
    global _depth
    with _lock:
        if _depth == 0:
            _silence.enter_context(quiet_stderr())
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                _silence.close()


def _is_jpeg(data: bytes) -> bool:
    return data.startswith(b"\xff\xd8")


def _reduced(factor: int) -> int:
    if factor >= 8:
        return cv2.IMREAD_REDUCED_COLOR_8
    if factor >= 4:
        return cv2.IMREAD_REDUCED_COLOR_4
    return cv2.IMREAD_REDUCED_COLOR_2 if factor >= 2 else cv2.IMREAD_COLOR_RGB


def _before_white(image: np.ndarray) -> np.ndarray:
    """Lay BGRA, 8 or 16 bits a value, in front of white and return RGB of 8 bits."""
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    alpha = image[..., 3:].astype(np.float32) / 255
    mixed = image[..., 2::-1] * alpha + 255 * (1 - alpha)
    return np.round(mixed).astype(np.uint8)
