"""Raw files: found in several layouts, or downloaded from a server, here one of the machine's own."""

import threading
from collections.abc import Iterator
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from uncollapse.data.sources import _raw as raw
from uncollapse.errors import UserError

CONTENT = b"the whole file"
MD5 = md5(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves /whole; /other, which has another checksum; /cut, of which half arrives; and nothing else."""

    def do_GET(self) -> None:
        bodies = {"/whole": CONTENT, "/other": b"another file!!", "/cut": CONTENT[:7]}
        self.send_response(200 if self.path in bodies else 404)
        self.send_header("Content-Length", str(len(CONTENT) if self.path in bodies else 0))
        self.end_headers()
        self.wfile.write(bodies.get(self.path, b""))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of raw files, which need not be there."""
    monkeypatch.setenv(raw.VARIABLE, str(tmp_path / "raw"))
    return tmp_path / "raw"


def test_a_file_is_downloaded_once_from_the_first_address_that_has_it(folder: Path, server: str) -> None:
    urls = [f"{server}/missing", f"{server}/whole"]
    file = raw.fetch(["set/a.txt", "a.txt"], urls, MD5)
    assert file == folder / "set/a.txt"
    assert file.read_bytes() == CONTENT
    assert file.stat().st_mode & 0o777 == 0o644, "others may read it"
    assert raw.fetch(["set/a.txt", "a.txt"], [], MD5) == file
    assert [path for path in folder.rglob("*") if path.is_file()] == [file]


@pytest.mark.parametrize(
    ("path", "why"), [("other", "does not match"), ("cut", ""), ("missing", "404 Client Error")]
)
def test_a_download_that_fails_is_one_line_and_leaves_nothing(
    folder: Path, server: str, path: str, why: str
) -> None:
    with pytest.raises(UserError) as error:
        raw.fetch(["set/a.txt", "a.txt"], [f"{server}/{path}"], MD5)
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(
        f"looked for set/a.txt or a.txt in {folder}/; could not download the file from {server}/{path} ("
    )
    assert why in message
    assert message.endswith(f"; set {raw.VARIABLE} to a folder that has the file")
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_a_folder_that_cannot_be_written_to_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv(raw.VARIABLE, str(tmp_path / "file"))
    with pytest.raises(
        UserError, match=r"^looked for a\.txt in .*/file/; could not download .* \(.*\); set "
    ):
        raw.fetch(["a.txt"], [f"{server}/whole"], MD5)


def test_a_file_that_is_there_is_never_replaced(
    folder: Path, server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever its checksum: it may be the user's own, in a folder that is only to be read."""
    folder.mkdir()
    (folder / "a.txt").write_text("packed anew")
    with pytest.raises(
        UserError,
        match=f"official file is {MD5}; move the file away, and it is downloaded from {server}/whole$",
    ):
        raw.fetch(["set/a.txt", "a.txt"], [f"{server}/whole"], MD5)
    assert raw.fetch(["set/a.txt", "a.txt"], [f"{server}/whole"], MD5, repacked=True) == folder / "a.txt"
    assert "its contents are taken as they are" in capsys.readouterr().err
    assert (folder / "a.txt").read_text() == "packed anew"
    assert list(folder.rglob("*")) == [folder / "a.txt"]


def test_google_drive_is_asked_by_gdown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks back before it gives a large file, which pooch does not answer. pooch checks what arrives."""
    calls = []

    def download(url: str, output: str, timeout: int) -> None:
        calls.append((url, timeout))
        Path(output).write_bytes(CONTENT if len(calls) == 1 else b"a page that says: too many downloads")

    monkeypatch.setattr("gdown.download", download)
    assert raw.fetch(["a.zip"], [f"{raw.DRIVE}1FT"], MD5).read_bytes() == CONTENT
    assert calls == [(f"{raw.DRIVE}1FT", raw.TIMEOUT)]
    with pytest.raises(
        UserError, match=r"could not download the file from https://drive\.google\.com/uc\?id=1FT \(MD5 hash"
    ):
        raw.fetch(["b.zip"], [f"{raw.DRIVE}1FT"], MD5)
    assert not (folder / "b.zip").exists()
