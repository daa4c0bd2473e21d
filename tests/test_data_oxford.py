"""Oxford-IIIT Pet's folder read: species, breeds, boxes, trimaps, split."""

import cv2
import numpy as np
import pytest
from helpers_data import encoded, picture, real, use
from helpers_oxford import made_up_pets

from course_utils.data.pets import load_pets, load_scenes
from course_utils.errors import DataError


def write(files, folder):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def folder(tmp_path, monkeypatch):
    use(monkeypatch, tmp_path / "cache", tmp_path / "pets")
    return write(made_up_pets(), tmp_path / "pets")


def test_labels_boxes_and_trimaps_belong_to_their_pictures(folder):
    pets = load_pets("train", size=20)
    assert pets.breed_names == ("Abyssinian", "american bulldog", "Bengal", "pug")
    assert np.array_equal(pets.species, np.array([0, 1, 0, 1])[pets.breed])
    # 80 × 40 pixels become 20 × 20: x by 1/4, y by 1/2
    boxed = np.isfinite(pets.head_box).all(axis=1)
    assert boxed.all()
    assert np.array_equal(pets.head_box, np.tile([5, 5, 10, 10], (len(pets), 1)))
    trimap = np.full((20, 20), 2)
    trimap[5:15, 5:15] = 3
    trimap[6:14, 6:14] = 1
    assert (pets.trimap[:, :16] == trimap[:16]).all()
    assert np.array_equal(pets.trimap[:, 18:].min(axis=(1, 2)), 2 + pets.species)
    known = {
        cv2.resize(
            cv2.imdecode(np.frombuffer(encoded(picture(100 * b + n, 40, 80)), np.uint8), 1)[
                ..., ::-1
            ],
            (20, 20),
            interpolation=cv2.INTER_AREA,
        ).tobytes(): b
        for b in range(4)
        for n in range(12)
    }
    assert [known[image.tobytes()] for image in pets.images] == pets.breed.tolist()


def test_the_lists_are_the_split_but_for_boxes_to_test_with(folder):
    train, test = load_pets("train"), load_pets("test")
    keys = [{image.tobytes() for image in pets.images} for pets in (train, test)]
    assert not keys[0] & keys[1]
    assert len(keys[0] | keys[1]) == 48
    # the lists are halves; some of trainval, which alone has boxes, counts as test
    boxed = np.isfinite(test.head_box).all(axis=1)
    assert 24 < len(test) < 34
    assert boxed.sum() == len(test) - 24
    need = load_pets("test", need=("head_box",))
    assert {image.tobytes() for image in need.images} < keys[1]
    assert len(need) == boxed.sum()


def test_boxes_in_the_test_list_leave_the_lists_as_they_are(folder):
    (folder / "annotations" / "xmls" / "pug_0.xml").write_bytes(
        (folder / "annotations" / "xmls" / "pug_1.xml").read_bytes()
    )
    assert (len(load_pets("train")), len(load_pets("test"))) == (24, 24)


def test_without_lists_the_content_splits_and_the_name_tells_the_species(folder):
    for name in ("list", "trainval", "test"):
        (folder / "annotations" / f"{name}.txt").unlink()
    train, test = load_pets("train"), load_pets("test")
    assert len(train) + len(test) == 48
    assert 4 <= len(test) <= 16
    assert np.array_equal(train.species, np.array([0, 1, 0, 1])[train.breed])


def test_what_is_missing_is_none_and_asking_for_it_gets_a_sentence(folder):
    import shutil

    shutil.rmtree(folder / "annotations" / "xmls")
    shutil.rmtree(folder / "annotations" / "trimaps")
    pets = load_pets("train")
    assert pets.head_box is None
    assert pets.trimap is None
    assert pets.keypoints is None
    for need in ("head_box", "trimap", "keypoints"):
        with pytest.raises(DataError, match=f"comes with {need.replace('_', ' ')}, which this"):
            load_pets("train", need=(need,))
    with pytest.raises(DataError, match="has no trimaps to take boxes from"):
        load_scenes("train")


def test_broken_pictures_and_trimaps_are_counted_and_the_rest_is_used(folder, capfd):
    (folder / "images" / "pug_1.jpg").write_bytes(b"")
    bad = folder / "annotations" / "trimaps" / "pug_3.png"
    bad.write_bytes(bad.read_bytes()[:-30])
    (folder / "annotations" / "trimaps" / "pug_5.png").unlink()
    (folder / "annotations" / "trimaps" / "pug_7.png").write_bytes(
        encoded(np.full((40, 80), 128, np.uint8), ".png")
    )
    both = load_pets("train"), load_pets("test")
    assert sum(map(len, both)) == 47
    without = sum((pets.trimap == 0).all(axis=(1, 2)).sum() for pets in both)
    assert without == 3
    heard = capfd.readouterr()
    assert "images/pug_1.jpg is empty (0 bytes)" in heard.out
    assert "annotations/trimaps/pug_3.png is cut off or damaged" in heard.out
    assert heard.err == ""
    assert sum(len(load_pets(split, need=("trimap",))) for split in ("train", "test")) == 44


def test_a_line_that_is_not_understood_gets_a_sentence(folder):
    with (folder / "annotations" / "list.txt").open("a") as file:
        file.write("pug_99 4 7 2\n")
    with pytest.raises(DataError, match=r"list\.txt has the line 'pug_99 4 7 2'.*mend it"):
        load_pets("train")


def test_scenes_have_the_box_around_the_trimaps_pet(folder):
    scenes = load_scenes("train", size=40)
    assert len(scenes) == len(load_pets("train"))
    assert all(np.array_equal(box, [[12, 12, 28, 28]]) for box in scenes.boxes)
    assert all(trimap.shape == (40, 40) for trimap in scenes.trimaps)
    assert {int(label[0]) for label in scenes.labels} == {0, 1}


def test_the_real_folder(tmp_path, monkeypatch):
    use(monkeypatch, tmp_path / "cache", real("oxford_pets"))
    train, test = load_pets("train"), load_pets("test")
    assert len(train) + len(test) == 579
    assert 0.7 < len(train) / 579 < 0.9
    everything = np.concatenate([train.head_box, test.head_box])
    assert np.isfinite(everything).all(axis=1).sum() == 236
    # most of a head's box is pet: the box, the picture and the trimap belong together
    inside = []
    for box, trimap in zip(train.head_box, train.trimap, strict=True):
        if np.isfinite(box).all():
            x1, y1, x2, y2 = box.round().astype(int)
            inside.append((trimap[y1:y2, x1:x2] != 2).mean())
    assert np.median(inside) > 0.8
    assert np.mean(train.trimap == 1) < 0.6
