"""Raw files: found in the folder that UNCOLLAPSE_RAW names (default: raw/), or downloaded to it.

pooch and, for Google Drive, gdown download a file that is not there; pooch keeps it only if its md5 is the
official one. A file that is there is checked here instead, because `pooch.retrieve` would download over it:
the folder may be read-only, files may lie in several layouts, and some archives are packed anew with the same
contents.

Addresses and md5 are torchvision's, where it has them. Its data set classes are not used: they unpack the
archives beside the raw files, need one layout, and refuse archives that are packed anew or (CelebA) lack
files of attributes.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from uncollapse.errors import UserError

VARIABLE = "UNCOLLAPSE_RAW"
DRIVE = "https://drive.google.com/uc?id="
TIMEOUT = 20  # seconds without an answer


def folder() -> Path:
    """The folder of raw files."""
    return Path(os.environ.get(VARIABLE) or "raw")


def find(paths: Sequence[str]) -> Path | None:
    """The first of several paths in the folder of raw files that exists."""
    return next((folder() / path for path in paths if (folder() / path).exists()), None)


def missing(paths: Sequence[str], why: str) -> UserError:
    """The error for a file at none of `paths`."""
    return UserError(
        f"looked for {' or '.join(paths)} in {folder()}/; {why}; set {VARIABLE} to a folder that has the file"
    )


def fetch(paths: Sequence[str], urls: Sequence[str], md5: str, *, repacked: bool = False) -> Path:
    """A raw file: the first of `paths` that exists, or downloaded to paths[0] from one of `urls`.

    Raises UserError if it is neither there nor can be downloaded, or if its checksum is not `md5`. With
    `repacked`, an archive that others packed anew from the same contents is accepted, with a note.
    """
    import pooch  # here, because a machine that only trains and measures need not have it

    file = find(paths)
    if file is None:
        return download(paths, urls, md5)
    digest = pooch.file_hash(file, alg="md5")
    if digest != md5:
        message = f"{file}: its md5 is {digest}, that of the official file is {md5}"
        if not repacked:
            raise UserError(f"{message}; move it away, and it is downloaded from {urls[0]}")
        print(f"note: {message}; its contents are taken as they are", file=sys.stderr)
    return file


def download(paths: Sequence[str], urls: Sequence[str], md5: str) -> Path:
    """Download a file to paths[0]; it has this name only when it is whole. Raises UserError if it fails."""
    import pooch

    http = pooch.HTTPDownloader(sys.stderr.isatty(), timeout=TIMEOUT)
    file, failures = folder() / paths[0], []
    for url in urls:
        downloader: Any = drive if url.startswith(DRIVE) else http
        try:
            pooch.retrieve(url, f"md5:{md5}", file.name, file.parent, downloader=downloader)
            file.chmod(0o644)  # pooch lets only the owner read it
            return file
        except Exception as error:  # of the network, the disk, pooch or gdown
            failures.append(f"{url} ({cause(error)})")
    raise missing(paths, f"could not download it from {' or '.join(failures)}")


def drive(url: str, file: str, _: object) -> None:
    """A pooch downloader for Google Drive, which asks back before it gives a large file."""
    import gdown

    gdown.download(url, file, timeout=TIMEOUT)


def cause(error: BaseException) -> str:
    """The text of the first error of a chain, in one line: of several about a connection, what went wrong."""
    while earlier := error.__cause__ or error.__context__:
        error = earlier
    return " ".join(str(error).split()) or type(error).__name__
