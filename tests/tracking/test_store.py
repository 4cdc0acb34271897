"""The address of a store of MLflow, its errors and its lock."""

from pathlib import Path

import pytest

from uncollapse.errors import UserError
from uncollapse.tracking.follow import follower
from uncollapse.tracking.mirror import mirror
from uncollapse.tracking.run import Run
from uncollapse.tracking.store import lock, reason, without_credentials

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
        lambda: mirror([RUN], refusing),
        lambda: follower(refusing)(RUN),
    ):
        with pytest.raises(UserError) as error:
            attempt()
        assert str(error.value).startswith("MLflow at http://127.0.0.1:9: ")
        assert str(error.value).endswith("; mend the address, or `dvc repro` again when it answers")
        assert "s3cret" not in str(error.value)
    assert without_credentials("postgresql://anna:s3cret@host/db?password=s3cret") == "postgresql://host/db"
    assert without_credentials("sqlite:///mlflow.db") == "sqlite:///mlflow.db"
    assert reason(OSError("no s3cret of\nanna"), refusing) == "no *** of ***"


def test_a_store_has_one_lock_from_whatever_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    local = lock("sqlite:///mlflow.db")
    assert lock(f"sqlite:///{tmp_path}/mlflow.db").lock_file == local.lock_file
    assert lock("sqlite:///other.db").lock_file != local.lock_file
