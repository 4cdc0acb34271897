"""16,735 icons of six sets, 28 x 28, drawn from the fonts in the package QtAwesome.

That package also holds older versions of two of the sets, Font Awesome 5 and Material Design Icons 5, whose
icons are nearly those of the newer ones; they are not drawn. Many icons are logos, which are trademarks.
"""

import json
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from uncollapse.data.sources import Example, Load, Source

FONTS = {  # each font's set; of these versions is what the licences below say
    "codicon-0.0.36": "Codicons",
    "elusiveicons-webfont-2.0": "Elusive Icons",
    "fontawesome6-brands-webfont-6.7.2": "Font Awesome",
    "fontawesome6-regular-webfont-6.7.2": "Font Awesome",
    "fontawesome6-solid-webfont-6.7.2": "Font Awesome",
    "materialdesignicons6-webfont-6.9.96": "Material Design Icons",
    "phosphor-1.3.0": "Phosphor",
    "remixicon-2.5.0": "Remix Icon",
}
LICENCES = (
    "SIL OFL 1.1 (Font Awesome, Elusive Icons), Apache 2.0 (Material Design Icons, Remix Icon 2.5), "
    "MIT (Phosphor), CC BY 4.0 (Codicons); package MIT"
)
SIDE, EM = 28, 24  # pixels of a picture, and of the square that a font draws in; some draw beyond it
FINER = 4  # times, to be averaged down: a font by itself can only be placed at whole pixels


def icons() -> Load:
    """Grey images (16735, 28, 28), ink is bright; the label is the set. No two are equal."""

    def load() -> Source:
        # found without an import of the package, which would need Qt
        folder = Path(str(distribution("qtawesome").locate_file("qtawesome/fonts")))

        def examples() -> Iterator[Example]:
            seen = set()  # many icons have several names
            for font, name in FONTS.items():
                for x in drawn(folder, font):
                    if (pixels := x.tobytes()) not in seen:
                        seen.add(pixels)
                        yield Example(x, name)

        return Source(examples(), "QtAwesome: icons of six sets, drawn at 28 x 28", LICENCES)

    return load


def drawn(folder: Path, name: str) -> Iterator[NDArray[np.uint8]]:
    """All icons of a font, in the order of its list, (28, 28) each. One without ink is left out."""
    stem, version = name.rsplit("-", 1)
    codes = json.loads((folder / f"{stem}-charmap-{version}.json").read_text())
    font = ImageFont.truetype(folder / f"{name}.ttf", EM * FINER, layout_engine=ImageFont.Layout.BASIC)
    for code in codes.values():
        character = chr(int(code, 16))
        left, top, right, bottom = map(int, font.getbbox(character))
        ink = Image.new("L", (max(right - left, 1), max(bottom - top, 1)))
        ImageDraw.Draw(ink).text((-left, -top), character, 255, font)
        if box := ink.getbbox():
            yield centred(ink.crop(box))


def centred(ink: Image.Image) -> NDArray[np.uint8]:
    """Ink in the middle of a picture (28, 28); what is larger than that is made smaller."""
    side = SIDE * FINER
    ink.thumbnail((side, side))
    picture = Image.new("L", (side, side))
    picture.paste(ink, ((side - ink.width) // 2, (side - ink.height) // 2))
    return np.asarray(picture.reduce(FINER))
