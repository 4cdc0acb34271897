"""A store of MLflow: its client, its lock, its address without credentials, and its errors."""

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
from uncollapse.files import NEW
from uncollapse.pipeline.paths import MLFLOW

SQLITE = "sqlite:///"
LOCAL = f"{SQLITE}{MLFLOW}"
# Without these MLflow waits for many minutes, and prints the address of each run, credentials included.
SETTINGS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


@contextmanager
def open_store(uri: str) -> Iterator[Any]:
    """Open a client of the store at `uri`, for one process at a time.

    Its errors become a UserError that names the store and what to do.
    """
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient
    from sqlalchemy.exc import SQLAlchemyError

    for library in ("alembic", "mlflow", "urllib3"):
        logging.getLogger(library).setLevel(logging.CRITICAL)  # Errors are raised, too.
    try:
        with lock_store(uri):
            create_store(uri)
            yield MlflowClient(uri)
    except (MlflowException, SQLAlchemyError, OSError) as error:
        fix = "correct the address, or run `dvc repro` again when it answers"
        if uri.startswith(SQLITE):
            fix = "remove the cause, or delete the file; then `dvc repro` makes it again"
        raise UserError(f"MLflow at {hide_credentials(uri)}: {describe_error(error, uri)}; {fix}") from None


def create_store(uri: str) -> None:
    """Create a store in a file that is not there yet.

    The file appears with all its tables, for MLflow makes them one by one, and refuses a store that was left
    with only some of them.
    """
    from mlflow.tracking import MlflowClient

    file = Path(uri.removeprefix(SQLITE))
    if uri.startswith(SQLITE) and not file.exists():
        new = file.with_name(file.name + NEW)
        new.unlink(missing_ok=True)
        MlflowClient(f"{SQLITE}{new}").search_experiments()
        new.replace(file)


def lock_store(uri: str) -> FileLock:
    """Lock a store for all processes of this user on this machine, whatever their folder."""
    if uri.startswith(SQLITE):
        uri = SQLITE + str(Path(uri.removeprefix(SQLITE)).resolve())
    digest = hashlib.sha256(f"{getpass.getuser()} {uri}".encode()).hexdigest()[:16]
    return FileLock(Path(tempfile.gettempdir()) / f"uncollapse-{digest}.lock")


def find_server() -> str:
    """Return the address in MLFLOW_TRACKING_URI, or else the store in the folder of the project."""
    return os.environ.get("MLFLOW_TRACKING_URI") or LOCAL


def hide_credentials(uri: str) -> str:
    """Return an address without user, password and query."""
    parts = urlsplit(uri)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl() if parts.netloc else uri


def describe_error(error: BaseException, uri: str) -> str:
    """Describe an error briefly and without credentials, by the error of the system at its root if any."""
    root, cause = error, error.__cause__ or error.__context__
    while cause is not None:
        root = cause if isinstance(cause, OSError) and cause.errno else root
        cause = cause.__cause__ or cause.__context__
    text = " ".join(str(root).partition("(Background on this error at")[0].split())
    credentials = urlsplit(uri).netloc.rpartition("@")[0]
    for secret in (credentials, *credentials.split(":")):
        text = text.replace(secret, "***") if secret else text
    return text if len(text) <= 200 else f"{text[:200]} ..."
