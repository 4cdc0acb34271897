"""A process ends with the one that it watches."""

import os
import select
import subprocess
import sys
from pathlib import Path

from uncollapse.pipeline.watching.lifetime import WATCHED


def test_what_is_watched_ends_with_the_one_who_began_it(tmp_path: Path) -> None:
    """Both hold the end of a pipe, which closes when both have ended."""
    (tmp_path / "sleeper.py").write_text("print('begun', flush=True)\nimport time\ntime.sleep(600)\n")
    script = f"""
import os, subprocess, sys
os.environ["{WATCHED}"] = str(os.getpid())
subprocess.run([sys.executable, *sys.argv[1:]], close_fds=False)"""
    command = [sys.executable, "-c", script, "-m", "uncollapse.pipeline.watching.lifetime", "sleeper"]
    reader, writer = os.pipe()
    with subprocess.Popen(command, pass_fds=[writer], cwd=tmp_path, stdout=subprocess.PIPE) as parent:
        os.close(writer)
        assert parent.stdout
        assert parent.stdout.readline() == b"begun\n"
        parent.kill()
        assert select.select([reader], [], [], 300)[0] == [reader]
    assert os.read(reader, 1) == b""
    os.close(reader)


def test_what_begins_after_the_end_of_whom_it_watches_ends_too() -> None:
    """A zombie has ended; so has one that nobody knows any more."""
    ended = subprocess.Popen(["true"])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    script = "import sys, time\nfrom uncollapse.pipeline.watching.lifetime import end_with\n"
    command = [sys.executable, "-c", f"{script}end_with({ended.pid})\ntime.sleep(600)"]
    assert subprocess.run(command, check=False).returncode == 1
    ended.wait()
    assert subprocess.run(command, check=False).returncode == 1
