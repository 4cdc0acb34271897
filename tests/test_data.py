"""Data sets: tiny files of every layout, made here, and the real ones where UNCOLLAPSE_RAW names their folder."""

import gzip
import hashlib
import io
import itertools
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_files import STREAM, load, packed, picture
from PIL import Image
from scipy.io import savemat

from uncollapse.data.sources import Example
from uncollapse.data.sources import _raw as raw
from uncollapse.data.sources._text import words
from uncollapse.errors import UserError
from uncollapse.experiment.pieces import resolve
from uncollapse.registry import build, names


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of raw files, with no way to download others."""
    monkeypatch.setenv(raw.VARIABLE, str(tmp_path))

    def refuse(url: str, *rest: Any, **more: Any) -> None:
        raise OSError("no network")

    monkeypatch.setattr("torchvision.datasets.utils.download_url", refuse)
    monkeypatch.setattr("torchvision.datasets.utils.download_file_from_google_drive", refuse)
    return tmp_path


@pytest.mark.parametrize("name", names("data/sources"))
def test_every_data_set_is_there_or_says_where_it_was_looked_for(name: str, folder: Path) -> None:
    """With an empty folder and no network: a line that names the place, the address and the variable."""
    source, said = None, ""
    try:
        source = build("data/sources", resolve("here", "data/sources", {"use": name}))()
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
        source = build("data/sources", resolve("here", "data/sources", {"use": use, **arguments}))()
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
    assert {example.x.shape for example in found} == {(28, 28)}
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
    from uncollapse.data.sources import mnist as module

    images = STREAM.integers(0, 256, (6, 28, 28), np.uint8)
    digests = {}
    (folder / "MNIST").mkdir()
    for part, x in {"train": images, "t10k": images[:2]}.items():
        for what, head, body in (
            ("images-idx3", struct.pack(">4i", 2051, len(x), 28, 28), x.tobytes()),
            ("labels-idx1", struct.pack(">2i", 2049, len(x)), bytes(range(len(x)))),
        ):
            name = f"{part}-{what}-ubyte.gz"
            (folder / "MNIST" / name).write_bytes(gzip.compress(head + body))
            digests[name] = hashlib.md5((folder / "MNIST" / name).read_bytes()).hexdigest()
    with pytest.raises(
        UserError,
        match=r"its md5 is .*, that of the official file is f68b3c.*; move it away, and it is downloaded from https",
    ):
        load("mnist")
    monkeypatch.setattr(module, "MD5", list(digests.values()))
    _, found = load("mnist")
    assert [example.part for example in found] == ["train"] * 6 + ["test"] * 2
    assert [example.label for example in found] == [*"012345", *"01"]
    assert np.array_equal(np.stack([np.asarray(example.x) for example in found[:6]]), images)
    cut = folder / "MNIST/train-images-idx3-ubyte.gz"
    cut.write_bytes(cut.read_bytes()[:500])
    monkeypatch.setattr(module, "MD5", [None] * 4)
    with pytest.raises(UserError, match="not a gzipped idx file"):
        load("mnist")


def test_omniglot_of_the_literature_is_stored_by_columns(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from uncollapse.data.sources import omniglot as module

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


def test_omniglot_resized_is_bright_ink_with_its_alphabet(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("background", "evaluation"):
        with zipfile.ZipFile(folder / f"images_{name}.zip", "w") as archive:
            archive.writestr(
                f"images_{name}/Greek/character01/1_01.png", picture((105, 105), mode="1", value=255)
            )
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
    assert all(
        (np.asarray(example.x) == 255).all() and np.shape(example.x) == (64, 64, 3) for example in found
    )
    assert "a subset" in source.source
    (folder / "celeba/list_eval_partition.txt").write_text("000001.jpg 0\n")
    with pytest.raises(UserError, match=r"000002\.jpg is not in .*list_eval_partition\.txt"):
        load("celeba")


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
    assert [(example.label, np.shape(example.x)) for example in found] == [
        ("Hand", (16, 16)),
        ("CXR", (16, 16)),
    ]
    assert source.facts["skipped"] == 1


def test_yelp_of_both_kinds(folder: Path) -> None:
    (folder / "yelp").mkdir()
    for part in ("train", "valid", "test"):
        (folder / f"yelp/{part}.txt.gz").write_bytes(
            gzip.compress(f"good food in {part} .\nbad soup .\n".encode())
        )
        (folder / f"yelp/{part}.labels").write_text("1\n0\n")
        (folder / f"yelp/yelp.{part}.txt").write_text(f"4\tlong review in {part}\n\n")
    short, found = load("yelp")
    assert [(example.label, example.part) for example in found][:3] == [
        ("1", "train"),
        ("0", "train"),
        ("1", "valid"),
    ]
    assert found[0].x == ["good", "food", "in", "train", "."]
    long, reviews = load("yelp", version="long")
    assert [example.x[-1] for example in reviews] == ["train", "valid", "test"]
    assert (short.facts["skipped"], long.facts["skipped"]) == (0, 3)
    fewer, few = load("yelp", longest=3)
    assert [(example.label, example.x[0]) for example in few] == [("0", "bad")] * 3
    assert fewer.facts["skipped"] == 3
    (folder / "yelp/valid.labels").write_text("1\n")
    with pytest.raises(UserError, match=r"valid\.labels: 1 labels, but .* has 2 lines"):
        load("yelp")


def test_ptb_is_checked_where_it_is_unzipped(folder: Path) -> None:
    (folder / "ptb").mkdir()
    for part in ("train", "valid", "test"):
        (folder / f"ptb/ptb.{part}.txt.gz").write_bytes(
            gzip.compress(f" no it was n't <unk> {part} \n".encode())
        )
    _, found = load("ptb")
    assert found[2] == Example(["no", "it", "was", "n't", "<unk>", "test"], None, "test")
    (folder / "ptb/ptb.train.txt.gz").unlink()
    (folder / "ptb/ptb.train.txt").write_text("something else\n")
    with pytest.raises(UserError, match="md5"):
        load("ptb")
