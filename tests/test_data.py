"""Data sets: tiny files of every layout, made here, and the real ones where UNCOLLAPSE_RAW names their folder."""

import gzip
import hashlib
import io
import itertools
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from uncollapse.data import Example, Source
from uncollapse.data import _raw as raw
from uncollapse.data._text import words
from uncollapse.pieces import UserError, build, names, resolve

STREAM = np.random.default_rng(0)


def load(use: str, **arguments: Any) -> tuple[Source, list[Example]]:
    """A source and all of its examples."""
    source = build("data", resolve("here", "data", {"use": use, **arguments}))()
    return source, list(source.examples)


def picture(size: tuple[int, int] = (40, 30), kind: str = "PNG", mode: str = "RGB", value: int | None = None) -> bytes:
    """A picture as a file has it."""
    pixels = (
        STREAM.integers(0, 256, (size[1], size[0], 3), np.uint8)
        if value is None
        else np.full((size[1], size[0], 3), value, np.uint8)
    )
    out = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(out, kind)
    return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of raw files, with no way to download others."""
    monkeypatch.setenv(raw.VARIABLE, str(tmp_path))

    def refuse(url: str, *rest: Any, **more: Any) -> None:
        raise OSError("no network")

    monkeypatch.setattr("torchvision.datasets.utils.download_url", refuse)
    monkeypatch.setattr("torchvision.datasets.utils.download_file_from_google_drive", refuse)
    return tmp_path


@pytest.mark.parametrize("name", names("data"))
def test_every_data_set_is_there_or_says_where_it_was_looked_for(name: str, folder: Path) -> None:
    """With an empty folder and no network: a line that names the place, the address and the variable."""
    source, said = None, ""
    try:
        source = build("data", resolve("here", "data", {"use": name}))()
    except UserError as error:
        said = str(error)
    if said.startswith("here.path"):
        assert said == "here.path: should be stated; it has no default"  # your own data
        return
    if source is None:
        assert "\n" not in said
        assert "looked for " in said
        assert f"in {folder}/" in said
        assert "https://" in said or "http://" in said
        assert f"set {raw.VARIABLE} to a folder that has" in said
        assert not any(folder.rglob("*.new"))
        return
    found = list(source.examples)
    assert len(found) > 1000
    assert source.source
    assert source.licence
    assert len({example.label for example in found}) > 1
    assert {example.label for example in found} <= set(source.label_names) or not source.label_names


@pytest.mark.skipif(raw.VARIABLE not in os.environ, reason=f"{raw.VARIABLE} names no folder of raw files")
@pytest.mark.parametrize(
    ("use", "arguments", "shape", "labels"),
    [
        ("mnist", {}, (28, 28), 10), ("omniglot", {"version": "resized"}, (28, 28), 1), ("mednist", {"size": 32}, (32, 32), 1),
        ("celeba", {}, (64, 64, 3), 1), ("yelp", {}, None, 2), ("ptb", {}, None, 1),
    ],
)  # fmt: skip
def test_the_first_of_the_real_ones(
    use: str, arguments: dict[str, Any], shape: tuple[int, ...] | None, labels: int
) -> None:
    try:
        source = build("data", resolve("here", "data", {"use": use, **arguments}))()
    except UserError as error:
        pytest.skip(str(error))
    found = list(itertools.islice(source.examples, 300))
    assert len(found) == 300
    assert len({example.label for example in found}) == labels
    for x, _, part in found:
        assert part == "train"
        assert (x.shape if isinstance(x, np.ndarray) else None) == shape
        assert len(x) > 0
    if shape:
        pixels = np.stack([np.asarray(example.x) for example in found])
        assert pixels.dtype == np.uint8
        assert pixels.max() > 200
        assert 20 < pixels.std() < 120
        assert shape == (64, 64, 3) or (pixels < 128).mean() > 0.5  # ink is bright on a dark ground


def test_mnist5k_is_500_of_each_digit() -> None:
    _, found = load("mnist5k")
    assert {example.x.shape for example in found} == {(28, 28)}  # type: ignore[union-attr]
    labels = [example.label for example in found]
    assert {label: labels.count(label) for label in set(labels)} == {str(digit): 500 for digit in range(10)}


def test_kjv_is_the_bible() -> None:
    _, found = load("kjv", label="book")
    books = {" ".join(example.x): example.label for example in found}
    assert books["jesus wept ."] == "John"  # 11:35
    assert all(3 <= len(example.x) <= 16 for example in found)


def test_words_are_words_numbers_and_marks() -> None:
    assert words("And God's 2 lights-giving, ok…") == ["and", "god's", "2", "lights-giving", ",", "ok", "…"]


def test_idx_files_are_read_and_a_wrong_one_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from uncollapse.data import mnist as module

    images = STREAM.integers(0, 256, (6, 28, 28), np.uint8)
    digests = {}
    for part, x in {"train": images, "t10k": images[:2]}.items():
        for what, head, body in (
            ("images-idx3", struct.pack(">4i", 2051, len(x), 28, 28), x.tobytes()),
            ("labels-idx1", struct.pack(">2i", 2049, len(x)), bytes(range(len(x)))),
        ):
            name = f"{part}-{what}-ubyte.gz"
            (folder / name).write_bytes(gzip.compress(head + body))
            digests[name] = hashlib.md5((folder / name).read_bytes()).hexdigest()
    with pytest.raises(
        UserError,
        match=r"its md5 is .*, that of the official file is f68b3c.*; delete it, and it is downloaded from https",
    ):
        load("mnist")
    monkeypatch.setattr(module, "MD5", digests)
    _, found = load("mnist")
    assert [example.part for example in found] == ["train"] * 6 + ["test"] * 2
    assert [example.label for example in found] == [*"012345", *"01"]
    assert np.array_equal(np.stack([np.asarray(example.x) for example in found[:6]]), images)
    cut = folder / "train-images-idx3-ubyte.gz"
    cut.write_bytes(cut.read_bytes()[:500])
    monkeypatch.setattr(module, "MD5", {name: None for name in digests})
    with pytest.raises(UserError, match="not a gzipped idx file"):
        load("mnist")


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


def packed(place: Path, files: dict[str, bytes], pack: str) -> Path:
    """Files as a folder or an archive."""
    path = place / ("pictures" if pack == "folder" else f"pictures.{pack}")
    if pack == "folder":
        for name, data in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
    elif pack == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    else:
        with tarfile.open(path, "w:gz" if pack == "tar.gz" else "w") as archive:
            for name, data in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("pack", ["folder", "zip", "tar"])
def test_what_is_no_picture_stops_or_is_left_out(tmp_path: Path, pack: str) -> None:
    files = {"a.png": picture(), "b.jpg": picture((200, 200), "JPEG")[:900], "c.txt": b"hello", "d.png": picture()}
    path = packed(tmp_path, files, pack)
    with pytest.raises(UserError, match=r"b\.jpg: .*truncated.*; mend it, take it out, or set `on_bad: skip`$"):
        load("image_folder", path=str(path))
    source, found = load("image_folder", path=str(path), on_bad="skip")
    assert len(found) == 2
    assert source.facts["skipped"] == 2
    assert [said.split(":")[0].rsplit("/", 1)[1] for said in source.facts["skipped_first"]] == ["b.jpg", "c.txt"]


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
def test_text_lines_and_what_cannot_be_read_in_them(tmp_path: Path, pack: Callable[[Path, bytes], int]) -> None:
    path = tmp_path / ("a.txt" if pack is Path.write_bytes else "a.txt.gz")
    pack(path, b"good\tGood food.\n\nbad\t" + b"no " * 5000 + b"\nbad\tcold \xff soup\nno label\r\ngood\tFine!\r\n")
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


def test_omniglot_of_the_literature_is_stored_by_columns(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from uncollapse.data import omniglot as module

    (folder / "omniglot").mkdir()
    upright = STREAM.random((3, 28, 28))
    by_columns = upright.transpose(0, 2, 1).reshape(3, 784).T
    savemat(folder / "omniglot/chardata.mat", {"data": by_columns, "testdata": by_columns[:, :1]})
    with pytest.raises(UserError, match="md5"):
        load("omniglot")
    monkeypatch.setattr(raw, "checksum", lambda file: "21ecaf34373511aa7691cf2e0802aa3d")
    _, found = load("omniglot")
    assert module.chardata.__doc__
    assert [example.part for example in found] == ["train", "train", "train", "test"]
    assert np.array_equal(
        np.stack([np.asarray(example.x) for example in found[:3]]), np.round(255 * upright).astype(np.uint8)
    )


def test_omniglot_resized_is_bright_ink_with_its_alphabet(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("background", "evaluation"):
        with zipfile.ZipFile(folder / f"images_{name}.zip", "w") as archive:
            archive.writestr(f"images_{name}/Greek/character01/1_01.png", picture((105, 105), mode="1", value=255))
    source, found = load("omniglot", version="resized")
    assert [example.label for example in found] == ["Greek", "Greek"]
    assert (np.asarray(found[0].x) == 0).all()
    assert "resized" in source.source
    assert capsys.readouterr().err.count("its md5 is") == 2


def test_celeba_is_its_middle_in_the_official_parts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "celeba").mkdir()
    (folder / "celeba/list_eval_partition.txt").write_text("000001.jpg 0\n000002.jpg 1\n000003.jpg 2\n")
    pixels = np.zeros((218, 178, 3), np.uint8)
    pixels[35:183, 15:163] = 255  # the middle 148
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    path = packed(folder / "celeba", {f"00000{i}.jpg": out.getvalue() for i in (1, 2, 3)}, "tar")
    path.rename(folder / "celeba/img_align_celeba_subset.tar")
    monkeypatch.setattr(raw, "checksum", lambda file: "d32c9cbf5e040fd4025c592c306e6668")
    source, found = load("celeba")
    assert [example.part for example in found] == ["train", "valid", "test"]
    assert all((np.asarray(example.x) == 255).all() and np.shape(example.x) == (64, 64, 3) for example in found)
    assert "a subset" in source.source


def test_mednist_has_the_classes_of_its_folders(folder: Path) -> None:
    path = packed(
        folder,
        {
            "MedNIST/Hand/1.jpeg": picture(kind="JPEG"),
            "MedNIST/README.md": b"read",
            "MedNIST/CXR/2.jpeg": picture(kind="JPEG"),
        },
        "tar.gz",
    )
    path.rename(folder / "MedNIST.tar.gz")
    source, found = load("mednist", size=16)
    assert [(example.label, np.shape(example.x)) for example in found] == [("Hand", (16, 16)), ("CXR", (16, 16))]
    assert source.facts["skipped"] == 1


def test_yelp_of_both_kinds(folder: Path) -> None:
    (folder / "yelp").mkdir()
    for part in ("train", "valid", "test"):
        (folder / f"yelp/{part}.txt.gz").write_bytes(gzip.compress(f"good food in {part} .\nbad soup .\n".encode()))
        (folder / f"yelp/{part}.labels").write_text("1\n0\n")
        (folder / f"yelp/yelp.{part}.txt").write_text(f"4\tlong review in {part}\n\n")
    short, found = load("yelp")
    assert [(example.label, example.part) for example in found][:3] == [("1", "train"), ("0", "train"), ("1", "valid")]
    assert found[0].x == ["good", "food", "in", "train", "."]
    long, reviews = load("yelp", version="long")
    assert [example.x[-1] for example in reviews] == ["train", "valid", "test"]
    assert (short.facts["skipped"], long.facts["skipped"]) == (0, 3)


def test_ptb_is_checked_where_it_is_unzipped(folder: Path) -> None:
    (folder / "ptb").mkdir()
    for part in ("train", "valid", "test"):
        (folder / f"ptb/ptb.{part}.txt.gz").write_bytes(gzip.compress(f" no it was n't <unk> {part} \n".encode()))
    _, found = load("ptb")
    assert found[2] == Example(["no", "it", "was", "n't", "<unk>", "test"], None, "test")
    (folder / "ptb/ptb.train.txt.gz").unlink()
    (folder / "ptb/ptb.train.txt").write_text("something else\n")
    with pytest.raises(UserError, match="md5"):
        load("ptb")
