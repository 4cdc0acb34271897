"""Prepare a data set: data/<data set>/ gets its parts as arrays and a card."""

from pathlib import Path

from uncollapse.data.prepare import prepare
from uncollapse.errors import UserError
from uncollapse.pipeline.outputs import Job
from uncollapse.pipeline.stage import run
from uncollapse.registry import build


def main(name: str) -> None:
    """Load, split, write."""
    job = Job("prepare", name)
    recipe = job.recipe
    likelihood = build("likelihoods", recipe["likelihood"])
    try:
        card = prepare(
            Path("data") / name, build("data/sources", recipe["source"])(), likelihood, **recipe["split"]
        )
    except UserError as error:
        raise UserError(f"params.yaml: datasets.{name}: {error}") from None
    job.made_from.write_text(job.recipe_file.read_text())
    more = "".join(
        f"; {what.replace('_', ' ')} {card[what]}"
        for what in ("left_out", "skipped", "unknown_share")
        if card.get(what)
    )
    print(f"prepare {name}: {card['counts']} from {card['source']}{more}")


if __name__ == "__main__":
    run(main)
