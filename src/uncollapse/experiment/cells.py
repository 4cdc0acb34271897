"""A cell: one data set x model x method. It is trained once for each seed."""

from typing import NamedTuple


class Cell(NamedTuple):
    """One data set x model x method, by name."""

    dataset: str
    model: str
    method: str

    def __str__(self) -> str:
        return "-".join(self)
