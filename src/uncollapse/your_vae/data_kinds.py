"""Kinds of data, and which of the kinds that were studied here is nearest to each.

What matters for posterior collapse is the decoder: one that reads the symbols before needs little of z, as
that of text does; one that reads nothing but z, as those of the images here, does not.
"""

import re
from typing import Any, NamedTuple

from uncollapse.errors import shorten


class NearestKind(NamedTuple):
    """The studied kind that is nearest to a kind of data, and why; the reason is "" for the kind itself."""

    studied: str
    reason: str


SYMBOLS = NearestKind("text", "a sequence of symbols, whose decoder often reads the symbols before")
GRID = NearestKind("images", "real numbers on a grid or a line, as pixels are")
MUSIC = NearestKind("text", "notes are a sequence of symbols; for recorded sound ask about audio")
NOTHING_NEAR = NearestKind(
    "images", "nothing like it was studied, but as in images, its decoder reads only z"
)
WORDS_OF_KINDS = {
    NearestKind("images", ""): "image picture photo pixel",
    NearestKind("text", ""): "text sentence word token language",
    SYMBOLS: "molecule smiles selfies string sequence dna rna protein peptide genome code program dialogue "
    "caption symbol character midi note",
    MUSIC: "music",
    GRID: "audio sound speech voice waveform spectrogram series timeseries signal sensor ecg eeg motion "
    "robot action trajectory video frame volume mri scan weather climate field cloud mesh spectrum spectra",
    NOTHING_NEAR: "table tabular row cell count gene expression rating recommendation user document topic "
    "graph network edge node vector feature",
}
NEAREST = {word: nearest for nearest, words in WORDS_OF_KINDS.items() for word in words.split()}


def find_nearest(kind: Any) -> NearestKind:
    """Return the studied kind that is nearest to a kind of data, such as "time series" or "molecules".

    The last word counts that is known, in any number. Raises ValueError with one line for an unknown kind.
    """
    words = re.findall(r"[a-z]+", kind.lower()) if isinstance(kind, str) else []
    for word in reversed(words):
        for form in (word, word.removesuffix("s"), re.sub("ies$", "y", word), word.removesuffix("es")):
            if form in NEAREST:
                return NEAREST[form]
    raise ValueError(
        "kind: should be images or text, or something near to one of them, such as molecules, music, audio, "
        f"time series, video, tables, counts, cells or graphs, not {' '.join(shorten(kind).split())}"
    )
