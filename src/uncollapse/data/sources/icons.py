"""Icons of five sets, 28 x 28, from the fonts of the package qtawesome; Qt is not needed.

Font Awesome 5 and Material Design Icons 5 are left out: the newer versions have many of their glyphs, hardly
changed, and a model should not be tested on what it has as good as seen. Remix Icon is left out, as its terms
contradict each other: Apache 2.0, but "not for sale".
"""

import json
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from uncollapse.data.sources import Example, Load, Source
from uncollapse.data.sources._package import package_files

SETS = {  # by how the names of their files begin
    "codicon": "Codicons",
    "elusiveicons": "Elusive Icons",
    "fontawesome6": "Font Awesome",
    "materialdesignicons6": "Material Design Icons",
    "phosphor": "Phosphor",
}
SIZE, EM, LARGEST = 28, 24, 26  # pixels: of a picture, of the font, and of the longer side of the ink
FINE = 4  # times as large as the picture is the drawing, so that it is centred to a quarter of a pixel


def icons() -> Load:
    """Images (14525, 28, 28), bright on a dark ground; the label is the icon set.

    A glyph that is empty or equal to an earlier one is left out.
    """

    def load() -> Source:
        return Source(
            examples(),
            source="qtawesome: Codicons, Elusive Icons, Font Awesome 6, Material Design Icons 6, Phosphor",
            licence="CC BY 4.0 (Codicons), OFL 1.1 (Elusive Icons, Font Awesome), Apache 2.0 or an icon's "
            "own (Material Design Icons), MIT (Phosphor); logos are trademarks; package MIT",
        )

    return load


def examples() -> Iterator[Example]:
    """The glyphs that a set has names for, in the order of their code points."""
    seen = {bytes(SIZE * SIZE)}
    for prefix, label in SETS.items():
        fonts = package_files("qtawesome", f"fonts/{prefix}*.ttf")
        charmaps = package_files("qtawesome", f"fonts/{prefix}*-charmap-*.json")
        for file, charmap in zip(fonts, charmaps, strict=True):
            # the basic layout, as the other one is not everywhere
            font = ImageFont.truetype(file, EM * FINE, layout_engine=ImageFont.Layout.BASIC)
            for point in sorted({int(code, 16) for code in json.loads(charmap.read_text()).values()}):
                x = draw(chr(point), font)
                if x.tobytes() not in seen:
                    seen.add(x.tobytes())
                    yield Example(x, label)


def draw(glyph: str, font: ImageFont.FreeTypeFont) -> NDArray[np.uint8]:
    """Grey values (28, 28): the whole glyph, its ink in the middle."""
    side = SIZE * FINE
    canvas = Image.new("L", (2 * side, 2 * side))
    ImageDraw.Draw(canvas).text((side, side), glyph, 255, font, anchor="mm")
    ink = canvas.crop(canvas.getbbox())
    ink.thumbnail((LARGEST * FINE, LARGEST * FINE), Image.Resampling.BOX)  # only of what is larger
    left, top = (ink.width - side) // 2, (ink.height - side) // 2  # negative, so that crop adds a margin
    return np.asarray(ink.crop((left, top, left + side, top + side)).reduce(FINE))
