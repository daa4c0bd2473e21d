"""Oxford-IIIT Pet in the form in which it is downloaded, and a server on this machine for it."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import io
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from helpers_data import encoded, picture

XML = (
    "<annotation><source><annotation>OXIIIT</annotation></source><size><width>{w}</width>"
    "<height>{h}</height></size><object><name>{name}</name><bndbox><xmin>{box[0]}</xmin>"
    "<ymin>{box[1]}</ymin><xmax>{box[2]}</xmax><ymax>{box[3]}</ymax></bndbox></object></annotation>"
)
BREEDS = ("Abyssinian", "american_bulldog", "Bengal", "pug")


def made_up_pets(each: int = 12, side: int = 40) -> dict[str, bytes]:
    """Make up files of the set's form: `each` pictures of four breeds, a pet in the middle.

    As in the real set, head boxes belong to pictures of trainval.txt alone.
    """
    files: dict[str, bytes] = {}
    lists: dict[str, list[str]] = {"list": [], "trainval": [], "test": []}
    trimap = np.full((side, 2 * side), 2, np.uint8)
    trimap[10:30, 20:60] = 3
    trimap[12:28, 24:56] = 1
    for place, breed in enumerate(BREEDS):
        cat = breed[0].isupper()
        trimap[34:] = 2 if cat else 3  # so that trimaps tell their pictures apart
        for number in range(each):
            name = f"{breed}_{number}"
            files[f"images/{name}.jpg"] = encoded(picture(100 * place + number, side, 2 * side))
            files[f"annotations/trimaps/{name}.png"] = encoded(trimap, ".png")
            line = f"{name} {place + 1} {1 if cat else 2} {place // 2 + 1}"
            part = "trainval" if number % 2 else "test"
            if part == "trainval":
                kind = "cat" if cat else "dog"
                text = XML.format(w=2 * side, h=side, name=kind, box=(20, 10, 40, 20))
                files[f"annotations/xmls/{name}.xml"] = text.encode()
            lists["list"].append(line)
            lists[part].append(line)
    head = "#Image CLASS-ID SPECIES BREED ID\n"
    for part, lines in lists.items():
        text = (head if part == "list" else "") + "\n".join(lines) + "\n"
        files[f"annotations/{part}.txt"] = text.encode()
    return files


def real_pets(folder: Path) -> dict[str, bytes]:
    """Take a folder of real pictures and give it the lists of the downloaded form."""
    names = sorted(file.stem for file in (folder / "images").glob("*.jpg"))
    boxed = {file.stem for file in (folder / "annotations" / "xmls").glob("*.xml")}
    breeds = sorted({name.rsplit("_", 1)[0] for name in names}, key=str.lower)
    lines: dict[str, list[str]] = {"list": [], "trainval": [], "test": []}
    for place, name in enumerate(names):
        species = 1 if name[0].isupper() else 2
        line = f"{name} {breeds.index(name.rsplit('_', 1)[0]) + 1} {species} 1"
        lines["list"].append(line)
        lines["trainval" if name in boxed or place % 3 else "test"].append(line)
    files = {f"annotations/{k}.txt": ("\n".join(v) + "\n").encode() for k, v in lines.items()}
    for part in ("images", "annotations/trimaps", "annotations/xmls"):
        files |= {f"{part}/{f.name}": f.read_bytes() for f in sorted((folder / part).iterdir())}
    return files


def write_archives(files: dict[str, bytes], folder: Path) -> str:
    """Write images.tar.gz and annotations.tar.gz; return their checksums for COURSE_PETS_MD5."""
    folder.mkdir(parents=True, exist_ok=True)
    checksums = []
    for part in ("images", "annotations"):
        path = folder / f"{part}.tar.gz"
        with tarfile.open(path, "w:gz", compresslevel=1) as tar:
            for name, content in files.items():
                if name.startswith((part, "../")):
                    member = tarfile.TarInfo(name)
                    member.size = len(content)
                    tar.addfile(member, io.BytesIO(content))
        checksums.append(hashlib.md5(path.read_bytes()).hexdigest())
    return ",".join(checksums)


class Server:
    """Serves a folder over HTTP on 127.0.0.1.

    Attributes
    ----------
    url : str
    ranges : bool
        Whether it can send a part of a file.
    cut_after : int or None
        Bytes after which it closes a connection, whatever is missing.
    rate : float
        Bytes a second at most.
    sent : int
        Bytes of files sent so far.
    requests : list of (path, Range header)
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.ranges, self.cut_after, self.rate = folder, True, None, float("inf")
        self.sent, self.requests = 0, []
        self.url = ""

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        wanted = handler.headers.get("Range")
        self.requests.append((handler.path, wanted))
        path = self.folder / handler.path.lstrip("/")
        if not path.is_file():
            handler.send_error(404)
            return
        content, start = path.read_bytes(), 0
        total = len(content)
        if wanted and self.ranges:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= total:
                handler.send_error(416)
                return
            handler.send_response(206)
            handler.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        else:
            handler.send_response(200)
        handler.send_header("Content-Length", str(total - start))
        handler.end_headers()
        self._send(handler, content[start:])

    def _send(self, handler: http.server.BaseHTTPRequestHandler, content: bytes) -> None:
        content = content if self.cut_after is None else content[: self.cut_after]
        for at in range(0, len(content), 2**14):
            chunk = content[at : at + 2**14]
            with contextlib.suppress(ConnectionError):
                handler.wfile.write(chunk)
                self.sent += len(chunk)
            if self.rate < float("inf"):
                time.sleep(len(chunk) / self.rate)


@contextlib.contextmanager
def served(folder: Path) -> Iterator[Server]:
    """Serve a folder while the block runs."""
    server = Server(folder)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{listener.server_address[1]}/"
    thread = threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
