"""Raw files: found in the folder that UNCOLLAPSE_RAW names (default: raw/), or brought there from their official address."""

import hashlib
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from uncollapse.errors import UserError

VARIABLE = "UNCOLLAPSE_RAW"


def folder() -> Path:
    """Where raw files are."""
    return Path(os.environ.get(VARIABLE) or "raw")


def find(places: Sequence[str]) -> Path | None:
    """The first of several places in the folder of raw files at which there is something."""
    return next((folder() / place for place in places if (folder() / place).exists()), None)


def fetch(places: Sequence[str], url: str, md5: str | None, *, repacked: bool = False) -> Path:
    """A raw file: from the first of `places` where it is, or downloaded to it. `url` may be "drive:<id>" for Google Drive.

    Raises UserError, which says where it was looked for, its address and the variable to set, where it can be had from neither; and where its
    checksum is not the official one, unless files `repacked` by others with the same contents are to be accepted: then that is told.
    """
    found = find(places)
    if found is None:
        found = folder() / places[0]
        download(url, found, f"looked for {' or '.join(places)} in {folder()}/")
    if md5 is not None and (digest := checksum(found)) != md5:
        said = f"{found}: its md5 is {digest}, that of the official file is {md5}"
        if not repacked:
            raise UserError(f"{said}; move it away, and it is downloaded from {url}")
        print(f"note: {said}; its contents are taken as they are", file=sys.stderr)
    return found


def download(url: str, file: Path, looked: str) -> None:
    """Bring a file; under another name until it is whole."""
    from torchvision.datasets.utils import download_file_from_google_drive, download_url  # seconds to import

    new = file.with_name(f"{file.name}.new")
    socket.setdefaulttimeout(20)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if url.startswith("drive:"):
            download_file_from_google_drive(url.removeprefix("drive:"), new.parent, new.name)
        else:
            download_url(url, new.parent, new.name)
        new.replace(file)
    except Exception as error:  # of the network, of the place, of gdown: all end here
        why = " ".join(str(error).split())
        place = url.replace("drive:", "https://drive.google.com/uc?id=")
        raise UserError(
            f"{looked}, and {place} could not be had ({why}); set {VARIABLE} to a folder that has the file"
        ) from None


def checksum(file: Path) -> str:
    """The md5 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "md5").hexdigest()
