"""Ctrl-C ends a stage with one line, whatever it does just then."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
STAGES = [file.stem for file in sorted((ROOT / "stages").glob("*.py")) if file.stem != "follow"]
# what Python imports before a script: Ctrl-C when the first library is imported that takes its time
EARLY = """
import os, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name in {"mlflow", "numpy", "pandas", "pydantic", "safetensors", "threadpoolctl", "torch", "yaml"}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
"""
HEARING = "import os, signal, sys\nimport uncollapse.pipeline.watching.ctrl_c\n"
SECOND = """
write = os.write
def write_slowly(*arguments):
    signal.raise_signal(signal.SIGINT)
    return write(*arguments)
os.write = write_slowly
signal.raise_signal(signal.SIGINT)
"""
AT_WORK = """
class Stream:
    def write(self, text):
        raise RuntimeError("reentrant call")
    flush = write
sys.stdout = sys.stderr = Stream()
class Ends:
    def __del__(self):  # where an exception would be ignored
        signal.raise_signal(signal.SIGINT)
Ends()
"""


def ended(*arguments: str, hear: int = signal.SIG_DFL, path: Path | None = None) -> tuple[int, str, str]:
    """The exit code of Python with these arguments, and what it printed."""
    python_path = os.pathsep.join([*([str(path)] if path else []), str(ROOT / "src")])
    process = subprocess.run(
        [sys.executable, *arguments],
        cwd=path,
        env={**os.environ, "PYTHONPATH": python_path},
        preexec_fn=partial(signal.signal, signal.SIGINT, hear),
        capture_output=True,
        text=True,
        check=False,
    )
    return process.returncode, process.stdout, process.stderr


@pytest.mark.parametrize("stage", STAGES)
def test_while_a_stage_imports(tmp_path: Path, stage: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(EARLY)
    line = f"{stage} mnist5k-vae-plain was interrupted; `dvc repro` goes on from here\n"
    stage_ended = ended(str(ROOT / "stages" / f"{stage}.py"), "mnist5k-vae-plain", path=tmp_path)
    assert stage_ended == (130, "", line)


@pytest.mark.parametrize("then", [SECOND, AT_WORK], ids=["a second one", "in the midst of a write"])
def test_whatever_else_happens(then: str) -> None:
    line = "-c was interrupted; `dvc repro` goes on from here\n"
    assert ended("-c", f"{HEARING}{then}print('and goes on')") == (130, "", line)


def test_it_stays_ignored_in_the_background() -> None:
    script = f"{HEARING}signal.raise_signal(signal.SIGINT)\nprint('goes on')"
    assert ended("-c", script, hear=signal.SIG_IGN) == (0, "goes on\n", "")
