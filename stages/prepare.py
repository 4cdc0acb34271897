"""Prepare a data set: data/<data set>/ gets its parts as arrays and a card."""

from pathlib import Path

from workers import recipe_of, run

from uncollapse.pieces import UserError, build
from uncollapse.prepare import prepare


def main(name: str) -> None:
    """Load, split, write."""
    recipe = recipe_of("prepare", name)
    likelihood = build("likelihoods", recipe["likelihood"])
    try:
        card = prepare(Path("data") / name, build("data", recipe["source"])(), likelihood, **recipe["split"])
    except UserError as error:
        raise UserError(f"params.yaml: datasets.{name}: {error}") from None
    more = "".join(
        f"; {what.replace('_', ' ')} {card[what]}"
        for what in ("left_out", "skipped", "unknown_share")
        if card.get(what)
    )
    print(f"prepare {name}: {card['counts']} from {card['source']}{more}")


if __name__ == "__main__":
    run(main)
