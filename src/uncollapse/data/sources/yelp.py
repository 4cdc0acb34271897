"""Reviews of Yelp. The parts of Shen et al. 2017 (`short`: sentences of at most 15 words) and of Yang et al. 2017 (`long`: whole reviews) are
different data: numbers on them are not comparable. No redistribution."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import PositiveInt

from uncollapse.data.sources import OFFICIAL, Example, Load, Source
from uncollapse.data.sources._bad import OnBad, Skipped
from uncollapse.data.sources._raw import VARIABLE, find, folder
from uncollapse.data.sources._text import sentences
from uncollapse.errors import UserError

ADDRESSES = {
    "short": "https://github.com/shentianxiao/language-style-transfer (data/yelp)",
    "long": "https://drive.google.com/uc?id=1FT49oLNV8syhmGXEgiK6XTjEfMNqqEJJ",
}


def yelp(
    *, version: Literal["short", "long"] = "short", longest: PositiveInt = 200, minimum_count: PositiveInt = 1,
    vocabulary: PositiveInt = 20_000, on_bad: OnBad = "skip",
) -> Load:  # fmt: skip
    """short: yelp/<part>.txt[.gz], a sentence a line, and yelp/<part>.labels, 0 or 1 a line; long: yelp/yelp.<part>.txt[.gz], label<TAB>text."""
    stem = {"short": "yelp/{}.txt", "long": "yelp/yelp.{}.txt"}[version]

    def load() -> Source:
        files = {part: place(stem.format(part), version) for part in OFFICIAL}
        skipped = Skipped(on_bad)

        def examples() -> Iterator[Example]:
            for part, file in files.items():
                labels = file.with_name(f"{part}.labels") if version == "short" else None
                for label, words in sentences(
                    file, skipped, longest=longest, labelled=version == "long", tokenised=True, labels=labels
                ):
                    yield Example(words, label, part)

        return Source(
            examples(), f"Yelp-{version}, tokenised", "Yelp's terms, no redistribution", minimum_count=minimum_count,
            vocabulary=vocabulary, facts=skipped.facts,
        )  # fmt: skip

    return load


def place(name: str, version: str) -> Path:
    """A file of the set. Raises UserError where it is not: there is no address for the file alone."""
    found = find([name, f"{name}.gz"])
    if found is None:
        raise UserError(
            f"looked for {name} or {name}.gz in {folder()}/; it is a part of {ADDRESSES[version]}; set {VARIABLE} to a folder that has it"
        )
    return found
