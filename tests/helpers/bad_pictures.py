"""Pictures that are broken or hostile: how to make each, and the words of the line about it."""

import gzip
import lzma
import os
import tarfile
from pathlib import Path

from made_bad import FIX, Make, changed, cut, field, flipped, member, png, raw, tarred, zipped
from made_files import packed, picture

PICTURES = zipped({f"a/{i}.png": picture() for i in range(3)})
NOT = r"should be a folder, a zip or a tar of pictures: "
LINKS = [
    member("a/1.png", tarfile.SYMTYPE, "/etc/passwd"),
    member("a/2.png", tarfile.LNKTYPE, "../../etc/passwd"),
    member("a/3.png", tarfile.CHRTYPE),
    member("a/4.png", tarfile.BLKTYPE),
    member("a/5.png", tarfile.FIFOTYPE),
]
PICTURE_FILES: dict[str, tuple[Make, str]] = {
    "a zip that is cut short": (cut(PICTURES), NOT),
    "a tar.xz that is none": (raw(b"\xfd7zXZ\x00" + b"\x01" * 60), NOT),
    "a tar.xz that is cut short": (cut(raw(lzma.compress(os.urandom(4000)))), NOT),
    "a tar.xz with rubbish in it": (flipped(raw(lzma.compress(bytes(90_000))), 40), NOT),
    "a tar.bz2 that is none": (raw(b"BZh9" + b"\x01" * 60), NOT),
    "a tar.gz that is cut short": (cut(raw(gzip.compress(os.urandom(4000)))), NOT),
    "nothing": (raw(b""), NOT),
    "a zip with a name that is not UTF-8": (
        changed(field(PICTURES, 8, 0x800, 2), lambda data: data.replace(b"a/0.png", b"\xff/0.png")),
        NOT,
    ),
    "a zip with a password": (field(PICTURES, 8, 1, 2), rf"made\.zip|data/a/0.png: .*encrypted.*{FIX}"),
    "a zip that is packed in an unknown way": (field(PICTURES, 10, 77, 2), f"compression.*{FIX}"),
    "a bomb in a zip": (
        field(PICTURES, 24, 2**31),
        f"a/0.png: 2 GiB once unpacked, more than a pict.*{FIX}",
    ),
    "a bomb in a tar": (tarred(member("a.png", size=2**40)), f"a.png: 1.02e.03 GiB once unpacked.*{FIX}"),
    "a bomb of pixels": (
        zipped({"a.png": png(60_000, 60_000)}),
        f"a.png: .*exceeds limit of .* pixels.*{FIX}",
    ),
    "pixels that are not there": (zipped({"a.png": png(30, 30)}), f"a.png: .*{FIX}"),
    "a page for a picture": (zipped({"a.png": b"<svg onload=x>"}), f"a.png: not a picture{FIX}"),
    "links and devices only": (tarred(*LINKS), "source: there is no example in pictures of"),
    "an empty folder": (Path.mkdir, "source: there is no example in pictures of"),
    "a pipe": (os.mkfifo, "no such folder or file"),
    "a label that is not UTF-8": (
        lambda path: packed(path.parent, {"a\udcff/a.png": picture()}, "folder", path.name),
        r"a\\udcff/a.png: the name of its folder is not UTF-8; rename it",
    ),
    "one picture again and again": (
        zipped({f"{i}.png": picture(value=0) for i in range(40)}),
        "split.test: should be 7, but 0 examples are left of 40, as 35 are equal to one of valid or test",
    ),
}
