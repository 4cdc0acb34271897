"""Yelp: `short` are sentences of at most 15 words (Shen et al. 2017), `long` reviews (Yang et al. 2017).

These are different data: numbers on them are not comparable. Yelp's terms, no redistribution.
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import PositiveInt

from uncollapse.data.sources import OFFICIAL, Example, Load, Source
from uncollapse.data.sources._bad import OnBad, Skipped
from uncollapse.data.sources._raw import DRIVE, describe_missing, find_raw
from uncollapse.data.sources._text import read_sentences

PATHS = {"short": "yelp/{}.txt", "long": "yelp/yelp.{}.txt"}
# No file has an address of its own.
PACKED_IN = {
    "short": "https://github.com/shentianxiao/language-style-transfer (data/yelp)",
    "long": f"{DRIVE}1FT49oLNV8syhmGXEgiK6XTjEfMNqqEJJ",
}


def yelp(
    *,
    version: Literal["short", "long"] = "short",
    longest: PositiveInt = 200,
    minimum_count: PositiveInt = 1,
    vocabulary: PositiveInt = 20_000,
    on_bad: OnBad = "skip",
) -> Load:
    """Load the official split, from the files PATHS, plain or gzipped.

    A line of a short file is a sentence, and yelp/<part>.labels has a 0 or 1 on the same line. A line of a
    long file is label<TAB>text.
    """

    def load() -> Source:
        files = {}
        for part in OFFICIAL:
            name = PATHS[version].format(part)
            file = find_raw([name, f"{name}.gz"])
            if file is None:
                raise describe_missing([name, f"{name}.gz"], f"it is a part of {PACKED_IN[version]}")
            files[part] = file
        skipped = Skipped(on_bad)

        def examples() -> Iterator[Example]:
            for part, file in files.items():
                labels = file.with_name(f"{part}.labels") if version == "short" else None
                for label, words in read_sentences(
                    file, skipped, longest=longest, labelled=version == "long", tokenised=True, labels=labels
                ):
                    yield Example(words, label, part)

        return Source(
            examples(),
            source=f"Yelp-{version}, tokenised",
            licence="Yelp's terms, no redistribution",
            minimum_count=minimum_count,
            vocabulary=vocabulary,
            facts=skipped.facts,
        )

    return load
