"""The mirror in MLflow over a network that fails at the first request, the second, ... until the mirror does
not notice. Each time there is one clear line, within a bound, and the next mirror is exact."""

import os
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from faults.proxy import FAULTS, Proxy
from faults.whole import mirrored
from made_runs import run
from server import Server

from uncollapse.errors import UserError
from uncollapse.tracking.mirror import mirror_runs
from uncollapse.tracking.run import Run

STEPS = range(10, 60, 10)


class Network:
    """A server, its proxy, and what it holds when nothing failed. SETTINGS belong in the environment."""

    SETTINGS: ClassVar = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "2", "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0"}

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        picture = folder / "picture.png"
        picture.write_bytes(b"picture")
        cell, seed = run("a", "k", steps=STEPS), run("a-0", "k0", steps=STEPS)
        self.runs: Sequence[Run] = [made(one, picture, parent) for one, parent in ((cell, None), (seed, "k"))]
        self.server = Server(folder)
        self.server.start()
        self.proxy = Proxy(self.server.port)
        mirror_runs(self.runs, self.proxy.uri)
        self.reference = self.held()

    def held(self) -> dict[str, Any]:
        """What the server holds."""
        return mirrored(self.server.folder / "server.db", self.server.folder / "artifacts")

    def close(self) -> None:
        """End the server."""
        self.proxy.failing("", 0, once=True)
        self.proxy.shutdown()
        self.proxy.server_close()
        self.server.kill()

    def forget(self) -> None:
        """The server holds nothing, as in the beginning."""
        with closing(sqlite3.connect(self.server.folder / "server.db")) as store, store:
            store.execute("update runs set lifecycle_stage = 'deleted'")

    def attack(self, fault: str, n: int, *, once: bool) -> str | None:
        """Mirror while the network fails at request n; returns the line, "" if the mirror went well all the
        same, None if it ended before."""
        self.forget()
        self.proxy.failing(fault, n, once=once)
        line = ""
        try:
            mirror_runs(self.runs, self.proxy.uri)
        except UserError as error:
            line = str(error)
        count = self.proxy.count
        self.proxy.failing("", 0, once=True)
        if line:
            assert line.startswith(f"MLflow at {self.proxy.uri}: "), line
            assert "\n" not in line, line
            mirror_runs(self.runs, self.proxy.uri)
        assert self.held() == self.reference, f"{fault} at request {n}: the mirror is not exact"
        return line if count >= n else None

    def sweep(self, fault: str, *, once: bool, step: int = 1) -> Counter[str]:
        """Fail at request 1, 1 + `step`, ...; counts the lines, and what went well all the same."""
        counts, n = Counter[str](), 1
        while (line := self.attack(fault, n, once=once)) is not None:
            counts["told" if line else "repaired at once"] += 1
            n += step
        return counts


def made(one: Run, picture: Path, parent: str | None) -> Run:
    """A run whose picture is at an absolute path."""
    return replace(one, files={**one.files, "map.png": picture}, parent=parent)


def network(folder: Path, step: int) -> Counter[str]:
    """All faults, for ever and once; prints and returns the counts."""
    os.environ.update(Network.SETTINGS)
    attacked, total = Network(folder), Counter[str]()
    try:
        for fault in FAULTS:
            for once in (False, True):
                counts = attacked.sweep(fault, once=once, step=step * (4 if fault == "hang" else 1))
                print(f"{fault}{', once' if once else ''}: {dict(counts)}", flush=True)
                total += counts
    finally:
        attacked.close()
    return total
