"""Prepare a data set: data/<data set>/ gets its parts as arrays, a card and the recipe."""

import uncollapse.pipeline.watching.ctrl_c

from uncollapse.compute.device import set_up_process
from uncollapse.data.prepare import prepare
from uncollapse.errors import UserError
from uncollapse.pipeline.outputs import Job
from uncollapse.pipeline.stage import run
from uncollapse.registry import make_piece


def main(name: str) -> None:
    """Load, split, write."""
    set_up_process()
    job = Job("prepare", name)
    recipe = job.recipe
    try:
        source = make_piece("data/sources", recipe["source"])()
        likelihood = make_piece("likelihoods", recipe["likelihood"])
        card = prepare(job.folder, source, likelihood, seeds=recipe["seeds"], **recipe["split"])
    except UserError as error:
        raise UserError(f"params.yaml: datasets.{name}: {error}") from None
    job.copy_recipe()
    counts = {
        title: card.get(title.replace(" ", "_"))
        for title in ("left out", "repeated", "skipped", "unknown share")
    }
    more = "".join(f"; {title} {count}" for title, count in counts.items() if count)
    print(f"prepare {name}: {card['counts']} from {card['source']}{more}")


if __name__ == "__main__":
    run(main)
