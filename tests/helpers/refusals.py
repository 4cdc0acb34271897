"""How a bad input is refused: by one line and an exit code, and what stood before still stands."""

import re
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from uncollapse.cli import main

Run = Callable[..., tuple[int, str, str]]
LONGEST = 1200  # characters of a line
# what an earlier run may have left in the folder of a project
STANDING = {
    "dvc.yaml": "stages: {}\n",
    "dvc.lock": "schema: '2.0'\n",
    "data/toy/card.json": "{}",
    "runs/toy-vae-plain/history.csv": "seed,epoch\n0,1\n",
    "metrics/summary.csv": "dataset,model\ntoy,vae\n",
    "report/index.html": "<html></html>",
    ".work/train/toy-vae-plain/0-abc/checkpoint.pt": "weights",
    ".dvc/cache/files/md5/ab/cdef": "an output",
}


def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A function that runs the command line in this process: exit code, stdout, stderr."""

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


def stand(folder: Path) -> None:
    """Write STANDING."""
    for name, text in STANDING.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """All that is in a folder: files with their bytes, folders and others without."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@contextmanager
def nothing_changes(folder: Path, but: Collection[str] = ()) -> Iterator[None]:
    """What is in a folder before is in it afterwards, and nothing else, `but` for what may be new."""
    before = snapshot(folder)
    yield
    assert {path: data for path, data in snapshot(folder).items() if path not in but} == before


def assert_told(line: str, told: str) -> None:
    """`told` is one line without control characters that has the words of the pattern `line`."""
    assert told.isprintable(), repr(told)
    assert len(told) <= LONGEST, f"{len(told)} characters"
    assert re.search(line, told), told
