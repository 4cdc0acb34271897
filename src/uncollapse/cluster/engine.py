"""What starts units on other machines; each engine is a file that is named for it."""

from collections.abc import Hashable, Sequence
from importlib import import_module
from typing import Protocol

from uncollapse.cluster.unit import Order, Outcome
from uncollapse.experiment.schema import Resources


class Engine(Protocol):
    """Takes orders, and tells which have ended.

    `cores` is how many cores orders may have at once; None where the engine lets them wait itself.
    """

    cores: int | None

    def submit(self, orders: Sequence[Order], asked: Resources) -> Sequence[Hashable]:
        """Begin or queue orders with these resources each; a handle for each, or any exception for all."""
        ...

    def ended(self, handles: Sequence[Hashable]) -> Sequence[Hashable]:
        """Those that have ended, after a second at most."""
        ...

    def outcome(self, handle: Hashable) -> Outcome:
        """What became of an order that has ended; any exception says that its worker died."""
        ...

    def close(self) -> None:
        """End what still runs."""
        ...


def engine(name: str) -> Engine:
    """An engine by its name. Raises UserError where it cannot be had, MissingExtra without its library."""
    return import_module(f"uncollapse.cluster.on_{name}").begin()
