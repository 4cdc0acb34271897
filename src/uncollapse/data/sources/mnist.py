"""MNIST (LeCun, Cortes & Burges): 60,000 and 10,000 handwritten digits, 28 x 28."""

from uncollapse.data.sources import Load
from uncollapse.data.sources._idx import load_idx


def mnist() -> Load:
    """Load the official split: test from its test part, everything else from its training part."""
    return lambda: load_idx("MNIST", "CC BY-SA 3.0", [str(digit) for digit in range(10)])
