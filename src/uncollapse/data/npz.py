"""Arrays of an .npz file, which may be broken or hostile: no pickle in it is run, no bomb is unpacked."""

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def read_npz(file: Path, needed: Sequence[str], others: Sequence[str] = ()) -> dict[str, NDArray[Any]]:
    """Return the arrays `needed`, and those of `others` that are there.

    Raises OSError if the file cannot be opened, and ValueError with one line that names the file and what is
    wrong with it.
    """
    try:
        if file.exists() and not file.is_file():
            raise ValueError("it is a folder, a pipe or a device")
        with file.open("rb") as stream:
            return read_stream(stream, needed, others)
    except OSError as error:
        if error.errno is not None:  # The errors of decompressors have no number.
            raise
        raise describe_refusal(file, needed, error) from None
    except Exception as error:  # NumPy, zipfile and the decompressors raise anything for a broken file.
        raise describe_refusal(file, needed, error) from None


def describe_refusal(file: Path, needed: Sequence[str], error: Exception) -> ValueError:
    """Return the error that says what is wrong with a file."""
    names = f"arrays {' and '.join(needed)}" if len(needed) > 1 else f"an array {needed[0]}"
    why = str(error) or type(error).__name__
    why = why if len(why) <= 300 else f"{why[:300]}..."  # A file may claim to hold a name of any length.
    return ValueError(f"{file}: should be an .npz file with {names}: {why}")


def read_stream(stream: Any, needed: Sequence[str], others: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return the arrays of an open file. Raises ValueError and whatever the decompressors raise."""
    if not zipfile.is_zipfile(stream):
        raise ValueError("it is none, or it is cut short")
    with zipfile.ZipFile(stream) as archive:
        sizes = {member.filename.removesuffix(".npy"): member.file_size for member in archive.infolist()}
        for name in needed:
            if name not in sizes:
                raise ValueError(f"it has no array {name}; its arrays: {', '.join(sizes) or 'none'}")
        found = {}
        for name in [*needed, *(name for name in others if name in sizes)]:
            if sizes[name] > measure_memory():
                whole = f"{sizes[name] / 2**30:.3g} GiB"
                room = f"{measure_memory() / 2**30:.3g} GiB"
                raise ValueError(f"{name}: {whole} once unpacked, and this machine has {room}")
            try:
                with archive.open(f"{name}.npy") as member:
                    found[name] = np.lib.format.read_array(member, allow_pickle=False)
            except ValueError as error:
                raise ValueError(f"{name}: {str(error).lower()}") from None
        return found


def measure_memory() -> int:
    """Return the memory of this machine in bytes; where it is not known, that of a large machine."""
    names = ("SC_PAGE_SIZE", "SC_PHYS_PAGES")
    known = hasattr(os, "sysconf") and all(name in os.sysconf_names for name in names)
    return os.sysconf(names[0]) * os.sysconf(names[1]) if known else 2**36
