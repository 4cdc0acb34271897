"""Every file can be read at one sitting."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LISTED = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
FILES = subprocess.run(LISTED, cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()


@pytest.mark.parametrize(
    "name", FILES or [str(file.relative_to(ROOT)) for file in ROOT.glob("[a-z]*/**/*.py")]
)
def test_a_file_is_short(name: str) -> None:
    lines = (ROOT / name).read_text().splitlines()
    assert len(lines) <= (60 if name.startswith("stages/") else 200)
