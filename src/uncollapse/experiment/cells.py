"""A cell: one data set x model x method. It is trained once for each seed."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from uncollapse.errors import UserError, shorten


class Cell(NamedTuple):
    """One data set x model x method, by name."""

    dataset: str
    model: str
    method: str

    @classmethod
    def parse(cls, text: str) -> "Cell":
        """Return the cell of a text such as mnist5k-vae-skip. Raises UserError if it names no cell."""
        names = text.split("-")
        if len(names) != len(cls._fields) or not all(names):
            raise UserError(
                f"{shorten(text)} names no cell; write data set-model-method, such as mnist5k-vae-skip "
                "(the three names themselves hold no -)"
            )
        return cls(*names)

    @classmethod
    def of(cls, entries: Mapping[str, Any]) -> "Cell":
        """Return the cell of a recipe or of a row of a table, which holds the three names among others."""
        return cls(*(str(entries[axis]) for axis in cls._fields))

    def __str__(self) -> str:
        return "-".join(self)
