"""The download of Oxford-IIIT Pet, from a server on this machine."""

import errno
import io
import random
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
from helpers_data import python, real, use
from helpers_oxford import made_up_pets, real_pets, served, write_archives

from course_utils.data import download as module
from course_utils.data.download import unpack
from course_utils.data.oxford import downloaded
from course_utils.data.pets import load_pets, load_scenes
from course_utils.errors import DataError


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def files():
    noise = np.random.default_rng(0).bytes(2**20)
    return made_up_pets() | {"images/large.mat": noise, "images/link.mat": noise[:99]}


@pytest.fixture
def server(tmp_path, files, monkeypatch):
    monkeypatch.setenv("COURSE_PETS_MD5", write_archives(files, tmp_path / "served"))
    use(monkeypatch, tmp_path / "cache", "photos")
    with served(tmp_path / "served") as server:
        monkeypatch.setenv("COURSE_PETS_URL", server.url)
        yield server


def below(folder) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def names(folder) -> set[str]:
    return {file.name for file in folder.iterdir() if not file.name.endswith(".lock")}


def test_what_is_served_arrives_and_is_fetched_once(server, files, tmp_path, capsys):
    assert below(downloaded()) == files
    assert names(tmp_path / "cache") == {"oxford-iiit-pet"}
    said = capsys.readouterr().out
    assert "about 800 MB, licence CC BY-SA 4.0" in said
    asked = len(server.requests)
    assert below(downloaded()) == files
    assert len(server.requests) == asked == 2


def test_no_network_gets_a_sentence(tmp_path, monkeypatch):
    use(monkeypatch, tmp_path / "cache", "photos")
    with served(tmp_path) as gone:
        pass
    monkeypatch.setenv("COURSE_PETS_URL", gone.url)
    with pytest.raises(DataError) as caught:
        load_pets("train")
    said = str(caught.value)
    assert said.startswith(f"{gone.url}images.tar.gz can't be reached (")
    assert said.endswith(
        "connect to the network and run this again, or set COURSE_SOURCE to 'drawn' or a folder."
    )
    assert names(tmp_path / "cache") == set()


def test_a_file_that_the_server_lacks_gets_a_sentence(server, tmp_path):
    (tmp_path / "served" / "annotations.tar.gz").unlink()
    with pytest.raises(DataError, match=r"annotations\.tar\.gz can't be had .*404.*try again"):
        downloaded()
    # the other archive is kept for the next time
    assert names(tmp_path / "cache") == {"images.tar.gz"}


def test_a_wrong_checksum_gets_a_sentence_and_the_file_goes(server, tmp_path, monkeypatch, files):
    right = (tmp_path / "served" / "images.tar.gz").read_bytes()
    (tmp_path / "served" / "images.tar.gz").write_bytes(right[:-1] + b"!")
    with pytest.raises(DataError, match=r"images\.tar\.gz came with a wrong checksum.*run this"):
        downloaded()
    assert names(tmp_path / "cache") == set()
    (tmp_path / "served" / "images.tar.gz").write_bytes(right)
    assert below(downloaded()) == files


def test_a_download_that_is_cut_off_goes_on_by_itself(server, files, tmp_path):
    server.cut_after = 300_000
    assert below(downloaded()) == files
    total = sum(file.stat().st_size for file in (tmp_path / "served").iterdir())
    assert server.sent == total
    assert [wanted for path, wanted in server.requests if "images" in path][:3] == [
        None,
        "bytes=300000-",
        "bytes=600000-",
    ]


def test_a_connection_that_brings_nothing_ends_in_a_sentence_and_goes_on_later(
    server, files, tmp_path
):
    server.cut_after = 100_000
    server.ranges = True
    images = tmp_path / "cache" / "images.tar.gz.download"

    def stop_at_once(*_: object) -> None:
        server.cut_after = 0 if images.exists() and images.stat().st_size else 100_000

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.time, "sleep", stop_at_once)
        with pytest.raises(DataError, match=r"broke off after 0\.1 MB.*goes on from there"):
            downloaded()
    assert images.stat().st_size == 100_000
    server.cut_after, sent = None, server.sent
    assert below(downloaded()) == files
    total = sum(file.stat().st_size for file in (tmp_path / "served").iterdir())
    assert server.sent - sent == total - 100_000


def test_a_server_without_ranges_is_asked_for_the_whole(server, files, tmp_path):
    server.ranges = False
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "images.tar.gz.download").write_bytes(b"half" * 1000)
    assert below(downloaded()) == files


def test_a_complete_part_is_not_fetched_again(server, files, tmp_path):
    (tmp_path / "cache").mkdir()
    whole = (tmp_path / "served" / "images.tar.gz").read_bytes()
    (tmp_path / "cache" / "images.tar.gz.download").write_bytes(whole)
    assert below(downloaded()) == files
    assert server.sent == (tmp_path / "served" / "annotations.tar.gz").stat().st_size


@pytest.mark.parametrize("name", ["../outside.txt", "/tmp/outside.txt", "images/../../outside.txt"])
def test_an_archive_that_points_outside_is_refused(tmp_path, name):
    with tarfile.open(tmp_path / "bad.tar.gz", "w:gz") as tar:
        for member in ("images/good.jpg", name):
            info = tarfile.TarInfo(member)
            info.size = 4
            tar.addfile(info, io.BytesIO(b"here"))
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    with pytest.raises(DataError) as caught:
        unpack(tmp_path / "bad.tar.gz", folder)
    assert str(caught.value) == (
        f"{tmp_path / 'bad.tar.gz'} holds {name!r}, which points outside its folder; nothing was "
        "unpacked: delete the archive and get it from its home page."
    )
    assert list(folder.rglob("*")) == []
    assert not list(tmp_path.rglob("outside.txt"))


def test_a_link_in_an_archive_leads_nowhere(tmp_path):
    with tarfile.open(tmp_path / "bad.tar.gz", "w:gz") as tar:
        link = tarfile.TarInfo("images")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "victim")
        tar.addfile(link)
        info = tarfile.TarInfo("images/file.jpg")
        info.size = 4
        tar.addfile(info, io.BytesIO(b"here"))
    (tmp_path / "victim").mkdir()
    (tmp_path / "into").mkdir()
    unpack(tmp_path / "bad.tar.gz", tmp_path / "into")
    assert list((tmp_path / "victim").iterdir()) == []
    assert (tmp_path / "into" / "images" / "file.jpg").read_bytes() == b"here"


def test_a_damaged_archive_gets_a_sentence(tmp_path):
    write_archives(made_up_pets(1), tmp_path)
    path = tmp_path / "images.tar.gz"
    path.write_bytes(path.read_bytes()[:-500])
    (tmp_path / "into").mkdir()
    with pytest.raises(DataError, match=r"images\.tar\.gz is damaged .*delete it and run this"):
        unpack(path, tmp_path / "into")


GET = """
from course_utils.data.oxford import downloaded
print("begun", flush=True)
downloaded()
"""


def test_killed_at_any_moment_it_goes_on_and_ends_right(server, files, tmp_path):
    server.rate = 1e6
    moments = random.Random(2)
    for _ in range(8):
        process = python(GET)
        assert process.stdout.readline() == "begun\n"
        time.sleep(moments.uniform(0, 0.3))
        process.kill()
        process.communicate()
        folder = tmp_path / "cache" / "oxford-iiit-pet"
        assert not folder.exists() or below(folder) == files
    server.rate = float("inf")
    assert below(downloaded()) == files
    assert names(tmp_path / "cache") == {"oxford-iiit-pet"}
    # each start asked for what was still missing
    starts = [int((r or "bytes=0-")[6:-1]) for path, r in server.requests if "images" in path]
    assert starts == sorted(starts)
    assert len(set(starts)) > 4


def test_two_processes_fetch_it_once(server, files, tmp_path):
    server.rate = 5e6
    both = [python(GET), python(GET)]
    for process in both:
        process.communicate()
        assert process.returncode == 0
    assert below(tmp_path / "cache" / "oxford-iiit-pet") == files
    assert len(server.requests) == 2


def test_a_full_disk_keeps_what_came_and_says_so(server, tmp_path, monkeypatch):
    real_open = Path.open

    class Full(io.BytesIO):
        def write(self, _: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    def open_(path, mode="r", *rest, **more):
        return Full() if path.name.endswith(".download") else real_open(path, mode, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", open_)
        with pytest.raises(DataError, match=r"download can't be written \(the disk is full\)"):
            downloaded()
    assert names(tmp_path / "cache") == set()


def test_the_real_set_as_it_is_downloaded(tmp_path, monkeypatch):
    files = real_pets(real("oxford_pets"))
    monkeypatch.setenv("COURSE_PETS_MD5", write_archives(files, tmp_path / "served"))
    use(monkeypatch, tmp_path / "cache", "photos")
    with served(tmp_path / "served") as server:
        monkeypatch.setenv("COURSE_PETS_URL", server.url)
        train, test = load_pets("train"), load_pets("test")
    trimaps = sum(name.startswith("annotations/trimaps") for name in files)
    assert len(train) + len(test) == trimaps == 579
    for pets in (train, test):
        assert len(pets.breed_names) == 31
        assert set(np.unique(pets.trimap)) == {1, 2, 3}
        assert np.isfinite(pets.head_box[:, 0]).any()
        assert {0, 1} == set(pets.species)
        # a cat's breed begins with a capital letter
        assert all(
            pets.breed_names[breed][0].isupper() == (species == 0)
            for breed, species in zip(pets.breed, pets.species, strict=True)
        )
    with_heads = load_pets("test", need=("head_box",))
    assert 0 < len(with_heads) < len(test)
    scenes = load_scenes("test", count=10, size=96)
    assert [image.shape for image in scenes.images] == [(96, 96, 3)] * 10
    assert all(box.shape == (1, 4) for box in scenes.boxes)
