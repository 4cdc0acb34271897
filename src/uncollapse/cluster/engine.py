"""Engines, which start units on other machines; an engine is a file on_<name>.py with a function `begin`."""

from collections.abc import Hashable, Sequence
from importlib import import_module
from typing import Protocol

from uncollapse.cluster.unit import Order, Outcome
from uncollapse.experiment.schema import Resources


class Engine(Protocol):
    """An engine: it takes orders, and tells which have ended.

    `cores` is the number of cores that orders may use at once, None where the engine itself lets them wait.
    """

    cores: int | None

    def submit(self, orders: Sequence[Order], asked: Resources) -> Sequence[Hashable]:
        """Begin or queue orders, with these resources for each; return their handles, or raise anything."""
        ...

    def ended(self, handles: Sequence[Hashable]) -> Sequence[Hashable]:
        """Return the handles of orders that have ended, after a second at most."""
        ...

    def outcome(self, handle: Hashable) -> Outcome:
        """Return the outcome of an order that has ended; an exception says that its worker died."""
        ...

    def close(self) -> None:
        """End all that still runs."""
        ...


def start_engine(name: str) -> Engine:
    """Return an engine by its name.

    Raises UserError where it is not available, and MissingExtra without its library.
    """
    return import_module(f"uncollapse.cluster.on_{name}").begin()
