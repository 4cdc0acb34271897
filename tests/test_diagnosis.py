"""The diagnosis: closed forms, the verdict, and mistakes."""

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import uncollapse
from uncollapse.cli import main
from uncollapse.diagnosis import Diagnosis

STREAM = np.random.default_rng(0)
Run = Callable[..., tuple[int, str, str]]


def channel(*informative: float, dead: int = 0, count: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """mu_i ~ N(0, s_i^2) and variance 1 - s_i^2, so that q(z) = p(z); `dead` dimensions of the prior
    behind them."""
    s2 = np.array([*informative, *[0.0] * dead])
    return np.sqrt(s2) * STREAM.normal(size=(count, len(s2))), np.log(1 - s2) * np.ones((count, len(s2)))


def test_every_field_is_that_of_the_closed_form() -> None:
    mu, logvar = channel(0.9, 0.5, dead=2, count=8000)
    found = uncollapse.diagnose(mu, logvar)
    exact = -0.5 * np.log(1 - np.array([0.9, 0.5, 0, 0]))
    assert (found.n, found.d, found.active_units, found.delta) == (8000, 4, 2, 0.01)
    assert found.kl_per_dimension == pytest.approx(exact, abs=0.05)
    assert found.kl == pytest.approx(found.kl_per_dimension.sum())
    assert found.mi == pytest.approx(exact.sum(), abs=0.05)
    assert found.mi_cap == math.log(8000)
    kl = 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar)
    for eps in (0.0, 1e-9, 0.01, 0.3, 1.0, 5.0, 50.0):
        assert found.collapsed(eps) == ((kl < eps).mean(0) >= 0.99).mean(), eps


def test_numpy_and_torch_and_every_type_of_number_give_the_same() -> None:
    mu, logvar = (np.round(array, 3).astype(np.float32) for array in channel(0.9, 0.5, dead=1))
    one = uncollapse.diagnose(mu, logvar).as_dict()
    assert uncollapse.diagnose(torch.tensor(mu, requires_grad=True), torch.tensor(logvar)).as_dict() == one
    assert uncollapse.diagnose(mu.astype(np.float64), logvar.astype(np.float64)).as_dict() == one
    assert uncollapse.diagnose(mu.tolist(), logvar.tolist()).kl == pytest.approx(one["kl"])


def test_mutual_information_of_many_examples_is_of_a_sample() -> None:
    mu, logvar = channel(0.9, count=30_000)
    found = uncollapse.diagnose(mu, logvar)
    assert found.mi_cap == math.log(10_000)
    assert found.mi == pytest.approx(-0.5 * math.log(0.1), abs=0.05)


def test_bfloat16_is_a_number_and_few_examples_are_no_collapse() -> None:
    mu, logvar = (torch.tensor(array) for array in channel(0.9, 0.5))
    assert uncollapse.diagnose(mu.bfloat16(), logvar.bfloat16()).mi == pytest.approx(
        uncollapse.diagnose(mu, logvar).mi, abs=0.02
    )
    assert uncollapse.diagnose(4 * mu[:10], logvar[:10]).verdict == "healthy"


def test_labels_may_be_bytes_and_names_what_they_may_not_be() -> None:
    mu, logvar = channel(0.9)
    sign = mu[:, 0] > 0
    assert uncollapse.diagnose(mu, logvar, labels=np.where(sign, b"a", b"b")).probe_accuracy > 0.95
    for wrong in (sign + 0.5, sign * 1j, np.arange(len(mu)), np.where(sign, "a", None)):
        with pytest.raises(ValueError, match=r"^labels: "):
            uncollapse.diagnose(mu, logvar, labels=wrong)


@pytest.mark.parametrize(
    ("latents", "verdict"),
    [
        (channel(dead=5), "collapsed"),
        ((np.zeros((2, 3)), np.zeros((2, 3))), "collapsed"),
        (
            (np.full((500, 3), 1.5), np.zeros((500, 3))),
            "collapsed: a KL of 3.38 nats, but z tells nothing of x (mutual information 0.00 nats)",
        ),
        (channel(0.9, 0.9, dead=3), "partly collapsed: 2 of 5 dimensions carry 100 % of the KL"),
        (channel(0.9, 0.9, 0.8), "healthy"),
    ],
)
def test_the_verdict(latents: tuple[np.ndarray, np.ndarray], verdict: str) -> None:
    assert uncollapse.diagnose(*latents).verdict == verdict


def test_labels_add_a_probe() -> None:
    mu, logvar = channel(0.9, 0.5)
    told = uncollapse.diagnose(mu, logvar, labels=np.where(mu[:, 0] > 0, "a", "b"))
    assert told.probe_accuracy is not None
    assert told.probe_accuracy > 0.95
    blind = uncollapse.diagnose(mu, logvar, labels=torch.arange(len(mu)) % 2)
    assert blind.probe_accuracy == pytest.approx(0.5, abs=0.09)
    for wrong in (np.zeros(3), np.zeros(len(mu))):
        with pytest.raises(ValueError, match="labels"):
            uncollapse.diagnose(mu, logvar, labels=wrong)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in a folder of its own: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["uncollapse", *arguments])
        code = 0
        try:
            main()
        except SystemExit as stopped:
            code = int(str(stopped.code))
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


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


GOOD = np.zeros((4, 2))
NAN, FAR = GOOD.copy(), GOOD.copy()
NAN[1, 1], FAR[2, 0] = np.nan, 1000


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
        ({"mu": GOOD}, "no array logvar; there are mu"),
        ({}, "no array mu; there are none"),
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
