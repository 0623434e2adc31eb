import io

import numpy as np
import pytest

from augury.errors import InvalidInput, NotFound
from augury.features.chart_image_spec import ChartSpec
from augury.features.chart_images import draw_charts
from augury.features.chart_png import png_bytes, write_png
from augury.testing import garch_bars

Image = pytest.importorskip("PIL.Image", reason="Pillow reads the files back")


@pytest.mark.parametrize("days", [5, 20, 60])
def test_a_file_read_by_another_library_holds_the_image(days, tmp_path):
    image = draw_charts(garch_bars(200, seed=1), ChartSpec(days=days), rows=[150])[0]
    path = write_png(image, tmp_path / "chart.png", zoom=1)
    with Image.open(path) as picture:
        picture.verify()
    with Image.open(path) as picture:
        assert (picture.format, picture.mode) == ("PNG", "L")
        assert np.array_equal(np.asarray(picture), image)
    assert [file.name for file in tmp_path.iterdir()] == ["chart.png"]


def test_zoom_makes_every_pixel_a_square():
    image = np.random.default_rng(0).integers(0, 256, (7, 4)).astype(np.uint8)
    with Image.open(io.BytesIO(png_bytes(image, zoom=3))) as picture:
        assert np.array_equal(np.asarray(picture), np.kron(image, np.ones((3, 3), dtype=np.uint8)))


def test_writing_again_replaces_the_file_and_gives_the_same_bytes(tmp_path):
    image = np.eye(5, dtype=np.uint8) * 255
    path = write_png(image, tmp_path / "A.PNG")
    first = path.read_bytes()
    write_png(image.T.copy()[::-1], path)
    assert path.read_bytes() != first
    assert write_png(image, str(path)).read_bytes() == first


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = write_png(np.eye(5, dtype=np.uint8), tmp_path / "chart.png")
    kept = path.read_bytes()

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="No space"):
        write_png(np.ones((5, 5), dtype=np.uint8), path)
    assert path.read_bytes() == kept
    assert [file.name for file in tmp_path.iterdir()] == ["chart.png"]


@pytest.mark.parametrize("image", [np.zeros((2, 3)), np.zeros((2, 3, 4), np.uint8), np.zeros((0, 3), np.uint8), None])
def test_what_is_not_one_image_is_refused(image, tmp_path):
    with pytest.raises(InvalidInput, match="expected one image"):
        write_png(image, tmp_path / "chart.png")


@pytest.mark.parametrize("zoom", [0, -1, 1.5, "2", 10_000])
def test_a_zoom_out_of_bounds_is_refused(zoom):
    with pytest.raises(InvalidInput, match="expected zoom"):
        png_bytes(np.zeros((2, 3), dtype=np.uint8), zoom=zoom)


def test_places_where_no_image_can_be_are_refused(tmp_path):
    image = np.zeros((2, 3), dtype=np.uint8)
    with pytest.raises(InvalidInput, match=r"end in \.png"):
        write_png(image, tmp_path / "chart.jpg")
    with pytest.raises(InvalidInput, match="is a folder"):
        write_png(image, tmp_path)
    with pytest.raises(NotFound, match="does not exist"):
        write_png(image, tmp_path / "nowhere" / "chart.png")
