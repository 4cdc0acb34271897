"""Raw files: found in the folder that UNCOLLAPSE_RAW names (default: raw/), or downloaded to it.

A file that is not there is downloaded by pooch and, from Google Drive, by gdown; pooch keeps it only if its
md5 is the official one. A file that is there is checked here instead, because `pooch.retrieve` would download
over it: the folder may be read-only, files may lie in several layouts, and some archives are packed anew with
the same contents.

Addresses and md5 are those of torchvision, where it has them. Its classes of data sets are not used: they
unpack the archives beside the raw files, need one layout, and refuse archives that are packed anew or, for
CelebA, lack files of attributes.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from uncollapse.errors import UserError

VARIABLE = "UNCOLLAPSE_RAW"
DRIVE = "https://drive.google.com/uc?id="
TIMEOUT = 20  # seconds


def find_raw_folder() -> Path:
    """Return the folder of raw files."""
    return Path(os.environ.get(VARIABLE) or "raw")


def find_raw(paths: Sequence[str]) -> Path | None:
    """Return the first of several paths in the folder of raw files that exists, None if there is none."""
    return next((find_raw_folder() / path for path in paths if (find_raw_folder() / path).exists()), None)


def describe_missing(paths: Sequence[str], why: str) -> UserError:
    """Return the error for a file that lies at none of `paths`."""
    return UserError(
        f"looked for {' or '.join(paths)} in {find_raw_folder()}/; {why}; "
        f"set {VARIABLE} to a folder that has the file"
    )


def fetch(paths: Sequence[str], urls: Sequence[str], md5: str, *, repacked: bool = False) -> Path:
    """Return a raw file: the first of `paths` that exists, or paths[0], downloaded from one of `urls`.

    Raises UserError if the file is not there and cannot be downloaded, or if its checksum is not `md5`. With
    `repacked`, an archive that others packed anew from the same contents is accepted, with a note.
    """
    import pooch  # A machine that only trains and measures need not have pooch.

    file = find_raw(paths)
    if file is None:
        return download(paths, urls, md5)
    digest = pooch.file_hash(file, alg="md5")
    if digest != md5:
        message = f"{file}: its md5 is {digest}, but that of the official file is {md5}"
        if not repacked:
            raise UserError(f"{message}; move the file away, and it is downloaded from {urls[0]}")
        print(f"note: {message}; its contents are taken as they are", file=sys.stderr)
    return file


def download(paths: Sequence[str], urls: Sequence[str], md5: str) -> Path:
    """Download a file to paths[0], which exists only when it is whole. Raises UserError if this fails."""
    import pooch

    http = pooch.HTTPDownloader(sys.stderr.isatty(), timeout=TIMEOUT)
    file, failures = find_raw_folder() / paths[0], []
    for url in urls:
        downloader: Any = download_from_drive if url.startswith(DRIVE) else http
        try:
            pooch.retrieve(url, f"md5:{md5}", file.name, file.parent, downloader=downloader)
            file.chmod(0o644)  # Files of pooch are readable to the owner only.
            return file
        except Exception as error:  # The network, the disk, pooch and gdown raise anything.
            failures.append(f"{url} ({find_cause(error)})")
    raise describe_missing(paths, f"could not download the file from {' or '.join(failures)}")


def download_from_drive(url: str, file: str, _: object) -> None:
    """Download as pooch asks for it, from Google Drive, which asks back before it sends a large file."""
    import gdown

    gdown.download(url, file, timeout=TIMEOUT)


def find_cause(error: BaseException) -> str:
    """Return the text of the first error of a chain in one line; it says why a connection failed."""
    while earlier := error.__cause__ or error.__context__:
        error = earlier
    return " ".join(str(error).split()) or type(error).__name__
