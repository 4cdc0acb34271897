"""A store of MLflow runs: a client of it, its lock, its address as it may be printed, and what went wrong with it."""

import getpass
import hashlib
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from filelock import FileLock

from uncollapse.errors import UserError

SQLITE = "sqlite:///"
SETTINGS = {  # MLflow's own patience is many minutes, and it prints the address of each run, credentials included
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


@contextmanager
def told(uri: str) -> Iterator[Any]:
    """A client of the store at `uri`. What goes wrong with it becomes a UserError that names it and the mend."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

    for library in ("alembic", "mlflow", "urllib3"):
        logging.getLogger(library).setLevel(logging.ERROR)
    try:
        yield MlflowClient(uri)
    except (MlflowException, OSError) as error:
        raise UserError(
            f"MLflow at {shown(uri)}: {reason(error, uri)}; mend the address, or `dvc repro` again when it answers"
        ) from None


def lock(uri: str) -> FileLock:
    """The lock of a store for all processes of this user on this machine, from whatever folder they write to it."""
    if uri.startswith(SQLITE):
        uri = SQLITE + str(Path(uri.removeprefix(SQLITE)).resolve())
    digest = hashlib.sha256(f"{getpass.getuser()} {uri}".encode()).hexdigest()[:16]
    return FileLock(Path(tempfile.gettempdir()) / f"uncollapse-{digest}.lock")


def shown(uri: str) -> str:
    """An address without user, password and query."""
    parts = urlsplit(uri)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl() if parts.netloc else uri


def reason(error: BaseException, uri: str) -> str:
    """What went wrong, by the system's error at its root if there is one, as a short line that names no credentials."""
    said, cause = error, error.__cause__ or error.__context__
    while cause is not None:
        said = cause if isinstance(cause, OSError) and cause.errno else said
        cause = cause.__cause__ or cause.__context__
    text = " ".join(str(said).split())
    secrets = urlsplit(uri).netloc.rpartition("@")[0]
    for secret in (secrets, *secrets.split(":")):
        text = text.replace(secret, "***") if secret else text
    return text if len(text) <= 200 else f"{text[:200]} ..."
