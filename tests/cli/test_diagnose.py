"""`uncollapse diagnose`: what it prints and draws, and mistakes as one line."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from refusals import Run

import uncollapse
from uncollapse.your_vae.latents.diagnosis import Diagnosis

STREAM = np.random.default_rng(0)
GOOD = np.zeros((4, 2))
NAN, FAR = GOOD.copy(), GOOD.copy()
NAN[1, 1], FAR[2, 0] = np.nan, 1000


def channel(*informative: float, dead: int = 0, count: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """mu_i ~ N(0, s_i^2) and variance 1 - s_i^2, so that q(z) = p(z); `dead` dimensions of the prior
    behind them."""
    s2 = np.array([*informative, *[0.0] * dead])
    return np.sqrt(s2) * STREAM.normal(size=(count, len(s2))), np.log(1 - s2) * np.ones((count, len(s2)))


def test_json_prints_the_fields_under_their_names(run: Run) -> None:
    mu, logvar = channel(0.9, dead=2)
    np.savez("latents.npz", mu=mu, logvar=logvar)
    code, out, err = run("diagnose", "latents.npz", "--json", "--delta", "0.05")
    assert (code, err) == (0, "")
    expected = uncollapse.diagnose(mu, logvar, delta=0.05)
    told = json.loads(out)
    assert told == expected.as_dict()
    assert set(told) == {*Diagnosis.__dataclass_fields__, "verdict"}


@pytest.mark.parametrize(("name", "magic"), [("a.png", b"\x89PNG"), ("a.svg", b"<svg"), ("a.pdf", b"%PDF")])
def test_the_figure_is_drawn(run: Run, name: str, magic: bytes) -> None:
    np.savez_compressed("latents.npz", **dict(zip(("mu", "logvar"), channel(0.9, dead=2), strict=True)))
    code, out, _ = run("diagnose", "latents.npz", "--figure", name)
    assert code == 0
    assert out.startswith("partly collapsed: 1 of 3")
    assert Path(name).read_bytes().startswith(magic)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (
            {"mu": GOOD, "logvar": np.zeros((4, 3))},
            "mu and logvar should have the same shape, not (4, 2) and (4, 3)",
        ),
        ({"mu": np.zeros(4), "logvar": np.zeros(4)}, "(examples, dimensions)"),
        ({"mu": NAN, "logvar": GOOD}, "mu: 1 of 8 values are NaN or infinite"),
        ({"mu": GOOD, "logvar": -NAN}, "logvar: 1 of 8 values are NaN or infinite"),
        ({"mu": GOOD, "logvar": FAR}, "logvar: exp of"),
        ({"mu": 1e200 * FAR, "logvar": GOOD}, "mu: the square of"),
        ({"mu": np.full((4, 2), 1.2e154), "logvar": GOOD}, "mu: the square of"),
        ({"mu": GOOD.astype(object), "logvar": GOOD}, "mu: object arrays"),
        ({"mu": GOOD.astype(str), "logvar": GOOD}, "mu: should be an array of real numbers"),
        ({"mu": GOOD}, "it has no array logvar; its arrays: mu"),
        ({}, "it has no array mu; its arrays: none"),
        ({"mu": GOOD[:1], "logvar": GOOD[:1]}, "two examples or more"),
        ({"mu": GOOD[:, :0], "logvar": GOOD[:, :0]}, "(examples, dimensions)"),
        ({"mu": GOOD, "logvar": GOOD, "labels": np.arange(3)}, "labels: should have the shape (4,)"),
    ],
)
def test_a_mistake_in_the_arrays_is_one_line_and_exit_code_2(
    run: Run, arrays: dict[str, Any], words: str
) -> None:
    np.savez("latents.npz", **arrays)
    code, out, err = run("diagnose", "latents.npz", "--json", "--figure", "a.png")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ")
    assert words in err
    assert not Path("a.png").exists()


def test_a_mistake_in_the_file_or_the_options_is_one_line_and_exit_code_2(run: Run) -> None:
    np.savez("good.npz", mu=GOOD, logvar=GOOD)
    np.save("one.npy", GOOD)
    Path("empty.npz").touch()
    Path("text.npz").write_text("mu logvar")
    Path("cut.npz").write_bytes(Path("good.npz").read_bytes()[:200])
    Path("folder.npz").mkdir()
    for name in ("none.npz", "one.npy", "empty.npz", "text.npz", "cut.npz", "folder.npz"):
        code, out, err = run("diagnose", name)
        assert (code, out, err.count("\n")) == (2, "", 1), err
        assert name in err
    for options, word in (
        (["--delta", "1"], "delta"),
        (["--figure", "a.doc"], "a.doc"),
        (["--figure", "no/a.png"], "no/a.png"),
    ):
        code, out, err = run("diagnose", "good.npz", *options)
        assert (code, out, err.count("\n")) == (2, "", 1), err
        assert word in err


def test_it_needs_neither_dvc_nor_mlflow_and_help_not_even_torch() -> None:
    asked = "import sys, uncollapse, uncollapse.cli\nassert 'torch' not in sys.modules\nuncollapse.diagnose\n"
    told = (
        asked
        + "assert callable(uncollapse.diagnose)\nassert not {'dvc', 'mlflow', 'altair'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 0


def test_codes_and_probabilities_are_read_from_a_file(run: Run) -> None:
    codes, p = STREAM.integers(0, 3, (500, 4)), STREAM.dirichlet(np.ones(5), 500)
    np.savez("codes.npz", codes=codes, size=512)
    assert run("diagnose", "codes.npz") == (
        0,
        "codebook collapse: 3 of 512 codes are in use, perplexity 3.0\n",
        "",
    )
    code, out, _ = run("diagnose", "codes.npz", "--json")
    expected = uncollapse.diagnose(codes=codes, size=512).as_dict()
    assert (code, json.loads(out)) == (0, json.loads(json.dumps(expected)))
    np.savez("books.npz", codes=codes, size=[512] * 4)
    code, out, _ = run("diagnose", "books.npz")
    assert [line.split(":")[0] for line in out.splitlines()] == ["codebook collapse"] * 4
    np.savez("categories.npz", probabilities=p)
    assert run("diagnose", "categories.npz") == (0, "healthy\n", "")
    code, _, err = run("diagnose", "categories.npz", "--figure", "a.png")
    assert (code, err) == (2, "error: --figure a.png: is drawn of means and variances only\n")
    assert run("diagnose", "codes.npz", "--kind", "smells")[0] == 2


def test_the_axis_of_the_channels_is_an_option(run: Run) -> None:
    mu, logvar = [array.reshape(-1, 4, 3).swapaxes(1, 2) for array in channel(0.9, dead=2, count=4000)]
    np.savez("latents.npz", mu=mu, logvar=logvar)
    code, out, _ = run("diagnose", "latents.npz", "--axis", "1")
    assert code == 0
    assert out.startswith(uncollapse.diagnose(mu, logvar, axis=1).verdict)
    assert out.startswith("partly collapsed: 1 of 3 channels")
    code, _, err = run("diagnose", "latents.npz", "--axis", "3")
    assert code == 2
    assert "axis: should be that of the channels" in err
