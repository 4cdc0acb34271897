"""What README.md and docs/ say agrees with the code and the results."""

import re
import runpy
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import torch
import yaml
from page_examples import check_examples, find_outputs

from uncollapse.experiment.cells import Cell
from uncollapse.experiment.params import Params
from uncollapse.registry import PACKAGE, SLOTS, list_names
from uncollapse.vae import Gaussian

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text()
METHODS = (ROOT / "docs" / "methods.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TRACKED = subprocess.run(
    ["git", "ls-files", "src"], cwd=ROOT, capture_output=True, text=True, check=False
).stdout
OWN = [  # Pieces of one's own, which git does not know, need not be in the documents.
    f"| `{slot.name}` | `{piece}` |"
    for slot in SLOTS.values()
    for piece in list_names(slot.folder)
    if TRACKED and f"{slot.folder}/{piece}.py" not in TRACKED
]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def find_blocks(language: str, text: str = README) -> list[str]:
    """Return the code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def leave_out_own(text: str) -> list[str]:
    """Return the lines of a page without the rows of pieces of one's own."""
    return [line for line in text.splitlines() if not line.startswith(tuple(OWN))]


def find_anchors(page: Path) -> set[str]:
    """Return the headings of a page as GitHub makes links of them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_readme_is_short() -> None:
    assert len(re.findall(r"\S*\w\S*", README)) <= 900


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        file, _, anchor = link.partition("#")
        if not link.startswith("http"):
            target = (page.parent / file).resolve() if file else page
            assert target.exists(), link
            assert not anchor or anchor in find_anchors(target), link


def test_the_files_to_open_are_there() -> None:
    table = (ROOT / "docs/design.md").read_text().split("| to change | open |\n")[1].split("\n\n")[0]
    files = re.findall(r"`([\w/]+\.py)`", "".join(row.split(" | ", 1)[1] for row in table.splitlines()[1:]))
    assert len(files) > 15
    assert [file for file in files if not ((ROOT / file).exists() or (PACKAGE / file).exists())] == []


def test_the_tables_of_the_documents_are_those_of_the_code_and_the_results() -> None:
    for page, text in runpy.run_path(str(ROOT / "docs" / "write_tables.py"))["make_pages"]():
        assert leave_out_own(page.read_text()) == leave_out_own(text), f"{page.name}: run `make docs`"


def test_the_lines_of_the_readme_are_valid_in_params(tmp_path: Path) -> None:
    lines = re.findall(r"in `([\w: ]+)`: `(.*?)`(?:;| \|)", README)
    assert len(lines) == 4
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    for place, line in lines:
        entry = params
        for key in place.split(": "):
            entry = entry[key]
        entry.update(yaml.safe_load(line))
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    cells = Params(tmp_path / "params.yaml").cells()
    assert Cell("kjv", "annealed_vae", "skip+noise") in cells


def test_the_mistakes_of_the_readme_are_those_of_the_results() -> None:
    early = pd.read_csv(ROOT / "metrics/early.csv").query("dataset == 'mnist5k' and model == 'vae'")
    skip = early[early["method"] == "skip"].set_index("epoch")["difference"]
    assert f"gain {skip[10]:.0f} nats of ELBO on digits" in README
    patience = yaml.safe_load((ROOT / "params.yaml").read_text())["datasets"]["mnist5k"]["training"][
        "patience"
    ]
    assert f"(patience {patience}), they gain {skip.iloc[-1]:.1f}." in README
    weights = pd.read_csv(ROOT / "studies/initialisation/comparison.csv").query("measure == 'nll'")
    gains = -weights.set_index("dataset")["difference"]
    assert f"gain {gains['mnist5k_torch']:.0f} nats of nll" in README
    assert f"they gain {gains['mnist5k']:.1f}.\n" in README


def test_the_method_of_the_methods_page_is_a_piece() -> None:
    [code] = [block for block in find_blocks("python", METHODS) if "def square_root" in block]
    scope: dict[str, Any] = {}
    exec(compile(code, "square_root.py", "exec"), scope)
    weight = scope["square_root"](steps=4)
    state, betas = weight.init(), []
    for _ in range(6):
        beta, state = weight.update(state, torch.zeros(3, 2), torch.zeros(3))
        betas.append(float(beta))
    assert betas == pytest.approx([0, 0.5, 0.5**0.5, 0.75**0.5, 1, 1])


def test_the_example_of_the_readme_prints_what_stands_below_it(capsys: pytest.CaptureFixture[str]) -> None:
    [(code, output)] = find_outputs(README)
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out == output


def test_the_measure_of_the_methods_page_is_a_measure() -> None:
    [code] = [block for block in find_blocks("python", METHODS) if "largest_kl" in block]
    scope: dict[str, Any] = {}
    exec(compile(code, "largest_kl.py", "exec"), scope)
    q = Gaussian(torch.tensor([[0.0, 2.0], [1.0, 2.0]]), torch.zeros(2, 2))
    columns = scope["measure"](SimpleNamespace(q={"test": q}))
    assert columns == {"largest_kl": pytest.approx(2.0)}
    assert columns.keys() == scope["COLUMNS"].keys()


@pytest.mark.parametrize("section", ["What to do", "Predict the collapse"])
def test_what_an_example_prints_is_what_stands_below_it(
    section: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "docs/diagnosis.md").read_text().split(f"## {section}\n")[1].split("\n## ")[0]
    [code], [_, output, *_] = find_blocks("python", text), find_blocks("(?:python)?", text)
    exec(compile(code, section, "exec"), {})
    assert capsys.readouterr().out == output


def test_the_examples_of_your_vae_print_what_stands_below_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    page, scope = (ROOT / "docs/your-vae-examples.md").read_text(), dict[str, Any]()
    for code, output in find_outputs(page):
        if "import scvi" in code or "diffusers" in code:
            continue  # tests/clients runs these.
        if "metrics/cells" in code and not (ROOT / "metrics/cells/kjv-vae-plain").exists():
            code, output = (text.splitlines(keepends=True)[-1] for text in (code, output))
        exec(compile(code, "docs/your-vae-examples.md", "exec"), scope)
        printed = capsys.readouterr().out
        if "train(" in code:  # The last digits depend on the CPU.
            printed, output = (re.sub(r"\d+\.\d+", "#", text) for text in (printed, output))
        assert printed == output


def test_the_examples_of_the_audit_print_what_stands_below_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_examples("audit.md", capsys) > 0


@pytest.mark.parametrize("page", ["docs/diagnosis.md", "docs/your-vae.md"])
def test_examples_on_encodings_of_ones_own_run_as_they_stand(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mu, logvar = torch.randn(100, 3), torch.full((100, 3), -1.0)
    scope = {"mu": mu, "logvar": logvar, "loader": [mu, mu], "encoder": lambda x: (x, logvar)}
    scope |= {
        "x": mu + 1,
        "output": mu,
        "z": mu,
        "my_loss": lambda output, x, *q: (output - x).square().sum(),
        "my_nll": lambda x, z: (z - x).square().sum(1),
        "train": lambda variance: (mu * 0.9, torch.full((100, 3), -1.7)),
    }
    own = ("diagnosis = uncollapse", "in loader:", "my_loss", "suggest")
    examples = [
        code for code in find_blocks("python", (ROOT / page).read_text()) if any(one in code for one in own)
    ]
    assert len(examples) == (2 if "diagnosis" in page else 4)
    for code in examples:
        exec(compile(f"import uncollapse\n{code}", page, "exec"), scope)
    assert (tmp_path / "diagnosis.png").exists() or "your-vae" in page
