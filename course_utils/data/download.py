"""Downloads that go on where they stopped, and archives that stay inside their folder."""

from __future__ import annotations

import hashlib
import http.client
import tarfile
import time
import urllib.error
import urllib.request
import zlib
from pathlib import Path, PurePosixPath

from course_utils.data.cache import explained
from course_utils.errors import DataError
from course_utils.progress import Bar

_SECONDS = 30
_CHUNK = 2**18
_MEGABYTE = 10**6
_TRIES = 5  # connections that bring nothing new, in a row
_PAUSE_SECONDS = 0.5
_PARTIAL, _PAST_THE_END = 206, 416
_OFFLINE = "connect to the network and run this again, or set COURSE_SOURCE to 'drawn' or a folder"


class _CutOffError(Exception):
    """The connection broke while a file was on its way."""


def download(url: str, path: Path, md5: str) -> None:
    """Download a file, going on from what an interrupted download left, and verify its checksum.

    What has come so far lies beside `path` as ``NAME.download``; `path` itself is complete. Two
    processes must not download the same file at once (`cache.one_at_a_time`).

    Parameters
    ----------
    url : str
    path : Path
        Where it goes; nothing is done where it exists.
    md5 : str
        Expected checksum, as its publisher or a widely used library gives it.

    Raises
    ------
    DataError
        No network, the server refuses, the connection keeps breaking off, a wrong checksum (the
        bad file is removed), or a full disk.
    """
    part = path.with_name(f"{path.name}.download")
    if path.exists():
        return
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    _fetch(url, part)
    with part.open("rb") as file:
        came = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if came != md5:
        part.unlink()
        raise DataError(
            f"{url} came with a wrong checksum and was removed: run this again; if it happens "
            "twice, the file on the server has changed and a newer course is needed."
        )
    part.replace(path)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack the plain files of a tar archive into a folder.

    Raises
    ------
    DataError
        A member points outside the folder, the archive is damaged, or the disk is full.
    """
    try:
        with tarfile.open(archive) as tar:
            members = tar.getmembers()
            for member in members:
                name = PurePosixPath(member.name.replace("\\", "/"))
                if name.is_absolute() or ".." in name.parts or ":" in member.name:
                    raise DataError(
                        f"{archive} holds {member.name!r}, which points outside its folder; "
                        "nothing was unpacked: delete the archive and get it from its home page."
                    )
            with Bar(len(members), f"Unpacking {archive.name}") as bar:
                for member in members:
                    if member.isfile():  # no links, no devices
                        content = tar.extractfile(member).read()
                        target = folder / member.name
                        with explained(target):
                            target.parent.mkdir(parents=True, exist_ok=True)
                            target.write_bytes(content)
                    bar.update()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise DataError(
            f"{archive} is damaged ({error}): delete it and run this again to get it anew."
        ) from None


def _fetch(url: str, part: Path) -> None:
    """Bring `part` to the length that the server tells, in as many connections as it takes."""
    failures, why = 0, ""
    while failures < _TRIES:
        before = _length(part)
        try:
            if _connect(url, part):
                return
            why = "the connection was closed"
        except urllib.error.HTTPError as error:
            raise DataError(
                f"{url} can't be had (the server answers {error.code} {error.reason}): try again "
                "later, or set COURSE_SOURCE to 'drawn' or a folder."
            ) from None
        except urllib.error.URLError as error:
            why = str(error.reason)
            if not _length(part):
                raise DataError(f"{url} can't be reached ({why}): {_OFFLINE}.") from None
        except (_CutOffError, OSError, http.client.HTTPException) as error:
            why = str(error) or type(error).__name__
        failures = 0 if _length(part) > before else failures + 1
        time.sleep(_PAUSE_SECONDS * failures)
    raise DataError(
        f"The download of {url} broke off after {_length(part) / _MEGABYTE:,.1f} MB ({why}): "
        "run this again and it goes on from there."
    )


def _connect(url: str, part: Path) -> bool:
    """Add to `part` what one connection brings; whether it is complete."""
    have = _length(part)
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urllib.request.urlopen(request, timeout=_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code != _PAST_THE_END:
            raise
        # all of it is here, or another file is: then the checksum tells
        return True
    with answer:
        resumed = answer.status == _PARTIAL
        begin = have if resumed else 0
        length = answer.headers.get("Content-Length")
        total = begin + int(length) if length else None
        with (
            explained(part),
            part.open("ab" if resumed else "wb") as file,
            Bar(round((total or 0) / _MEGABYTE), f"Downloading {part.stem} (MB)") as bar,
        ):
            shown = 0
            while chunk := _read(answer):
                file.write(chunk)
                begin += len(chunk)
                bar.update(begin // _MEGABYTE - shown)
                shown = begin // _MEGABYTE
    return total is None or begin >= total


def _read(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read1(_CHUNK)  # what is here already: a kill loses no more
    except OSError as error:  # the network's, not the disk's
        raise _CutOffError(str(error)) from None


def _length(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
