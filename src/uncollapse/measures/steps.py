"""Gradient steps of encoder and decoder, those of pretraining included: the cost of a method."""

from uncollapse.measures import Measure, Row, Trained

COLUMNS = {
    "encoder_steps": Measure("encoder steps", compared=False),
    "decoder_steps": Measure("decoder steps", compared=False),
}


def measure(run: Trained) -> Row:
    """encoder_steps and decoder_steps."""
    return {name: int(run.history[name]) for name in ("encoder_steps", "decoder_steps")}
