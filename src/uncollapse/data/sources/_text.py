"""Sentences from plain or gzipped text, in which each line is one."""

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from uncollapse.data.sources._bad import Skipped
from uncollapse.errors import UserError

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+|[^\w\s]")

LONGEST = 1_000_000  # bytes per line


def read_lines(file: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file with their numbers, from 1.

    A line of more than LONGEST bytes is cut after LONGEST + 1. Raises UserError if the file cannot be read.
    """
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as content:
            number = 0
            while line := content.readline(LONGEST + 1):
                number += 1
                yield number, line.rstrip(b"\r\n")
                while len(line) > LONGEST and not line.endswith(b"\n"):
                    line = content.readline(LONGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{file}: cannot be read: {error}") from None


def split_words(line: str) -> list[str]:
    """Return the words, numbers and punctuation marks of a text, in lower case."""
    return WORD.findall(line.lower())


def read_sentences(
    file: Path,
    skipped: Skipped,
    *,
    longest: int,
    labelled: bool = False,
    tokenised: bool = False,
    labels: Path | None = None,
) -> Iterator[tuple[str | None, list[str]]]:
    """Yield the label and the words of each line.

    Labels stand before the text, if lines are `labelled` (label<TAB>text), or in the file `labels`, one on
    each line. The words of `tokenised` text stand between blanks. A line is `skipped` if it is empty, longer
    than `longest` words or LONGEST bytes, holds a NUL, or is not UTF-8. Raises UserError if the numbers of
    labels and of lines differ.
    """
    beside = [line.decode("utf-8", "replace") for _, line in read_lines(labels)] if labels else None
    number = 0
    for number, line in read_lines(file):
        where = f"{file}, line {number}"
        if len(line) > LONGEST or b"\0" in line:
            long = f"more than {LONGEST:,} bytes; it should be a sentence"
            skipped(where, long if len(line) > LONGEST else "holds a NUL: no text, or not UTF-8")
            continue
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            skipped(where, f"not UTF-8: {error.reason} at byte {error.start}")
            continue
        label, tab, text = text.partition("\t") if labelled else (None, "\t", text)
        if beside is not None:
            label = beside[number - 1] if number <= len(beside) else None
        sentence = text.split() if tokenised else split_words(text)
        if not tab:
            skipped(where, "should be label<TAB>text")
        elif not sentence:
            skipped(where, "empty")
        elif len(sentence) > longest:
            skipped(where, f"{len(sentence)} words, but `longest` is {longest}")
        else:
            yield label, sentence
    if beside is not None and number != len(beside):
        raise UserError(f"{labels}: {len(beside)} labels, but {file} has {number} lines")
