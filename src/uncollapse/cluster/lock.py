"""The entries of dvc.lock: units send those of their jobs to the head, which trains nothing then."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from uncollapse.files import write_whole
from uncollapse.pipeline.outputs import LOCK
from uncollapse.pipeline.watching.freshness import lock_entries


class Dumper(yaml.CSafeDumper):
    """Quotes what YAML 1.2, which DVC reads, would take for a number: a digest such as 12e34."""


Dumper.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"\d+[eE]\d+$"), list("0123456789"))


def entries(folder: Path) -> dict[str, Any]:
    """What a project's dvc.lock says of its jobs, by stage@name."""
    file = folder / LOCK
    return lock_entries(file.read_text()) if file.exists() else {}


def add(folder: Path, new: Mapping[str, Any]) -> None:
    """Put entries into it, in place of older ones. DVC would write it anew for every job."""
    content = {"schema": "2.0", "stages": {**entries(folder), **new}}
    text = yaml.dump(content, Dumper=Dumper, sort_keys=False, width=10_000)
    write_whole(folder / LOCK, text)
