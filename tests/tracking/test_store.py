"""The address of a store of MLflow, its errors and its lock."""

from pathlib import Path

import pytest

from uncollapse.errors import UserError
from uncollapse.tracking.follow import make_follower
from uncollapse.tracking.mirror import mirror_runs
from uncollapse.tracking.run import Run
from uncollapse.tracking.store import describe_error, hide_credentials, lock_store

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning"
)
RUN = Run(experiment="toy", name="a-0", key="ka", tags={}, params={}, data={})


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    return "http://anna:s3cret@127.0.0.1:9"


def test_a_server_that_is_down_is_one_line_without_credentials(refusing: str) -> None:
    for attempt in (
        lambda: mirror_runs([RUN], refusing),
        lambda: make_follower(refusing)(RUN),
    ):
        with pytest.raises(UserError) as error:
            attempt()
        assert str(error.value).startswith("MLflow at http://127.0.0.1:9: ")
        assert str(error.value).endswith("; correct the address, or run `dvc repro` again when it answers")
        assert "s3cret" not in str(error.value)
    assert hide_credentials("postgresql://anna:s3cret@host/db?password=s3cret") == "postgresql://host/db"
    assert hide_credentials("sqlite:///mlflow.db") == "sqlite:///mlflow.db"
    assert describe_error(OSError("no s3cret of\nanna"), refusing) == "no *** of ***"


def test_a_store_has_one_lock_from_whatever_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    local = lock_store("sqlite:///mlflow.db")
    assert lock_store(f"sqlite:///{tmp_path}/mlflow.db").lock_file == local.lock_file
    assert lock_store("sqlite:///other.db").lock_file != local.lock_file
