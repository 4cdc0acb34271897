"""Prepare a data set: data/<data set>/ gets its parts as arrays, a card and the recipe."""

import uncollapse.pipeline.watching.ctrl_c

from uncollapse.compute.device import set_up_process
from uncollapse.data.prepare import prepare
from uncollapse.errors import UserError
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_recipe
from uncollapse.pipeline.stage import run
from uncollapse.registry import make_piece

NOTED = (
    "left out",
    "repeated",
    "skipped",
    "unknown share",
)  # The card counts such examples if there are any.


def main(name: str) -> None:
    """Load a data set, split it, and write its parts."""
    set_up_process()
    job = Job("prepare", name)
    recipe = read_recipe(job)
    try:
        source = make_piece("data/sources", recipe.piece("source"))()
        likelihood = make_piece("likelihoods", recipe.piece("likelihood"))
        card = prepare(job.folder, source, likelihood, seeds=recipe.seeds, **recipe.split)
    except UserError as error:
        raise UserError(f"params.yaml: datasets.{name}: {error}") from None
    counts = {title: card.get(title.replace(" ", "_")) for title in NOTED}
    more = "".join(f"; {title} {count}" for title, count in counts.items() if count)
    print(f"prepare {name}: {card['counts']} from {card['source']}{more}")


if __name__ == "__main__":
    run(main)
