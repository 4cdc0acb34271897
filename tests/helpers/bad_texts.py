"""Texts that are broken or hostile: how to make each, and the words of the line about it."""

import gzip
import os
from pathlib import Path

from made_bad import FIX, Make, cut, flipped, raw
from made_files import picture

TEXT_FILES: dict[str, tuple[Make, str]] = {
    "UTF-16": (raw("a sentence\n".encode("utf-16")), "line 1: holds a NUL: no text, or not UTF-8" + FIX),
    "NULs": (raw(b"a sentence\nanother\0one\n"), "line 2: holds a NUL: no text, or not UTF-8" + FIX),
    "a line of megabytes": (
        raw(b"word" * 600_000),
        "line 1: more than 1,000,000 bytes; it should be a sentence",
    ),
    "half of a letter": (raw(b"na\xc3"), "line 1: not UTF-8: unexpected end of data at byte 2" + FIX),
    "a picture": (raw(picture()), f"line 1: .*{FIX}"),
    "an empty file": (raw(b""), "source: there is no example in lines of"),
    "blank lines": (raw(b"\n \n"), f"line 1: empty{FIX}"),
    "one sentence again and again": (
        raw(b"a b c\n" * 50),
        "split.test: .* 0 examples are left of 50, as 45 are equal",
    ),
    "fewer sentences than asked for": (
        raw(b"one\ntwo\nthree\n"),
        "split.valid: should be 5, but 3 examples are left of 3",
    ),
    "a folder": (Path.mkdir, "no such file"),
    "a pipe": (os.mkfifo, "no such file"),
}
GZIP_FILES: dict[str, tuple[Make, str]] = {
    "a gz that is cut short": (
        cut(raw(gzip.compress(os.urandom(4000).hex().encode()))),
        "cannot be read: Compressed file ended",
    ),
    "a gz of another checksum": (
        flipped(raw(gzip.compress(b"a\n" * 900)), -6),
        "cannot be read: CRC check failed",
    ),
    "a gz that is text": (raw(b"a sentence\n"), "cannot be read: Not a gzipped file"),
    "a gz with rubbish in it": (flipped(raw(gzip.compress(b"a b\n" * 900)), 12), "cannot be read: "),
    "a gz of one line of megabytes": (
        raw(gzip.compress(b"a" * 30_000_000)),
        "line 1: more than 1,000,000 bytes",
    ),
}
