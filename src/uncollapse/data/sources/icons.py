"""Icons of five sets, 28 x 28, from the fonts of the package qtawesome; Qt is not needed.

Font Awesome 5 and Material Design Icons 5 are left out: the newer versions have many of their glyphs, hardly
changed, and a model should not be tested on what it has practically seen. Remix Icon is left out, because its
terms contradict each other: Apache 2.0, but "not for sale".
"""

import json
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from uncollapse.data.sources import Example, Load, Source
from uncollapse.data.sources._package import find_package_files

# The beginnings of the names of their files.
SETS = {
    "codicon": "Codicons",
    "elusiveicons": "Elusive Icons",
    "fontawesome6": "Font Awesome",
    "materialdesignicons6": "Material Design Icons",
    "phosphor": "Phosphor",
}
SIZE, EM, LARGEST_INK = 28, 24, 26  # The pixels of a picture, the font, and the longer side of ink.
FINE = 4  # The drawing is so many times larger, so that it is centred to a quarter of a pixel.


def icons() -> Load:
    """Draw images (14525, 28, 28), bright on a dark ground; the label is the icon set.

    A glyph that is empty or equal to an earlier one is left out.
    """

    def load() -> Source:
        return Source(
            draw_icons(),
            source="qtawesome: Codicons, Elusive Icons, Font Awesome 6, Material Design Icons 6, Phosphor",
            licence="CC BY 4.0 (Codicons), OFL 1.1 (Elusive Icons, Font Awesome), Apache 2.0 or an icon's "
            "own (Material Design Icons), MIT (Phosphor); logos are trademarks; package MIT",
        )

    return load


def draw_icons() -> Iterator[Example]:
    """Draw the glyphs that each set has names for, in the order of their code points."""
    seen = {bytes(SIZE * SIZE)}
    for prefix, label in SETS.items():
        fonts = find_package_files("qtawesome", f"fonts/{prefix}*.ttf")
        charmaps = find_package_files("qtawesome", f"fonts/{prefix}*-charmap-*.json")
        for file, charmap in zip(fonts, charmaps, strict=True):
            # The basic layout is available everywhere, the other one is not.
            font = ImageFont.truetype(file, EM * FINE, layout_engine=ImageFont.Layout.BASIC)
            for point in sorted({int(code, 16) for code in json.loads(charmap.read_text()).values()}):
                x = draw_glyph(chr(point), font)
                if x.tobytes() not in seen:
                    seen.add(x.tobytes())
                    yield Example(x, label)


def draw_glyph(glyph: str, font: ImageFont.FreeTypeFont) -> NDArray[np.uint8]:
    """Draw a whole glyph with its ink in the middle, as grey values (28, 28)."""
    side = SIZE * FINE
    canvas = Image.new("L", (2 * side, 2 * side))
    ImageDraw.Draw(canvas).text((side, side), glyph, 255, font, anchor="mm")
    ink = canvas.crop(canvas.getbbox())
    ink.thumbnail((LARGEST_INK * FINE, LARGEST_INK * FINE), Image.Resampling.BOX)  # Smaller ink stays.
    left, top = (ink.width - side) // 2, (ink.height - side) // 2  # Negative: a margin.
    return np.asarray(ink.crop((left, top, left + side, top + side)).reduce(FINE))
