"""Examples that cannot be read: `on_bad: stop` ends the run at the first, `skip` counts them."""

from typing import Any, Literal

from uncollapse.errors import UserError

OnBad = Literal["stop", "skip"]
NAMED = 20  # of the skipped examples, in the card


class Skipped:
    """Counts the examples that are left out; `facts` go to the card."""

    def __init__(self, on_bad: OnBad) -> None:
        self.on_bad = on_bad
        self.facts: dict[str, Any] = {"skipped": 0, "skipped_first": []}

    def __call__(self, where: object, why: object) -> None:
        """Leave out the example at `where`. Raises UserError if `on_bad` is stop."""
        message = f"{where}: {' '.join(str(why).split())}"
        if self.on_bad == "stop":
            raise UserError(f"{message}; mend it, take it out, or set `on_bad: skip`")
        self.facts["skipped"] += 1
        if self.facts["skipped"] <= NAMED:
            self.facts["skipped_first"].append(message)
