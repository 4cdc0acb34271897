"""A page as text: what each element says, with the elements around it; and the numbers in a text."""

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

EMPTY = {"br", "img", "input", "link", "meta", "wbr"}
UNREAD = {"script", "style"}
APART = {"br", "small", "span"}  # which stand apart from what comes before them
NUMBER = re.compile(r"(?<![\w.])[-+−]?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w]|\.\d)")


class Element(NamedTuple):
    """An element: its tag, its attributes, the elements in it, and its texts, in order."""

    tag: str
    attributes: dict[str, str]
    inside: list["Element | str"]

    @property
    def text(self) -> str:
        return "".join(
            part if isinstance(part, str) else " " * (part.tag in APART) + part.text for part in self.inside
        )

    def all(self, tag: str, **attributes: str) -> Iterator["Element"]:
        """All elements inside with this tag ("" for any) and these attributes (data_x for data-x)."""
        wanted = {name.replace("_", "-"): value for name, value in attributes.items()}
        for part in self.inside:
            if isinstance(part, Element):
                if tag in ("", part.tag) and wanted.items() <= part.attributes.items():
                    yield part
                yield from part.all(tag, **attributes)


class Reader(HTMLParser):
    """Builds the tree of a page; scripts and styles are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {}, [])]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, [])
        self.open[-1].inside.append(element)
        if tag not in EMPTY:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self.open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.open[-1].tag not in UNREAD:
            self.open[-1].inside.append(data)


def read_page(file: Path) -> Element:
    reader = Reader()
    reader.feed(file.read_text())
    return reader.open[0]


def unknown_numbers(text: str, pool: Iterable[float]) -> list[str]:
    """The numbers of a text that no number of the pool rounds to."""
    known = list(pool)
    return [number for number in NUMBER.findall(text) if not is_known(number, known)]


def is_known(number: str, pool: Iterable[float]) -> bool:
    digits, _, power = number.replace("−", "-").partition("e")
    unit = 10.0 ** (int(power or 0) - len(digits.partition(".")[2]))
    return any(abs(float(number.replace("−", "-")) - each) <= 0.501 * unit for each in pool)
