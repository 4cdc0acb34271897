"""MNIST (LeCun, Cortes & Burges): 60,000 and 10,000 handwritten digits, 28 x 28."""

from uncollapse.data.sources import Load
from uncollapse.data.sources._idx import idx

ADDRESS = "https://ossci-datasets.s3.amazonaws.com/mnist/"
MD5 = [
    "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "d53e105ee54ea40749a09fcbcd1e9432",
    "9fb629c4189551a2d022fa330f9573f3",
    "ec29112dd5afa0611ce80d1b7f02629c",
]


def mnist() -> Load:
    """The official split: test from its test part, all else from its training part."""
    return lambda: idx("MNIST", ADDRESS, "CC BY-SA 3.0", [str(digit) for digit in range(10)], MD5)
