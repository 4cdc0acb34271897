"""Inputs that are almost right: valid ones of every kind, changed in their parts or as a whole."""

import gzip
import io
import json
import random
import re
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from made_files import picture
from safetensors.torch import save
from small_params import TEXT
from toys import CARDS, LIKELIHOODS, NETS, toy_vae

WORDS = [
    b"\0",
    b"\n",
    b"\r",
    b"\t",
    b"\xff",
    b"\xfe",
    b"\x1b[2J",
    b"'",
    b'"',
    b"[",
    b"]",
    b"{",
    b"}",
    b":",
    b"- ",
]
WORDS += [
    b"&a ",
    b"*a",
    b"<<: ",
    b"!!",
    b"?",
    b"#",
    b"..",
    b"/",
    b"=",
    b"$()",
    b"-1",
    b"0",
    b"1e999",
    b".nan",
    b"null",
]
WORDS += [
    b"true",
    b"9" * 40,
    b"4294967296",
    b"(1,)",
    b"'<f8'",
    b"'|O'",
    b"PK\x01\x02",
    b"\x7f\xff\xff\xff",
    b" " * 50,
]


def npz(arrays: Mapping[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


RNG = np.random.default_rng(0)
ENCODED = {"mu": RNG.normal(size=(30, 3)), "logvar": RNG.normal(size=(30, 3)), "labels": np.arange(30) % 3}
IMAGES = {"x": RNG.integers(0, 256, (40, 4, 4), np.uint8), "labels": np.arange(40) % 3}
SENTENCES = b"".join(b"good\tThis is the food %d of all.\nbad\tNo %d.\n" % (i, i) for i in range(30))
KINDS = (
    "PNG",
    "JPEG",
    "GIF",
    "BMP",
    "WEBP",
    "TIFF",
    "PPM",
    "TGA",
    "ICO",
    "PCX",
    "SGI",
    "DDS",
    "ICNS",
    "JPEG2000",
)
PICTURES = [picture((9, 8), kind, value=i * 5) for i, kind in enumerate(KINDS * 3)]
RECIPE = {"dataset": "toy", "net": NETS["images"], "likelihood": {"use": LIKELIHOODS["images"]}}
RECIPE |= {"decoder": {"use": "plain"}, "posterior": {"use": "gaussian"}}
MODEL = {
    "recipe.json": json.dumps(RECIPE).encode(),
    "card.json": json.dumps(CARDS["images"]).encode(),
    "weights.safetensors": save(dict(toy_vae("images").state_dict())),
}


def packed(files: Mapping[str, bytes]) -> bytes:
    """Make a zip."""
    file = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def tarred(files: Mapping[str, bytes], mode: Any) -> bytes:
    """Make a tar."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def one_changed(files: Mapping[str, bytes], rng: random.Random) -> dict[str, bytes]:
    """Files, the first of which is changed, most often."""
    name = rng.choice(sorted(files))
    data = files[name]
    if rng.random() < 0.3:  # This changes the header of an .npy file.
        data = mutated(data[:128], rng) + data[128:]
    elif rng.random() < 0.8:
        data = mutated(data, rng)
    return {name: data, **{other: content for other, content in files.items() if other != name}}


def arrays(content: Mapping[str, Any], rng: random.Random) -> bytes:
    """Make an .npz file."""
    with zipfile.ZipFile(io.BytesIO(npz(content))) as archive:
        return packed(one_changed({name: archive.read(name) for name in archive.namelist()}, rng))


def pictures(rng: random.Random) -> bytes:
    """Make a zip or a tar of pictures."""
    files = one_changed({f"{'ab'[i % 2]}/{i}.x": data for i, data in enumerate(PICTURES)}, rng)
    return packed(files) if rng.random() < 0.5 else tarred(files, rng.choice(["w", "w:gz", "w:xz"]))


def one_word(rng: random.Random) -> bytes:
    """Make a params.yaml with another value, key or name in one place."""
    places = list(re.finditer(r"[\w.+]+|\{[^{}]*\}|\[[^][]*\]", TEXT))
    place, other = rng.choice(places), rng.choice(places)
    word = rng.choice(WORDS).decode("latin-1") if rng.random() < 0.6 else other.group()
    return (TEXT[: place.start()] + word + TEXT[place.end() :]).encode()


INPUTS: dict[str, Callable[[random.Random], bytes]] = {
    "params": one_word,
    "diagnose": lambda rng: arrays(ENCODED, rng),
    "arrays": lambda rng: arrays(IMAGES, rng),
    "text_lines": lambda rng: SENTENCES,
    "text_lines.gz": lambda rng: gzip.compress(mutated(SENTENCES, rng)),
    "image_folder": pictures,
    "load": lambda rng: packed(one_changed(MODEL, rng)),
}


def mutated(data: bytes, rng: random.Random) -> bytes:
    """With a few bytes changed, cut out, doubled or put in."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        at = rng.randrange(len(changed) + 1)
        length = rng.choice((1, 2, 4, 16, 200))
        match rng.randrange(6):
            case 0 if at < len(changed):
                changed[at] ^= 1 << rng.randrange(8)
            case 1 if at < len(changed):
                changed[at] = rng.randrange(256)
            case 2:
                del changed[at : at + length]
            case 3:
                changed[at:at] = changed[at : at + length]
            case 4:
                changed[at : at + rng.choice((0, 1, 4))] = rng.choice(WORDS)
            case _:
                other = rng.randrange(len(changed) + 1)
                changed[at:at] = changed[other : other + length]
    return bytes(changed[: rng.randrange(len(changed) + 1)] if rng.random() < 0.05 else changed)


def made(name: str, number: int) -> bytes:
    """Input `number` of a kind: the same at each call."""
    rng = random.Random(number)
    data = INPUTS[name](rng)
    if name == "load":  # The zip only carries the files here.
        return data
    return data if name != "text_lines" and rng.random() < 0.7 else mutated(data, rng)
