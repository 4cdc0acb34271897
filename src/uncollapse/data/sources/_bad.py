"""Examples that cannot be read: `on_bad: stop` ends the run at the first, `skip` counts them."""

from typing import Any, Literal

from uncollapse.errors import UserError

OnBad = Literal["stop", "skip"]
MOST_NAMED = 20  # The card names no more of the skipped examples.


class Skipped:
    """A counter of the examples that are left out; its `facts` go to the card."""

    def __init__(self, on_bad: OnBad) -> None:
        self.on_bad = on_bad
        self.facts: dict[str, Any] = {"skipped": 0, "skipped_first": []}

    def __call__(self, where: object, why: object) -> None:
        """Leave out the example at `where`. Raises UserError if `on_bad` is stop."""
        message = f"{where}: {' '.join(str(why).split())}"
        if self.on_bad == "stop":
            raise UserError(f"{message}; fix it, take it out, or set `on_bad: skip`")
        self.facts["skipped"] += 1
        if self.facts["skipped"] <= MOST_NAMED:
            self.facts["skipped_first"].append(message)
