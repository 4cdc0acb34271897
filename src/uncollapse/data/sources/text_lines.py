"""Your own text: a file with a sentence on each line, plain or gzipped."""

from pathlib import Path

from pydantic import PositiveInt

from uncollapse.data.sources import Example, Load, Source
from uncollapse.data.sources._bad import OnBad, Skipped
from uncollapse.data.sources._text import read_sentences
from uncollapse.errors import UserError


def text_lines(
    *,
    path: str,
    labelled: bool = False,
    tokenised: bool = False,
    longest: PositiveInt = 60,
    minimum_count: PositiveInt = 2,
    vocabulary: PositiveInt = 20_000,
    on_bad: OnBad = "stop",
) -> Load:
    """Read lines of at most `longest` words; `labelled` ones are label<TAB>text.

    Words that occur less than `minimum_count` times, and all but the `vocabulary` most frequent, are unknown.
    """

    def load() -> Source:
        if not Path(path).is_file():
            raise UserError(f"{path}: no such file")
        skipped = Skipped(on_bad)
        lines = read_sentences(Path(path), skipped, longest=longest, labelled=labelled, tokenised=tokenised)
        return Source(
            (Example(words, label) for label, words in lines),
            source=f"lines of {path}",
            licence="your own",
            minimum_count=minimum_count,
            vocabulary=vocabulary,
            facts=skipped.facts,
        )

    return load
