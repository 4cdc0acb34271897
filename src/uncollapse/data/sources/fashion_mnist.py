"""Fashion-MNIST (Xiao, Rasul & Vollgraf 2017, arXiv 1708.07747): 60,000 and 10,000 articles of clothing, 28 x 28."""

from uncollapse.data.sources import Load
from uncollapse.data.sources._idx import idx

NAMES = ["T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Boot"]
ADDRESS = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
MD5 = [
    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "25c81989df183df01b3e8a0aad5dffbe",
    "bef4ecab320f06d8554ea6380940ec79",
    "bb300cfdad3c16e7a12a480ee83cd310",
]


def fashion_mnist() -> Load:
    """The official split: test from its test part, all else from its training part."""
    return lambda: idx("FashionMNIST", ADDRESS, "MIT", NAMES, MD5)
