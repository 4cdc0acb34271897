"""The entries of dvc.lock, which units send to the head for their jobs, so that it trains nothing itself."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from uncollapse.files import write_whole
from uncollapse.pipeline.paths import LOCK
from uncollapse.pipeline.watching.freshness import parse_entries


class Dumper(yaml.CSafeDumper):
    """A writer of YAML that quotes what YAML 1.2, which DVC reads, takes for a number: digests like 12e34."""


Dumper.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"\d+[eE]\d+$"), list("0123456789"))


def read_entries(folder: Path) -> dict[str, Any]:
    """Return what the dvc.lock of a project says of its jobs, by stage@name."""
    file = folder / LOCK
    return parse_entries(file.read_text()) if file.exists() else {}


def add_entries(folder: Path, new: Mapping[str, Any]) -> None:
    """Put entries into dvc.lock, in place of older ones; DVC would write the file anew for every job."""
    content = {"schema": "2.0", "stages": {**read_entries(folder), **new}}
    text = yaml.dump(content, Dumper=Dumper, sort_keys=False, width=10_000)
    write_whole(folder / LOCK, text)
