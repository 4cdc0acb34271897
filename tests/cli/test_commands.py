"""The command line: a file in its folder is a command, and the help needs no torch."""

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from uncollapse.cli import SHOWN_FIRST, find_commands
from uncollapse.registry import PACKAGE

ROOT = Path(__file__).parent.parent.parent
HELLO = '''"""`uncollapse hello`: greet somebody."""

from uncollapse.cli import Command


def add_name(parser):
    parser.add_argument("name")


def greet(arguments):
    print(f"hello {arguments.name}")


COMMAND = Command("greet somebody", greet, add_name)
'''
MAIN = "import sys\nfrom uncollapse.cli import main\nmain()\nassert 'torch' not in sys.modules\n"


def run(package: Path, *arguments: str) -> str:
    """Return what `uncollapse` prints, with the package in this folder."""
    command = [sys.executable, "-c", MAIN, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(package.parent)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert not done.returncode, done.stderr
    return done.stdout


def test_a_new_file_is_a_new_command(tmp_path: Path) -> None:
    package = tmp_path / "uncollapse"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "cli/hello.py").write_text(HELLO)
    assert run(package, "hello", "world") == "hello world\n"
    listed = run(package, "--help").splitlines()
    assert next(line for line in listed if "hello" in line).split(maxsplit=1) == ["hello", "greet somebody"]


def test_the_example_of_the_page_prints_the_seeds(tmp_path: Path) -> None:
    package, page = tmp_path / "uncollapse", (ROOT / "docs/methods.md").read_text()
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    *_, example = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (package / "cli/seeds.py").write_text(example)
    command = [sys.executable, "-c", "from uncollapse.cli import main; main()", "seeds"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "0 1 2 3\n"


def test_the_help_lists_every_file_once() -> None:
    files = {file.stem for file in (PACKAGE / "cli").glob("*.py") if not file.stem.startswith("_")}
    assert list(find_commands())[: len(SHOWN_FIRST)] == list(SHOWN_FIRST)
    assert set(find_commands()) == files
    listed = run(PACKAGE, "--help")
    assert "`uncollapse COMMAND --help` explains a command" in " ".join(listed.split())
    assert all(command.title.split()[0] in listed for command in find_commands().values())


def test_the_command_says_its_version() -> None:
    assert run(PACKAGE, "--version").split() == ["uncollapse", version("uncollapse")]
