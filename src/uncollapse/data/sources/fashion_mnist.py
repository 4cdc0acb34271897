"""Fashion-MNIST (Xiao, Rasul & Vollgraf 2017, arXiv 1708.07747): 60,000 and 10,000 clothes, 28 x 28."""

from uncollapse.data.sources import Load
from uncollapse.data.sources._idx import load_idx

CLOTHES = ["T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Boot"]


def fashion_mnist() -> Load:
    """Load the official split: test from its test part, everything else from its training part."""
    return lambda: load_idx("FashionMNIST", "MIT", CLOTHES)
