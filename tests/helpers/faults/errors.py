"""The sweep of errors: the disk fails at the first use by a stage, the second, ... until the last. Each time
there is one clear line, and the next run, with a good disk, has the bytes of the reference."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from faults.disk import Disk
from faults.life import End, Life


class Swept(NamedTuple):
    """How often a stage used the disk, at how many of these uses an error was injected, and after how many of
    the errors the stage ended well all the same."""

    uses: int
    errors: int
    ignored: int


def sweep(
    folder: Path,
    stage: tuple[str, ...],
    *,
    clear: Callable[[], None],
    remove_output: Callable[[], None],
    compare: Callable[[], None],
    most: int,
) -> Swept:
    """Let the disk fail at each use of a stage; at `most` of them if there are more.

    `clear` removes what the stage has made before, `remove_output` what DVC removes before it runs it,
    `compare` raises AssertionError if what it made is not as it should be.
    """
    disk, errors, ignored = Disk(), 0, 0
    clear()
    assert Life(folder, *stage, prepare=disk.failing(folder, 10**9)).end().status == 0
    uses = disk.count
    for n in points(uses, most):
        clear()
        end = Life(folder, *stage, prepare=disk.failing(folder, n)).end()
        errors += disk.count >= n
        if end.status:
            assert_one_line(end, f"{' '.join(stage)}, use {n} of {uses}")
            remove_output()
            end = Life(folder, *stage).end()
            assert end.status == 0, f"{' '.join(stage)}, after an error at use {n}: {end.output}"
        else:
            ignored += disk.count >= n
        compare()
    return Swept(uses, errors, ignored)


def points(uses: int, most: int) -> Iterator[int]:
    """All of 1, 2, ..., `uses`; or the first ones and others up to the last, `most` together."""
    if uses <= most:
        return iter(range(1, uses + 1))
    first = most // 2
    rest = most - first
    return iter([*range(1, first + 1), *(first + (uses - first) * i // rest for i in range(1, rest + 1))])


def assert_one_line(end: End, what: str) -> None:
    """It said what is wrong and how to fix it, in one line."""
    errors = [line for line in end.output.splitlines() if line.startswith("error: ")]
    problem = f"{what}: status {end.status}, printed: {end.output}"
    assert (end.status, len(errors)) == (1, 1), problem
    assert "Traceback" not in end.output, problem
    assert "dvc repro" in errors[0], problem
