"""The work of training, that of pretraining included: gradient steps of encoder and decoder, and their
floating point operations. It is what a method costs."""

from uncollapse.measures import Measure, Row, Trained

COLUMNS = {
    "encoder_steps": Measure("encoder steps", compared=False),
    "decoder_steps": Measure("decoder steps", compared=False),
    "gflops": Measure("GFLOP", compared=False),
}


def measure(run: Trained) -> Row:
    """encoder_steps, decoder_steps and gflops."""
    steps = {name: int(run.history[name]) for name in ("encoder_steps", "decoder_steps")}
    return {**steps, "gflops": float(run.history["gflops"])}
