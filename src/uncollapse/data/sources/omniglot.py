"""Omniglot (Lake et al. 2015): 32,460 drawings of 1,623 characters of 50 alphabets.

The literature on VAEs (Burda et al. 2016, arXiv 1509.00519, and all that compare with it) uses them as
`chardata`, 28 x 28, with a split. The pictures of `resized` are the originals, 105 x 105, inverted and
averaged down. Numbers on these two are not comparable.
"""

from collections.abc import Iterator
from typing import Literal

import numpy as np

from uncollapse.data.sources import Example, Load, Source
from uncollapse.data.sources._bad import Skipped
from uncollapse.data.sources._pictures import read_pictures
from uncollapse.data.sources._raw import fetch
from uncollapse.errors import UserError

CHARDATA = "https://raw.githubusercontent.com/yburda/iwae/master/datasets/OMNIGLOT/chardata.mat"
CHARDATA_MD5 = "21ecaf34373511aa7691cf2e0802aa3d"


def omniglot(*, version: Literal["chardata", "resized"] = "chardata") -> Load:
    """Load drawings of 28 x 28 pixels; the labels of the resized ones are their alphabets."""
    return load_chardata if version == "chardata" else load_resized


def load_chardata() -> Source:
    """Load 24,345 drawings to learn from and 8,070 to test."""
    from scipy.io import loadmat

    file = fetch(["omniglot/chardata.mat", "chardata.mat"], [CHARDATA], CHARDATA_MD5)
    arrays = loadmat(file, variable_names=["data", "testdata"])

    def examples() -> Iterator[Example]:
        for part, key in (("train", "data"), ("test", "testdata")):
            grey = np.round(255 * arrays[key].T).astype(np.uint8)
            for x in grey.reshape(-1, 28, 28).transpose(0, 2, 1):  # Pixels are stored by columns.
                yield Example(x, None, part)

    return Source(examples(), "Omniglot, chardata (28 x 28)", "MIT")


def load_resized() -> Source:
    """Load all drawings, without an official split."""
    from torchvision.datasets import Omniglot  # The import takes seconds.

    files = [
        fetch(
            [f"omniglot/{name}.zip", f"{name}.zip"],
            [f"{Omniglot.download_url_prefix}/{name}.zip"],
            md5,
            repacked=True,
        )
        for name, md5 in Omniglot.zips_md5.items()
    ]
    skipped = Skipped("stop")

    def examples() -> Iterator[Example]:
        for file in files:
            for name, x in read_pictures(file, skipped, size=28, channels=1):
                if len(name.parts) < 3:
                    raise UserError(f"{file}: {name} should be <alphabet>/<character>/<picture>; pack it so")
                yield Example(255 - x, name.parts[-3])  # Ink is dark there.

    return Source(examples(), "Omniglot-28 (resized from 105 x 105)", "MIT")
