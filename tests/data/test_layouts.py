"""Raw files of public data sets in every layout in which they are found: small ones, made here."""

import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from made_files import RNG, idx_files, load, md5, no_network, packed, picture, stacked
from PIL import Image
from scipy.io import savemat

from uncollapse.data.sources import Example
from uncollapse.data.sources._raw import VARIABLE
from uncollapse.errors import UserError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of raw files, with no way to download others."""
    no_network(monkeypatch)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("use", "dataset", "first"), [("mnist", "MNIST", "0"), ("fashion_mnist", "FashionMNIST", "T-shirt")]
)
@pytest.mark.parametrize("below", ["", "raw"])
def test_idx_files_are_read_and_a_wrong_one_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, use: str, dataset: str, first: str, below: str
) -> None:
    images = RNG.integers(0, 256, (6, 28, 28), np.uint8)
    table = idx_files(folder / dataset / below, images, images[:2])
    with pytest.raises(
        UserError,
        match=r"its md5 is .*, but that of the official file is .*; move the file away, .* from http",
    ):
        load(use)
    monkeypatch.setattr(f"torchvision.datasets.{dataset}.resources", table)
    _, examples = load(use)
    assert [example.part for example in examples] == ["train"] * 6 + ["test"] * 2
    assert examples[0].label == examples[6].label == first
    assert len({example.label for example in examples}) == 6
    assert np.array_equal(stacked(examples[:6]), images)
    cut = folder / dataset / below / table[0][0]
    cut.write_bytes(cut.read_bytes()[:500])
    monkeypatch.setattr(f"torchvision.datasets.{dataset}.resources", [(cut.name, md5(cut)), *table[1:]])
    with pytest.raises(UserError, match="not a gzipped idx file"):
        load(use)


def test_omniglot_of_the_literature_is_stored_by_columns(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "omniglot").mkdir()
    file = folder / "omniglot/chardata.mat"
    upright = RNG.random((3, 28, 28))
    by_columns = upright.transpose(0, 2, 1).reshape(3, 784).T
    savemat(file, {"data": by_columns, "testdata": by_columns[:, :1]})
    with pytest.raises(UserError, match="md5"):
        load("omniglot")
    monkeypatch.setattr("uncollapse.data.sources.omniglot.CHARDATA_MD5", md5(file))
    _, examples = load("omniglot")
    assert [example.part for example in examples] == ["train", "train", "train", "test"]
    assert np.array_equal(stacked(examples[:3]), np.round(255 * upright).astype(np.uint8))


def test_omniglot_resized_is_bright_ink_with_its_alphabet(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("images_background", "images_evaluation"):
        drawing = picture((105, 105), mode="1", value=255)
        packed(folder, {f"{name}/Greek/character01/1_01.png": drawing}, "zip", name)
    source, examples = load("omniglot", version="resized")
    assert [example.label for example in examples] == ["Greek", "Greek"]
    assert (stacked(examples) == 0).all()
    assert "resized" in source.source
    assert capsys.readouterr().err.count("its md5 is") == 2


def test_celeba_is_its_middle_in_the_official_parts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "celeba").mkdir()
    partition = folder / "celeba/list_eval_partition.txt"
    partition.write_text("000001.jpg 0\n000002.jpg 1\n000003.jpg 2\n")
    pixels = np.zeros((218, 178, 3), np.uint8)
    pixels[35:183, 15:163] = 255  # the middle 148
    face = io.BytesIO()
    Image.fromarray(pixels).save(face, "PNG")
    packed(
        folder / "celeba",
        {f"00000{i}.jpg": face.getvalue() for i in (1, 2, 3)},
        "tar",
        "img_align_celeba_subset",
    )
    with pytest.raises(UserError, match="md5"):
        load("celeba")

    def official(*files: Path) -> None:
        table = [("id", md5(file), file.name) for file in files]
        monkeypatch.setattr("torchvision.datasets.CelebA.file_list", table)

    official(partition)
    source, examples = load("celeba")
    assert [example.part for example in examples] == ["train", "valid", "test"]
    assert stacked(examples).shape == (3, 64, 64, 3)
    assert (stacked(examples) == 255).all()
    assert "a subset" in source.source
    whole = packed(folder / "celeba", {"000002.jpg": face.getvalue()}, "zip", "img_align_celeba")
    official(partition, whole)
    source, examples = load("celeba", size=8, channels=1)
    assert [example.part for example in examples] == ["valid"]
    assert stacked(examples).shape == (1, 8, 8)
    assert "a subset" not in source.source
    partition.write_text("000001.jpg 0\n")
    official(partition, whole)
    with pytest.raises(UserError, match=r"000002\.jpg is not in .*list_eval_partition\.txt"):
        load("celeba")


def test_mednist_has_the_classes_of_its_folders(folder: Path) -> None:
    hand, chest = picture(kind="JPEG"), picture(kind="JPEG")
    files = {"MedNIST/Hand/1.jpeg": hand, "MedNIST/README.md": b"read", "MedNIST/CXR/2.jpeg": chest}
    packed(folder, files, "tar.gz", "MedNIST")
    source, examples = load("mednist", size=16)
    assert [example.label for example in examples] == ["Hand", "CXR"]
    assert stacked(examples).shape == (2, 16, 16)
    assert source.facts["skipped"] == 1


def test_yelp_of_both_kinds(folder: Path) -> None:
    (folder / "yelp").mkdir()
    for part in ("train", "valid", "test"):
        text = f"good food in {part} .\nbad soup .\n"
        (folder / f"yelp/{part}.txt.gz").write_bytes(gzip.compress(text.encode()))
        (folder / f"yelp/{part}.labels").write_text("1\n0\n")
        (folder / f"yelp/yelp.{part}.txt").write_text(f"4\tlong review in {part}\n\n")
    short, sentences = load("yelp")
    labels = [(example.label, example.part) for example in sentences]
    assert labels[:3] == [("1", "train"), ("0", "train"), ("1", "valid")]
    assert sentences[0].x == ["good", "food", "in", "train", "."]
    long, reviews = load("yelp", version="long")
    assert [example.x[-1] for example in reviews] == ["train", "valid", "test"]
    assert (short.facts["skipped"], long.facts["skipped"]) == (0, 3)
    shorter, sentences = load("yelp", longest=3)
    assert [(example.label, example.x[0]) for example in sentences] == [("0", "bad")] * 3
    assert shorter.facts["skipped"] == 3
    (folder / "yelp/valid.labels").write_text("1\n")
    with pytest.raises(UserError, match=r"valid\.labels: 1 labels, but .* has 2 lines"):
        load("yelp")


def test_ptb_is_checked_where_it_is_unzipped(folder: Path) -> None:
    (folder / "ptb").mkdir()
    for part in ("train", "valid", "test"):
        text = f" no it was n't <unk> {part} \n"
        (folder / f"ptb/ptb.{part}.txt.gz").write_bytes(gzip.compress(text.encode()))
    _, examples = load("ptb")
    assert examples[2] == Example(["no", "it", "was", "n't", "<unk>", "test"], None, "test")
    (folder / "ptb/ptb.train.txt.gz").unlink()
    (folder / "ptb/ptb.train.txt").write_text("something else\n")
    with pytest.raises(UserError, match="md5"):
        load("ptb")
