"""Pictures with one object each, from every kind of source, and lesson 17 on photographs."""

from pathlib import Path

import cv2
import executed
import helpers_oxford
import numpy as np
import pytest
from helpers_data import picture, real, save, use

from course_utils.data.objects import cut_windows, load_objects, load_pets_with_keypoints
from course_utils.data.pets import load_pets
from course_utils.data.records import Objects
from course_utils.errors import DataError

LESSON = executed.NOTEBOOKS / "17_localization.ipynb"


def voc(folder: Path, objects: dict[str, list[tuple]]) -> None:
    """Write pictures of 80 × 60 with their boxes: a name, then x1, y1, x2, y2."""
    for place, (name, things) in enumerate(objects.items()):
        save(folder / "images" / f"{name}.png", picture(place, 60, 80))
        sides = ("xmin", "ymin", "xmax", "ymax")
        boxes = [
            f"<object><name>{thing}</name><bndbox>"
            + "".join(f"<{s}>{v}</{s}>" for s, v in zip(sides, corners, strict=True))
            + "</bndbox></object>"
            for thing, *corners in things
        ]
        (folder / "annotations").mkdir(parents=True, exist_ok=True)
        path = folder / "annotations" / f"{name}.xml"
        path.write_text(f"<annotation>{''.join(boxes)}</annotation>")


def by_picture(found) -> dict[bytes, tuple[str, list[float]]]:
    """Tell each object's class and box by the picture's bytes."""
    names = [found.class_names[label] for label in found.labels]
    rows = zip(found.images, names, found.boxes.tolist(), strict=True)
    return {image.tobytes(): (name, box) for image, name, box in rows}


def test_drawn_objects_are_the_pets_and_their_head_boxes(tmp_path, monkeypatch):
    use(monkeypatch, tmp_path)
    found, pets = load_objects("test", count=20, size=32), load_pets("test", count=20, size=32)
    assert np.array_equal(found.images, pets.images)
    assert np.array_equal(found.labels, pets.species)
    assert np.array_equal(found.boxes, pets.head_box)
    assert found.class_names == ("cat", "dog")


def test_oxfords_objects_are_its_head_boxes_stretched_with_their_pictures(tmp_path, monkeypatch):
    for name, data in helpers_oxford.made_up_pets().items():
        path = tmp_path / "own" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    use(monkeypatch, tmp_path / "cache", tmp_path / "own")
    found = load_objects("train", size=20)
    # pictures of 80 × 40 with the box (20, 10, 40, 20)
    assert len(found)
    assert np.allclose(found.boxes, [5, 5, 10, 10])


def test_of_several_boxes_the_largest_is_the_object(tmp_path, monkeypatch):
    small, large = ("cell", 4, 6, 12, 18), ("white cell", 20, 15, 60, 45)
    flat = ("flat", 0, 0, 80, 0)  # the longest one, but without area
    things = {f"p{n}": [small, large, flat] if n % 2 else [large, small] for n in range(12)}
    things |= {f"single{n}": [small] for n in range(12)}
    things |= {"empty": [flat]}
    voc(tmp_path / "own", things)
    use(monkeypatch, tmp_path / "cache", tmp_path / "own")
    both = [load_objects(split, size=40) for split in ("train", "test")]
    assert all(len(found) for found in both)
    found = by_picture(both[0]) | by_picture(both[1])
    assert len(found) == 24
    for place, (name, objects) in enumerate(things.items()):
        if name == "empty":
            continue
        stretched = cv2.resize(picture(place, 60, 80), (40, 40), interpolation=cv2.INTER_AREA)
        kind, box = found[stretched.tobytes()]
        wanted = large if large in objects else small
        assert kind == wanted[0]
        # 80 × 60 becomes 40 × 40
        assert np.allclose(box, np.array(wanted[1:]) * [0.5, 40 / 60, 0.5, 40 / 60], atol=1e-4)


def test_a_source_without_boxes_gets_a_sentence(tmp_path, monkeypatch):
    for kind in ("cat", "dog"):
        for n in range(10):
            save(tmp_path / "own" / kind / f"{n}.png", picture(100 * len(kind) + n))
    use(monkeypatch, tmp_path / "cache", tmp_path / "own")
    with pytest.raises(DataError, match="has no boxes: accepted are Pascal VOC"):
        load_objects("train")


def test_drawn_pets_stand_in_where_the_source_has_no_key_points(tmp_path, monkeypatch, capsys):
    use(monkeypatch, tmp_path)
    drawn = load_pets_with_keypoints("test", count=20, size=32)
    assert not capsys.readouterr().out
    voc(tmp_path / "own", {"p": [("raccoon", 4, 6, 12, 18)]})
    use(monkeypatch, tmp_path, tmp_path / "own")
    other = load_pets_with_keypoints("test", count=20, size=32)
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert f"{tmp_path / 'own'} has no key points: the test pets of this part" in said
    assert np.array_equal(other.keypoints, drawn.keypoints, equal_nan=True)
    assert np.array_equal(other.images, drawn.images)


def test_windows_show_their_object_where_their_box_says():
    # white rectangles on black: what a window shows of one can be measured
    rng = np.random.default_rng(0)
    corners, sides = rng.integers(0, 54, (60, 2)), rng.integers(6, 11, (60, 2))
    boxes = np.concatenate([corners, corners + sides], axis=1).astype(np.float32)
    images = np.zeros((60, 64, 64, 3), np.uint8)
    for image, (x1, y1, x2, y2) in zip(images, boxes.astype(int), strict=True):
        image[y1:y2, x1:x2] = 255
    found = Objects(images, rng.integers(0, 2, 60).astype(np.int32), boxes)
    cut = cut_windows(found, 32, seed=3)
    assert cut.class_names == ("nothing", "cat", "dog")
    assert np.array_equal(cut.labels[:60], 1 + found.labels)
    assert np.array_equal(cut.labels[60:], np.zeros(len(cut) - 60))
    assert len(cut) > 90
    for image, box in zip(cut.images[:60], cut.boxes[:60].clip(0, 32), strict=True):
        # area and centre of the white part, to a pixel along each side
        share = image[..., 0] / 255
        width, height = box[2:] - box[:2]
        assert abs(share.sum() - width * height) <= width + height
        rows, columns = share.sum(axis=1), share.sum(axis=0)
        centre = np.array([columns @ np.arange(32), rows @ np.arange(32)]) / share.sum() + 0.5
        assert np.abs(centre - (box[:2] + box[2:]) / 2).max() < 1
    assert np.isnan(cut.boxes[60:]).all()
    # IoU below 0.2 with at most 100 pixels leaves windows of 14 × 14 and more a quarter of white
    assert (cut.images[60:, ..., 0] / 255).mean(axis=(1, 2)).max() <= 0.26


@pytest.mark.parametrize("name", ["oxford_pets", "raccoon", "bccd_cells"])
def test_lesson_17_runs_on_photographs_by_the_source_switch_alone(name, tmp_path):
    environment = {"COURSE_SOURCE": str(real(name)), "COURSE_STRICT": "1"}
    notebook, seconds = executed.execute(LESSON, environment | {"COURSE_DATA": str(tmp_path)})
    outputs = [o for cell in executed.code_cells(notebook) for o in cell.outputs]
    assert not [o for o in outputs if o.get("name") == "stderr"]
    records = {record["name"]: record for record in executed.checkpoints(notebook)}
    figures = {k: round(float(record["value"]), 3) for k, record in records.items()}
    print(f"\nlesson 17 on {name}: {seconds:.0f} s, {figures}")
    assert {record["verdict"] for record in records.values()} == {"not judged"}
    assert np.isfinite([float(record["value"]) for record in records.values()]).all()
    # true of any source: one pass says what the windows say
    assert figures["largest difference of the scores"] <= 1e-3
