"""Folders of one's own: class folders, Kaggle's and Microsoft's trees, Pascal VOC."""

import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers_data import encoded, picture, python, real, save, use

from course_utils.data import listing, pets
from course_utils.data.decoding import PicturesOnDisk
from course_utils.data.pets import load_pets, load_scenes
from course_utils.data.records import Digits
from course_utils.errors import DataError


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Give a folder that is the source."""
    use(monkeypatch, tmp_path / "cache", tmp_path / "own")
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


def fill(folder: Path, count: int, first: int, name: str = "{}.png") -> None:
    for n in range(count):
        save(folder / name.format(n), picture(first + n, 64, 64))


def keys(found) -> set[bytes]:
    return {image.tobytes() for image in found.images}


CATS = {picture(1000 + n, 64, 64).tobytes() for n in range(40)}
DOGS = {picture(2000 + n, 64, 64).tobytes() for n in range(40)}


def check_whole(train, test, cats: int = 40, dogs: int = 40) -> None:
    """Check that the two splits hold each picture once, under its right label."""
    assert not keys(train) & keys(test)
    for found in (train, test):
        for image, species in zip(found.images, found.species, strict=True):
            assert image.tobytes() in (CATS, DOGS)[species]
    assert len(train) + len(test) == cats + dogs == len(keys(train) | keys(test))
    assert (train.species == 0).sum() + (test.species == 0).sum() == cats
    assert train.species_names == ("cat", "dog")


@pytest.mark.parametrize(
    ("cats", "dogs"),
    [
        ("cat", "dog"),
        ("Dogs and cats/PetImages/Cat", "Dogs and cats/PetImages/Dog"),
        ("CATS", "dogs"),
        ("cats/of mine", "dogs"),
    ],
)
def test_one_folder_a_class_is_split_by_content(own, cats, dogs):
    fill(own / cats, 40, 1000)
    fill(own / dogs, 40, 2000)
    (own / "cat").mkdir(exist_ok=True) if cats == "cat" else None
    (own / ".ipynb_checkpoints").mkdir()
    (own / "__MACOSX" / "cat").mkdir(parents=True)
    (own / "__MACOSX" / "cat" / "._1.jpg").write_bytes(b"x")
    train, test = load_pets("train"), load_pets("test")
    check_whole(train, test)
    assert 5 <= len(test) <= 30


@pytest.mark.parametrize(
    ("train", "test"),
    [("train", "test"), ("Training_Set", "test_set"), ("train", "validation"), ("train", "val")],
)
def test_train_and_test_folders_are_the_split(own, train, test):
    fill(own / train / "cats", 30, 1000)
    fill(own / train / "dogs", 30, 2000)
    fill(own / test / "cats", 10, 1030)
    fill(own / test / "dogs", 10, 2030)
    found = load_pets("train"), load_pets("test")
    assert [len(pets) for pets in found] == [60, 20]
    check_whole(*found)


def test_test_wins_over_validation(own):
    for part, first in (("train", 0), ("validation", 10), ("test", 20)):
        fill(own / part / "cat", 10, 1000 + first)
        fill(own / part / "dog", 10, 2000 + first)
    assert keys(load_pets("test")) == {
        picture(base + n, 64, 64).tobytes() for base in (1020, 2020) for n in range(10)
    }


@pytest.mark.parametrize("inner", ["train", "train/train", "."])
def test_kaggles_flat_names_with_unlabelled_test_pictures(own, inner):
    fill(own / inner, 40, 1000, "cat.{}.png")
    fill(own / inner, 40, 2000, "dog.{}.png")
    if inner != ".":
        fill(own / "test1", 5, 3000)
    check_whole(load_pets("train"), load_pets("test"))


def test_other_classes_come_in_alphabetical_order(own):
    for place, name in enumerate(("zebra", "Ant", "mole")):
        fill(own / name, 20, 1000 * place)
    train = load_pets("train")
    assert train.species_names == ("Ant", "mole", "zebra")
    ants = {picture(1000 + n, 64, 64).tobytes() for n in range(20)}
    assert all((i.tobytes() in ants) == (s == 0) for i, s in zip(train.images, train.species,
                                                                 strict=True))  # fmt: skip


def test_equal_files_stay_on_one_side(own):
    fill(own / "cat", 30, 1000)
    fill(own / "dog", 30, 2000)
    for n in range(30):
        save(own / "cat" / f"again {n}.png", picture(1000 + n, 64, 64))
    train, test = load_pets("train"), load_pets("test")
    assert not keys(train) & keys(test)
    assert len(train) + len(test) == 90


def test_a_seed_gives_one_order_and_a_balanced_share(own, monkeypatch, tmp_path):
    fill(own / "cat", 40, 1000)
    fill(own / "dog", 20, 2000)
    all_of_it = load_pets("train")
    assert 0.1 < np.mean(np.abs(np.diff(all_of_it.species))) < 0.9  # shuffled
    some = load_pets("train", count=20)
    assert np.bincount(some.species).tolist() == [10, 10]
    assert keys(some) <= keys(all_of_it)
    assert np.array_equal(some.images, load_pets("train", count=20).images)
    use(monkeypatch, tmp_path / "cache", own, seed=1)
    assert keys(load_pets("train", count=20)) != keys(some)
    assert not np.array_equal(load_pets("train").images, all_of_it.images)
    assert keys(load_pets("train")) == keys(all_of_it)
    # the dogs run out: the cats fill up
    more = load_pets("train", count=len(all_of_it) - 2)
    assert len(more) == len(all_of_it) - 2
    assert (more.species == 1).sum() == (all_of_it.species == 1).sum()


def test_pictures_are_stretched_to_a_square(own):
    left_red = np.zeros((30, 90, 3), np.uint8)
    left_red[:, :45, 0] = 255
    for kind in ("cat", "dog"):
        for n in range(12):
            left_red[0, 0, 2] = 20 * n
            save(own / kind / f"{n}.png", left_red)
    images = load_pets("train", size=32).images
    assert images.shape[1:] == (32, 32, 3)
    assert (images[:, 3:, :15, 0] == 255).all()
    assert (images[:, :, 17:, 0] == 0).all()


def test_broken_files_as_microsofts_tree_has_them(own, capfd):
    fill(own / "PetImages" / "Cat", 40, 1000)
    fill(own / "PetImages" / "Dog", 40, 2000)
    (own / "PetImages" / "Cat" / "666.jpg").write_bytes(b"")
    (own / "PetImages" / "Dog" / "11702.jpg").write_bytes(encoded(picture(1))[:-300])
    (own / "PetImages" / "Dog" / "note.jpg").write_text("no picture at all")
    (own / "PetImages" / "Cat" / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    (own / "readme[1].txt").write_text("read me")
    check_whole(load_pets("train"), load_pets("test"))
    heard = capfd.readouterr()
    for said in ("666.jpg is empty", "11702.jpg is cut off", "note.jpg is a text file"):
        assert said in heard.out
    assert "replace or delete them and this line goes" in heard.out
    assert heard.err == ""


def test_an_empty_class_folder_gets_a_sentence(own):
    fill(own / "cat", 10, 1000)
    fill(own / "horse", 10, 2000)
    (own / "dog").mkdir()
    with pytest.raises(DataError) as caught:
        load_pets("train")
    assert str(caught.value) == (
        f"The class folder {own / 'dog'} is empty: put its pictures into it or take it away."
    )


def test_one_class_only_gets_a_sentence(own):
    fill(own / "cat", 10, 1000)
    with pytest.raises(DataError, match=rf"{own} has one class only \(cat\): a second folder"):
        load_pets("train")


def test_a_class_of_broken_files_gets_a_sentence(own):
    fill(own / "train" / "cat", 3, 1000)
    fill(own / "train" / "dog", 3, 2000)
    fill(own / "test" / "cat", 3, 1010)
    save(own / "test" / "dog" / "1.jpg", picture(1)).write_bytes(b"")
    assert len(load_pets("train")) == 6
    with pytest.raises(DataError, match="no picture of the class 'dog' after the unreadable"):
        load_pets("test")


def test_too_few_pictures_to_split_get_a_sentence(own):
    fill(own / "cat", 1, 1000)
    fill(own / "dog", 1, 2000)
    both = []
    for split in ("train", "test"):
        try:
            both.append(load_pets(split))
        except DataError as error:
            assert "too few to split by content" in str(error)  # noqa: PT017 - one at least
    assert len(both) < 2


def test_test_folders_of_other_classes_get_a_sentence(own):
    for part, names in (("train", ("cat", "dog")), ("test", ("cat", "horse"))):
        for name in names:
            fill(own / part / name, 2, 1000)
    with pytest.raises(DataError, match=r"has the classes cat, dog, but .*test has cat, horse"):
        load_pets("train")


def test_a_folder_of_no_known_form_gets_one_sentence_with_the_forms(own, monkeypatch, tmp_path):
    fill(own / "holiday", 3, 1000)
    (own / "notes.txt").write_text("x")
    with pytest.raises(DataError) as caught:
        load_pets("train")
    for form in (str(own), "one folder a class", "cat.0.jpg", "Pascal VOC", "Oxford-IIIT Pet"):
        assert form in str(caught.value)
    use(monkeypatch, tmp_path / "cache", own / "typo")
    with pytest.raises(DataError, match=r"typo', which is no folder seen from .*whole path"):
        load_pets("train")


def test_what_a_class_folder_lacks_can_not_be_needed(own):
    fill(own / "cat", 10, 1000)
    fill(own / "dog", 10, 2000)
    with pytest.raises(DataError, match=r"No picture in .* comes with head box"):
        load_pets("train", need=("head_box",))
    with pytest.raises(DataError, match="has no boxes: accepted are Pascal VOC"):
        load_scenes("train")


def test_a_wrong_argument_is_named():
    with pytest.raises(ValueError, match="'validation'; it can be 'train' or 'test'"):
        load_pets("validation")
    with pytest.raises(ValueError, match=r"need has \['head'\]"):
        load_pets("train", need=("head",))


def test_the_drawn_pets_stand_in_for_a_folder_of_digits(own, monkeypatch, capsys):
    (own / "train-images-idx3-ubyte").write_bytes(b"")
    stand_in = Digits(np.zeros(0), np.zeros(0))
    monkeypatch.setattr(pets, "_drawn_pets", lambda *given: (stand_in, given))
    assert load_pets("test", count=4) == (stand_in, ("test", 4, 64))
    assert "holds digits and no pets" in capsys.readouterr().out


# Pascal VOC


def xml(objects: list[tuple], size: tuple[int, int] | None = None, source: str = "") -> str:
    things = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{a}</xmin><ymin>{b}</ymin><xmax>{c}</xmax>"
        f"<ymax>{d}</ymax></bndbox></object>"
        for name, a, b, c, d in objects
    )
    sizes = f"<size><width>{size[0]}</width><height>{size[1]}</height></size>" if size else ""
    origin = f"<source><annotation>{source}</annotation></source>"
    return f"<annotation>{origin}{sizes}{things}</annotation>"


def voc(own: Path, folders: tuple[str, str], notes: dict[str, str], ending: str = ".png") -> None:
    for place, (name, text) in enumerate(notes.items()):
        save(own / folders[0] / f"{name}{ending}", picture(place, 60, 80))
        (own / folders[1]).mkdir(parents=True, exist_ok=True)
        (own / folders[1] / f"{name}.xml").write_text(text)


def both_scenes(**settings):
    found = [load_scenes(split, **settings) for split in ("train", "test")]
    images = [image for scenes in found for image in scenes.images]
    boxes = [box for scenes in found for box in scenes.boxes]
    labels = [label for scenes in found for label in scenes.labels]
    return found, images, boxes, labels


@pytest.mark.parametrize(
    "folders",
    [("JPEGImages", "Annotations"), ("images", "annotations"), (".", "."),
     ("VOCdevkit/VOC2007/JPEGImages", "VOCdevkit/VOC2007/Annotations")],
)  # fmt: skip
def test_pictures_and_xml_in_each_arrangement(own, folders):
    voc(own, folders, {f"p{n}": xml([("cat", n, 10, 60, 50), ("dogs", 8, 4, 24, 20)])
                       for n in range(30)})  # fmt: skip
    save(own / folders[0] / "without.png", picture(99))
    found, images, boxes, labels = both_scenes(size=40)
    assert found[0].class_names == ("cat", "dog")
    assert len(images) == 30
    small = {
        cv2.resize(picture(n, 60, 80), (40, 30), interpolation=cv2.INTER_AREA).tobytes(): n
        for n in range(30)
    }
    for image, box, label in zip(images, boxes, labels, strict=True):
        n = small[image.tobytes()]
        assert box.dtype == np.float32
        assert np.array_equal(box, [[n / 2, 5, 30, 25], [4, 2, 12, 10]])
        assert label.tolist() == [0, 1]


def test_train_and_test_folders_with_equal_names(own):
    for part, count in (("train", 4), ("test", 2)):
        notes = {f"p{n}": xml([("raccoon", 1, 2, 30 + count, 40)]) for n in range(count)}
        voc(own / part, (".", "."), notes)
    train, test = load_scenes("train"), load_scenes("test")
    assert [len(train), len(test)] == [4, 2]
    assert {box[0, 2] for box in train.boxes} == {34}
    assert {box[0, 2] for box in test.boxes} == {32}


def test_boxes_that_can_not_be_used_are_counted_in_one_sentence(own, capfd):
    good = ("cell", 10, 10, 30, 30)
    voc(own, ("images", "annotations"), {
        **{f"good{n}": xml([good]) for n in range(10)},
        "none": xml([]),
        "no area": xml([("cell", 5, 5, 5, 20), good]),
        "backwards": xml([("cell", 50, 5, 20, 20)]),
        "outside": xml([("cell", 200, 5, 300, 20), good]),
        "reaches": xml([("cell", -10, 30, 100, 70)]),
        "words": xml([("cell", "a", "b", "c", "d"), good]),
        "cut": xml([good])[:-30],
        "other": "<html></html>",
    })  # fmt: skip
    (own / "images" / "good3.png").write_bytes(b"")
    _, images, boxes, _ = both_scenes(size=80)
    assert len(images) == 9 + 4
    assert sum(map(len, boxes)) == 13
    assert any(np.array_equal(box, [[0, 30, 80, 60]]) for box in boxes)
    heard = capfd.readouterr()
    assert heard.err == ""
    numbers = {}
    for line in heard.out.splitlines():
        for part in line.removeprefix(f"In {own} ").split(", "):
            number, _, rest = part.partition(" ")
            if number.isdecimal():
                numbers[rest.split(":")[0]] = numbers.get(rest.split(":")[0], 0) + int(number)
    assert numbers["boxes without area or outside their picture are dropped"] == 4
    assert numbers["boxes that reach outside are clipped"] == 1
    assert numbers["pictures without a usable box are left out"] == 2
    assert "good3.png is empty (0 bytes)" in heard.out
    assert "cut.png has an XML file that can't be read" in heard.out
    assert "mend them in their XML files, or go on" in heard.out


def test_xml_without_any_box_gets_a_sentence(own):
    voc(own, ("images", "annotations"), {f"p{n}": xml([]) for n in range(8)})
    with pytest.raises(DataError, match=f"part of {own} has a box with an area: draw boxes"):
        load_scenes("train")


def test_a_turned_picture_keeps_its_boxes_whoever_drew_them(own):
    from PIL import Image

    exif = Image.Exif()
    exif[274] = 6  # the camera was held upright: 80 × 60 as stored, 60 × 80 as seen
    (own / "train").mkdir()
    (own / "test").mkdir()
    for part in ("train", "test"):
        for name, size in (("stored", (80, 60)), ("seen", (60, 80))):
            path = own / part / f"{name}.jpg"
            Image.fromarray(picture(1, 60, 80)).save(path, exif=exif)
            (own / part / f"{name}.xml").write_text(xml([(name, 0, 0, 50, 50)], size))
    scenes = load_scenes("train", size=80)
    shapes = {scenes.class_names[label[0]]: image.shape for image, label in
              zip(scenes.images, scenes.labels, strict=True)}  # fmt: skip
    assert shapes == {"stored": (60, 80, 3), "seen": (80, 60, 3)}


def test_pets_from_pictures_with_exactly_one(own):
    notes = {f"a{n}": xml([("Cat", 20, 15, 60, 45)]) for n in range(12)}
    notes |= {f"b{n}": xml([("dog", 20, 15, 60, 45)]) for n in range(12)}
    notes |= {"two": xml([("dog", 1, 1, 9, 9)] * 2), "sheep": xml([("sheep", 1, 1, 9, 9)])}
    voc(own, ("images", "annotations"), notes)
    train, test = load_pets("train", size=30), load_pets("test", size=30)
    assert len(train) + len(test) == 24
    assert (train.species == 0).sum() + (test.species == 0).sum() == 12
    assert train.head_box is None  # these are boxes of whole animals
    for path in (own / "annotations").iterdir():
        text = path.read_text().replace("<annotation></annotation>",
                                        "<annotation>OXIIIT</annotation>")  # fmt: skip
        path.write_text(text)
    train = load_pets("train", size=30, need=("head_box",))
    assert np.allclose(train.head_box, [7.5, 7.5, 22.5, 22.5])


def test_boxes_without_pets_get_a_sentence(own):
    voc(own, ("images", "annotations"), {f"p{n}": xml([("raccoon", 1, 2, 3, 4)]) for n in range(9)})
    with pytest.raises(DataError, match="has boxes, but no train picture with exactly one cat"):
        load_pets("train")


# many files

MANY = """
import sys, threading, time
import numpy as np, psutil
from pathlib import Path
from course_utils.data.pets import load_pets
from course_utils.data.images import read_image
process, most = psutil.Process(), 0
def watch():
    global most
    while True:
        most = max(most, process.memory_info().rss)
        time.sleep(0.005)
read_image(next(Path(sys.argv[1]).rglob("*.jpg")))
before = process.memory_info().rss
threading.Thread(target=watch, daemon=True).start()
train = load_pets("train")
for start in range(0, len(train), 64):
    assert train.images[start:start + 64].any()
    most = max(most, process.memory_info().rss)
print(type(train.images).__name__, len(train), (most - before) >> 20)
"""


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A folder of 25,000 JPEGs and an empty cache."""
    folder = tmp_path_factory.mktemp("many")
    kinds = [encoded(picture(n, 72, 96)) for n in range(200)]
    for kind in ("Cat", "Dog"):
        (folder / kind).mkdir()
        for n in range(12_500):
            # what follows the end of a JPEG is no part of the picture, but of the file's content
            (folder / kind / f"{n}.jpg").write_bytes(kinds[n % 200] + f"{kind}{n}".encode())
    return folder, tmp_path_factory.mktemp("cache")


def test_memory_stays_flat_over_a_folder_of_25_000_jpegs(many, monkeypatch):
    use(monkeypatch, many[1], many[0])
    process = python(MANY, many[0])
    name, count, megabytes = process.communicate()[0].split()
    assert name == PicturesOnDisk.__name__
    assert 19_000 < int(count) < 21_000
    assert int(megabytes) < 100


def test_it_feeds_lenet_without_the_network_waiting(many, monkeypatch):
    import keras
    import tensorflow as tf

    use(monkeypatch, many[1], many[0])
    train = load_pets("train")

    def read(indices):
        return train.images[indices], train.species[indices]

    def ready(images, species):
        images.set_shape([None, 64, 64, 3])
        species.set_shape([None])
        return tf.cast(images, tf.float32) / 127.5 - 1, species

    data = tf.data.Dataset.range(len(train)).shuffle(len(train)).batch(48)
    data = data.map(lambda i: tf.numpy_function(read, [i], [tf.uint8, tf.int32]))
    data = data.map(ready).prefetch(2)  # as lesson 04 has it
    layers = keras.layers
    blocks = [(layers.Conv2D(n, 5, activation="relu"), layers.MaxPooling2D()) for n in (12, 32, 48)]
    stack = [layer for block in blocks for layer in block]
    head = [layers.Flatten(), layers.Dense(84, activation="relu"), layers.Dense(1, dtype="float32")]
    model = keras.Sequential([keras.Input((64, 64, 3)), *stack, *head])
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), jit_compile=False)
    batches = iter(data)
    waiting = next(batches)
    model.train_on_batch(*waiting)
    seconds = {"held": [], "fed": []}
    for _ in range(5):
        for kind, times in seconds.items():
            begun = time.perf_counter()
            for _ in range(25):
                model.train_on_batch(*(waiting if kind == "held" else next(batches)))
            times.append(time.perf_counter() - begun)
    ratio = min(seconds["fed"]) / min(seconds["held"])
    print(f"\nLeNet fed from disk takes {ratio:.2f} of its time on one batch held in memory")
    assert ratio < 1.2


def test_a_large_set_on_disk_equals_the_same_in_memory(own, monkeypatch):
    fill(own / "cat", 20, 1000)
    fill(own / "dog", 20, 2000)
    in_memory = load_pets("train")
    assert type(in_memory.images) is np.ndarray
    monkeypatch.setattr(listing, "IN_MEMORY", 1000)
    on_disk = load_pets("train")
    assert type(on_disk.images) is PicturesOnDisk
    assert np.array_equal(on_disk.images, in_memory.images)
    assert np.array_equal(on_disk.species, in_memory.species)
    some = on_disk.take(np.array([3, 1]))
    assert np.array_equal(some.images, in_memory.images[[3, 1]])


def test_real_cats_and_dogs(tmp_path, monkeypatch):
    use(monkeypatch, tmp_path / "cache", real("cats_dogs"))
    train, test = load_pets("train"), load_pets("test")
    assert np.bincount(train.species).tolist() == [700, 700]
    assert np.bincount(test.species).tolist() == [150, 150]
    assert np.bincount(load_pets("train", count=200).species).tolist() == [100, 100]


def test_real_blood_cells(tmp_path, monkeypatch, capsys):
    use(monkeypatch, tmp_path / "cache", real("bccd_cells"))
    found, images, boxes, labels = both_scenes(size=160)
    assert len(images) == 304
    names = found[0].class_names
    assert names == ("Platelets", "RBC", "WBC")
    counts = np.bincount(np.concatenate(labels))
    # SOURCE.md's counts less the boxes without area
    dropped = 3442 + 311 + 305 - counts.sum()
    assert counts[2] == 311
    assert "boxes without area or outside their picture are dropped" in capsys.readouterr().out
    assert 2 <= dropped <= 6
    assert all((box[:, 2] <= 160).all() and (box[:, 3] <= 120).all() for box in boxes)


def test_real_raccoons(tmp_path, monkeypatch):
    use(monkeypatch, tmp_path / "cache", real("raccoon"))
    found, images, boxes, _ = both_scenes(size=128)
    assert len(images) == 150
    assert sum(map(len, boxes)) == 161
    assert found[0].class_names == ("raccoon",)
    assert max(max(image.shape) for image in images) == 128


def test_loading_a_class_folder_loads_no_tensorflow(own):
    fill(own / "cat", 8, 1000)
    fill(own / "dog", 8, 2000)
    code = "import sys; from course_utils.data import pets; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
