"""What to do about an example that cannot be read: `on_bad: stop` says which and how to mend it, `skip` leaves it out and counts."""

from typing import Any, Literal

from uncollapse.errors import UserError

OnBad = Literal["stop", "skip"]
NAMED = 20  # of those that were left out, in the card


class Skipped:
    """The examples that were left out, for the card."""

    def __init__(self, on_bad: OnBad) -> None:
        self.on_bad = on_bad
        self.facts: dict[str, Any] = {"skipped": 0, "skipped_first": []}

    def __call__(self, place: object, why: object) -> None:
        """Leave out the example at `place`. Raises UserError where that is not wanted."""
        said = f"{place}: {' '.join(str(why).split())}"
        if self.on_bad == "stop":
            raise UserError(f"{said}; mend it, take it out, or set `on_bad: skip`")
        self.facts["skipped"] += 1
        if self.facts["skipped"] <= NAMED:
            self.facts["skipped_first"].append(said)
