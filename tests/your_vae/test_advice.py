"""What is told to help is what the studies found."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

import uncollapse
from uncollapse.results.verdict import Verdict
from uncollapse.your_vae import advice as advising

STUDIES = Path(__file__).parent.parent.parent / "studies"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """studies/advice.py."""
    monkeypatch.syspath_prepend(STUDIES)
    import advice

    yield advice
    del sys.modules["advice"]


def test_the_table_in_the_package_is_that_of_the_studies(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "TABLE", tmp_path / "advice.csv")
    script.main()
    assert (tmp_path / "advice.csv").read_text() == advising.TABLE.read_text(), "run python studies/advice.py"


@pytest.mark.parametrize("kind", ["images", "text"])
def test_each_number_is_that_of_the_comparison(kind: str) -> None:
    remedies = uncollapse.advice(kind)
    assert {"skip", "control_vae", "pretrained"} <= {remedy.name for remedy in remedies}
    for remedy in remedies:
        table = pd.read_csv(STUDIES.parent / remedy.link / "comparison.csv")
        rows = table[table["dataset"].eq(remedy.dataset) & table["against_model"].eq("vae")]
        rows = rows[rows["method"].eq(remedy.name) | rows["model"].eq(remedy.name)]
        rows = rows[rows["question"].isin(["method", "model"])].set_index("measure")
        for name, found in (("nll", remedy.nll), ("elbo_at_equal_work", remedy.equal_work)):
            if found is None:
                assert name not in rows.index
                continue
            own = rows.loc[name]
            assert found == pytest.approx(
                tuple(own[["difference", "low", "high", "beyond_chance"]].astype(float)), rel=1e-3
            )
    states = [list(Verdict).index(remedy.verdict) for remedy in remedies]
    assert states == sorted(states)


def test_controls_and_made_up_data_are_left_out() -> None:
    table = pd.read_csv(advising.TABLE)
    assert not {"without_z", "no_reserve"} & set(table["method"])
    assert "linear" not in set(table["study"])
    assert len(table) == len(table.drop_duplicates(["dataset", "model", "method", "against_model"]))


@pytest.mark.parametrize(
    ("kind", "model", "line"),
    [
        (
            "smells",
            "vae",
            "kind: should be images or text, or something near .*, not 'smells'",
        ),
        (3, "vae", "kind: should be images or text, .*, not 3"),
        ("a\nb", "vae", r"kind: should be images or text, .*, not 'a\\nb'"),
        ("text", "vqvae", "model: should be one of annealed_vae, control_vae, vae, not 'vqvae'"),
    ],
)
def test_a_mistake_is_one_line(kind: Any, model: str, line: str) -> None:
    with pytest.raises(ValueError, match=line):
        uncollapse.advice(kind, model=model)


@pytest.mark.parametrize(
    ("kind", "nearest", "reason"),
    [
        ("molecules", "text", "a sequence of symbols"),
        ("SMILES", "text", "a sequence of symbols"),
        ("protein sequences", "text", "a sequence of symbols"),
        ("music", "text", "for recorded sound ask about audio"),
        ("audio", "images", "real numbers on a grid or a line"),
        ("time series", "images", "real numbers on a grid or a line"),
        ("time_series", "images", "real numbers"),
        ("trajectories", "images", "real numbers"),
        ("robots", "images", "real numbers"),
        ("tabular", "images", "nothing like it was studied"),
        ("single-cell counts", "images", "nothing like it was studied"),
        ("graphs", "images", "nothing like it was studied"),
    ],
)
def test_another_kind_gets_the_advice_of_the_nearest_and_is_told_so(
    kind: str, nearest: str, reason: str
) -> None:
    found, studied = uncollapse.advice(kind), uncollapse.advice(nearest)
    assert [replace(remedy, asked="") for remedy in found] == studied
    for remedy in found:
        assert remedy.asked.startswith(f"asked of {kind}; the nearest kind studied is {nearest}: ")
        assert reason in remedy.asked
        assert str(remedy).endswith(f" ({remedy.asked})")


@pytest.mark.parametrize(
    ("kind", "studied"), [("pictures", "images"), ("sentences", "text"), ("image", "images")]
)
def test_another_word_for_a_studied_kind_needs_no_remark(kind: str, studied: str) -> None:
    assert uncollapse.advice(kind) == uncollapse.advice(studied)
