"""Your own pictures, arrays and texts: all formats and layouts, and what is wrong with them."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from made_files import STREAM, load, packed, picture
from PIL import Image

from uncollapse.data.sources import Example
from uncollapse.errors import UserError


@pytest.mark.parametrize("pack", ["folder", "zip", "tar", "tar.gz"])
def test_pictures_of_all_formats_and_sizes_from_a_folder_or_an_archive(tmp_path: Path, pack: str) -> None:
    files = {
        "cats/a.png": picture((40, 30)), "cats/b.jpg": picture((9, 50), "JPEG"), "cats/c.gif": picture(kind="GIF"),
        "dogs/d.bmp": picture((16, 16), "BMP"), "dogs/e.webp": picture(kind="WEBP"), "dogs/f.png": picture(mode="RGBA"),
        "dogs/g.png": picture(mode="L", value=200), "dogs/h.png": picture(mode="1", value=255), ".hidden/x": b"no", "__MACOSX/y.png": b"no",
    }  # fmt: skip
    path = packed(tmp_path, files, pack)
    for channels in (1, 3):
        _, found = load("image_folder", path=str(path), size=12, channels=channels)
        assert [example.label for example in found] == ["cats"] * 3 + ["dogs"] * 5
        assert {np.shape(example.x) for example in found} == {(12, 12) if channels == 1 else (12, 12, 3)}
        assert (np.asarray(found[6].x) == 200).all()
        assert (np.asarray(found[7].x) == 255).all()


@pytest.mark.parametrize("pack", ["folder", "zip", "tar"])
def test_what_is_no_picture_stops_or_is_left_out(tmp_path: Path, pack: str) -> None:
    files = {
        "a.png": picture(),
        "b.jpg": picture((200, 200), "JPEG")[:900],
        "c.txt": b"hello",
        "d.png": picture(),
    }
    path = packed(tmp_path, files, pack)
    with pytest.raises(
        UserError, match=r"b\.jpg: .*truncated.*; mend it, take it out, or set `on_bad: skip`$"
    ):
        load("image_folder", path=str(path))
    source, found = load("image_folder", path=str(path), on_bad="skip")
    assert len(found) == 2
    assert source.facts["skipped"] == 2
    assert [said.split(":")[0].rsplit("/", 1)[1] for said in source.facts["skipped_first"]] == [
        "b.jpg",
        "c.txt",
    ]


def test_one_damaged_member_of_a_zip_is_one_bad_example(tmp_path: Path) -> None:
    path = packed(tmp_path, {"a.bmp": picture(kind="BMP"), "b.bmp": picture(kind="BMP")}, "zip")
    data = bytearray(path.read_bytes())
    data[200] ^= 255  # in the pixels of the first
    path.write_bytes(data)
    source, found = load("image_folder", path=str(path), on_bad="skip")
    assert len(found) == 1
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


def test_arrays_and_their_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    x = STREAM.integers(0, 256, (7, 4, 4), np.uint8)
    np.savez(path, x=x, labels=np.arange(7))
    _, found = load("arrays", path=str(path))
    assert np.array_equal(np.stack([np.asarray(example.x) for example in found]), x)
    assert [example.label for example in found] == [*"0123456"]
    np.savez(path, x=np.ones((5, 3)))
    assert [example.label for example in load("arrays", path=str(path))[1]] == [None] * 5
    for wrong, words_ in (
        ({"y": x}, "with an array x"), ({"x": x, "labels": np.arange(3)}, "labels should be"), ({"x": x.astype(object)}, "array x"),
        ({"x": x.astype(int)}, "uint8 or real"), ({"x": np.full((3, 2), np.nan)}, "NaN"), ({"x": np.zeros(3)}, "uint8 or real"),
    ):  # fmt: skip
        np.savez(path, **wrong)
        with pytest.raises(UserError, match=words_):
            load("arrays", path=str(path))


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
        UserError, match=r"line 2: should be label<TAB>text; mend it, take it out, or set `on_bad: skip`$"
    ):
        load("text_lines", path=str(path), labelled=True)
    source, found = load("text_lines", path=str(path), labelled=True, on_bad="skip")
    assert found == [Example(["good", "food", "."], "good"), Example(["fine", "!"], "good")]
    assert source.facts["skipped"] == 4
    told = " | ".join(source.facts["skipped_first"])
    for said in (
        "line 3: 5000 words, but `longest` is 60",
        "line 4: not UTF-8: invalid start byte at byte 9",
        "line 5: should be label",
    ):
        assert said in told
    source, found = load("text_lines", path=str(path), on_bad="skip", tokenised=True)
    assert found[-1] == Example(["good", "Fine!"])
    assert "line 2: empty" in " | ".join(source.facts["skipped_first"])
