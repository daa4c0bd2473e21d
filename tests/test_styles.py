"""The drawn style pictures, a style of one's own, and a folder with content/ and style/."""

import cv2
import make_styles
import numpy as np
import pytest
from helpers_data import picture, save, use

from course_utils.data.photos import load_photo
from course_utils.data.styles import STYLES, contents_and_styles, load_style
from course_utils.errors import DataError


@pytest.mark.parametrize("name", STYLES)
def test_each_style_is_what_the_command_draws(name):
    drawn = make_styles.STYLES[name]()
    drawn = cv2.resize(drawn, (make_styles.WIDTH, make_styles.HEIGHT), interpolation=cv2.INTER_AREA)
    shipped = load_style(name)
    assert shipped.shape == drawn.shape
    # JPEG blurs the colours of single dots, not those of a neighbourhood
    small = [cv2.resize(x, None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA)
             for x in (shipped, drawn)]  # fmt: skip
    assert np.abs(small[0].astype(int) - small[1]).mean() < 2
    assert np.corrcoef(shipped.ravel(), drawn.ravel())[0, 1] > 0.9


def test_every_drawn_style_is_offered():
    assert set(STYLES) == set(make_styles.STYLES)


def test_the_longer_side_is_the_size():
    assert load_style("night", 128).shape == (96, 128, 3)


def test_ones_own_style_and_a_name_that_does_not_exist(tmp_path):
    image = picture(3)
    assert np.array_equal(load_style(save(tmp_path / "mine.png", image)), image)
    with pytest.raises(DataError, match=r"no style 'nigth'.*night"):
        load_style("nigth")


def test_built_in_names_can_be_loaded(monkeypatch, tmp_path):
    use(monkeypatch, tmp_path, "drawn")
    photographs, paintings = contents_and_styles()
    assert len(set(photographs)) >= 4
    assert tuple(paintings) == STYLES
    assert all(load_photo(name, 32).shape[2] == 3 for name in photographs)


def test_a_folder_with_both_parts(monkeypatch, tmp_path):
    for part, count in (("content", 2), ("style", 5)):
        for place in range(count):
            save(tmp_path / "mine" / part / f"{place}.png", picture(place + 10 * count))
    (tmp_path / "mine" / "content" / "notes.txt").write_text("no picture")
    use(monkeypatch, tmp_path / "cache", tmp_path / "mine")
    photographs, paintings = contents_and_styles()
    assert [p[-5:] for p in photographs] == ["0.png", "1.png", "0.png", "1.png"]
    assert [p[-5:] for p in paintings] == [f"{i}.png" for i in range(5)]
    assert np.array_equal(load_photo(photographs[1]), picture(21))
    assert np.array_equal(load_style(paintings[4]), picture(54))


def test_a_folder_without_styles_gets_a_sentence(monkeypatch, tmp_path):
    save(tmp_path / "mine" / "content" / "0.png", picture(1))
    use(monkeypatch, tmp_path / "cache", tmp_path / "mine")
    with pytest.raises(DataError, match=r"style holds no pictures: COURSE_SOURCE .* content/ and"):
        contents_and_styles()
