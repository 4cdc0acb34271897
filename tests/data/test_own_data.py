"""Your own pictures, arrays and texts: all formats and layouts, and what is wrong with them."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_files import RNG, load, packed, picture, stacked
from PIL import Image

from uncollapse.data.sources import Example
from uncollapse.errors import UserError


@pytest.mark.parametrize("pack", ["folder", "zip", "tar", "tar.gz"])
def test_pictures_of_all_formats_and_sizes_from_a_folder_or_an_archive(tmp_path: Path, pack: str) -> None:
    files = {
        "cats/a.png": picture((40, 30)),
        "cats/b.jpg": picture((9, 50), "JPEG"),
        "cats/c.gif": picture(kind="GIF"),
        "dogs/d.bmp": picture((16, 16), "BMP"),
        "dogs/e.webp": picture(kind="WEBP"),
        "dogs/f.png": picture(mode="RGBA"),
        "dogs/g.png": picture(mode="L", value=200),
        "dogs/h.png": picture(mode="1", value=255),
        ".hidden/x": b"no",
        "__MACOSX/y.png": b"no",
    }
    path = packed(tmp_path, files, pack)
    for channels, shape in ((1, (8, 12, 12)), (3, (8, 12, 12, 3))):
        _, examples = load("image_folder", path=str(path), size=12, channels=channels)
        assert [example.label for example in examples] == ["cats"] * 3 + ["dogs"] * 5
        x = stacked(examples)
        assert x.shape == shape
        assert (x[6] == 200).all()
        assert (x[7] == 255).all()


@pytest.mark.parametrize("pack", ["folder", "zip", "tar"])
def test_what_is_no_picture_stops_or_is_left_out(tmp_path: Path, pack: str) -> None:
    cut = picture((200, 200), "JPEG")[:900]
    files = {"a.png": picture(), "b.jpg": cut, "c.txt": b"hello", "d.png": picture()}
    path = packed(tmp_path, files, pack)
    with pytest.raises(
        UserError, match=r"b\.jpg: .*truncated.*; fix it, take it out, or set `on_bad: skip`$"
    ):
        load("image_folder", path=str(path))
    source, examples = load("image_folder", path=str(path), on_bad="skip")
    assert len(examples) == 2
    assert source.facts["skipped"] == 2
    skipped = [message.split(":")[0].rsplit("/", 1)[1] for message in source.facts["skipped_first"]]
    assert skipped == ["b.jpg", "c.txt"]


def test_one_damaged_member_of_a_zip_is_one_bad_example(tmp_path: Path) -> None:
    path = packed(tmp_path, {"a.bmp": picture(kind="BMP"), "b.bmp": picture(kind="BMP")}, "zip")
    data = bytearray(path.read_bytes())
    data[200] ^= 255  # in the pixels of the first
    path.write_bytes(data)
    source, examples = load("image_folder", path=str(path), on_bad="skip")
    assert len(examples) == 1
    assert "CRC" in source.facts["skipped_first"][0]


def test_a_picture_of_16_bits_is_refused_not_clipped(tmp_path: Path) -> None:
    Image.fromarray(np.linspace(0, 65535, 256).reshape(16, 16).astype(np.uint16)).save(tmp_path / "a.png")
    with pytest.raises(UserError, match="not 8 bits a value"):
        load("image_folder", path=str(tmp_path))


def test_an_archive_cannot_reach_out_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    path = packed(tmp_path / "inner", {"../../out.png": picture()}, "tar")
    before = sorted(tmp_path.rglob("*"))
    assert len(load("image_folder", path=str(path))[1]) == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("use", ["image_folder", "arrays", "text_lines"])
def test_a_path_that_is_wrong_is_one_line_that_names_it(tmp_path: Path, use: str) -> None:
    with pytest.raises(UserError, match="nowhere"):
        load(use, path=str(tmp_path / "nowhere"))
    wrong = tmp_path / "wrong.npz"
    wrong.write_bytes(b"\xff\xfe nothing that can be read \x00")
    with pytest.raises(UserError, match=r"wrong\.npz"):
        load(use, path=str(wrong))


def test_arrays_come_with_or_without_labels(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    x = RNG.integers(0, 256, (7, 4, 4), np.uint8)
    np.savez(path, x=x, labels=np.arange(7))
    _, examples = load("arrays", path=str(path))
    assert np.array_equal(stacked(examples), x)
    assert [example.label for example in examples] == [*"0123456"]
    np.savez(path, x=np.ones((5, 3)))
    assert [example.label for example in load("arrays", path=str(path))[1]] == [None] * 5


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"y": np.zeros((3, 2))}, "with an array x"),
        ({"x": np.zeros((3, 2)), "labels": np.arange(2)}, "labels should have the shape"),
        ({"x": np.zeros((3, 2), object)}, "array x"),
        ({"x": np.zeros((3, 2), int)}, "uint8 or real"),
        ({"x": np.full((3, 2), np.nan)}, "NaN"),
        ({"x": np.zeros(3)}, "uint8 or real"),
    ],
)
def test_arrays_that_cannot_be_learned_are_refused(
    tmp_path: Path, arrays: dict[str, Any], message: str
) -> None:
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(UserError, match=message):
        load("arrays", path=str(tmp_path / "x.npz"))


@pytest.mark.parametrize("pack", [Path.write_bytes, lambda path, data: path.write_bytes(gzip.compress(data))])
def test_text_lines_and_what_cannot_be_read_in_them(
    tmp_path: Path, pack: Callable[[Path, bytes], int]
) -> None:
    path = tmp_path / ("a.txt" if pack is Path.write_bytes else "a.txt.gz")
    pack(
        path,
        b"good\tGood food.\n\nbad\t" + b"no " * 5000 + b"\nbad\tcold \xff soup\nno label\r\ngood\tFine!\r\n",
    )
    with pytest.raises(
        UserError, match=r"line 2: should be label<TAB>text; fix it, take it out, or set `on_bad: skip`$"
    ):
        load("text_lines", path=str(path), labelled=True)
    source, examples = load("text_lines", path=str(path), labelled=True, on_bad="skip")
    assert examples == [Example(["good", "food", "."], "good"), Example(["fine", "!"], "good")]
    assert source.facts["skipped"] == 4
    skipped = " | ".join(source.facts["skipped_first"])
    assert "line 3: 5000 words, but `longest` is 60" in skipped
    assert "line 4: not UTF-8: invalid start byte at byte 9" in skipped
    assert "line 5: should be label" in skipped
    source, examples = load("text_lines", path=str(path), on_bad="skip", tokenised=True)
    assert examples[-1] == Example(["good", "Fine!"])
    assert "line 2: empty" in " | ".join(source.facts["skipped_first"])
