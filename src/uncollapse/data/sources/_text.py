"""Sentences, one a line, from plain or gzipped text."""

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from uncollapse.data.sources._bad import Skipped
from uncollapse.errors import UserError

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+|[^\w\s]")


def lines(file: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file, from number 1. Raises UserError where it cannot be read."""
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                yield number, line.rstrip(b"\r\n")
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{file}: cannot be read: {error}") from None


def words(line: str) -> list[str]:
    """The words, numbers and marks of a text, in lower case."""
    return WORD.findall(line.lower())


def sentences(
    file: Path,
    skipped: Skipped,
    *,
    longest: int,
    labelled: bool = False,
    tokenised: bool = False,
    labels: Path | None = None,
) -> Iterator[tuple[str | None, list[str]]]:
    """The label, where a line is `label<TAB>text` or `labels` has one for each line, and the words of each line: of `tokenised` text,
    what stands between blanks.

    A line that is empty, has more than `longest` words, or is not UTF-8 is `skipped`. Raises UserError where there are not as many labels.
    """
    beside = [line.decode("utf-8", "replace") for _, line in lines(labels)] if labels else None
    number = 0
    for number, line in lines(file):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            skipped(f"{file}, line {number}", f"not UTF-8: {error.reason} at byte {error.start}")
            continue
        label, tab, text = text.partition("\t") if labelled else (None, "\t", text)
        if beside is not None:
            label = beside[number - 1] if number <= len(beside) else None
        found = text.split() if tokenised else words(text)
        if not tab:
            skipped(f"{file}, line {number}", "should be label<TAB>text")
        elif not found:
            skipped(f"{file}, line {number}", "empty")
        elif len(found) > longest:
            skipped(f"{file}, line {number}", f"{len(found)} words, but `longest` is {longest}")
        else:
            yield label, found
    if beside is not None and number != len(beside):
        raise UserError(f"{labels}: {len(beside)} labels, but {file} has {number} lines")
