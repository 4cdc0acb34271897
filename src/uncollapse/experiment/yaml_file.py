"""Read a YAML file that a person wrote, so that nothing in it can hang or surprise; DVC reads it later.

The events of the parser come one by one, so a file is refused before anything is built from it: one that is
too large, also once its aliases are replaced (ten lines can stand for billions), one that nests too deep, and
one with tags, with the same key twice, or with an anchor inside itself.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from uncollapse.errors import UserError, shorten

MOST_CHARACTERS = 1_000_000  # The limit of characters once aliases are replaced, and of bytes of the file.
DEEPEST_NESTING = 20  # The limit of collections in one another; params.yaml needs five.


class Loader(yaml.CSafeLoader):
    """The loader of safe_load, in C, which also says where a date or a number is not one."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            raise make_mistake(node, str(error)) from None


@dataclass
class Opened:
    """A collection that is being read: its size in characters, how deep it nests, and a mapping's keys."""

    anchor: str | None = None
    size: int = 1
    depth: int = 0
    keys: set[str] | None = None
    children: int = 0

    def add(self, event: yaml.Event, size: int, depth: int) -> None:
        """Add what is read in it. Raises UserError for a key that is no name or stands twice."""
        if self.keys is not None and self.children % 2 == 0:
            if not isinstance(event, yaml.ScalarEvent):
                raise make_mistake(event, "a key should be a name")
            if event.value in self.keys:
                raise make_mistake(
                    event, f"the key {shorten(event.value)} stands twice; take one of them out"
                )
            self.keys.add(event.value)
        self.children += 1
        self.size, self.depth = self.size + size, max(self.depth, depth + 1)


def read_yaml(file: Path) -> Any:
    """Return what a YAML file holds. Raises UserError, which names the file, the line and what to do."""
    if not file.exists():
        raise UserError(f"no {file.name} here; go to the folder of the project first")
    try:
        text = read_text(file)
        check_events(text)
        return yaml.load(text, Loader)  # noqa: S506  (it makes what safe_load makes)
    except OSError as error:
        raise UserError(f"{file.name}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        number = error.object[: error.start].count(10) + 1
        raise UserError(
            f"{file.name}: not YAML: line {number} is not UTF-8; save it in this encoding"
        ) from None
    except yaml.YAMLError as error:
        raise UserError(f"{file.name}: not YAML: {find_reason(error)}") from None
    except UserError as error:
        raise UserError(f"{file.name}: {error}") from None


def read_text(file: Path) -> str:
    """Return the text of a file. Raises UserError if it is too large, or no file."""
    if not file.is_file():
        raise UserError("should be a file, but is a folder, a pipe or a device")
    with file.open("rb") as stream:
        data = stream.read(MOST_CHARACTERS + 1)
    if len(data) > MOST_CHARACTERS:
        raise UserError(f"has more than {MOST_CHARACTERS:,} bytes; it should be a short list of entries")
    return data.decode()


def check_events(text: str) -> None:
    """Raise UserError for what the module's docstring names."""
    opened, finished = [Opened()], dict[str, Opened]()
    for event in yaml.parse(text, yaml.CSafeLoader):
        if getattr(event, "tag", None) is not None:
            raise make_mistake(event, f"the tag {shorten(event.tag)} means nothing here; take it out")
        done = None
        if isinstance(event, yaml.CollectionStartEvent):
            keys = set[str]() if isinstance(event, yaml.MappingStartEvent) else None
            opened.append(Opened(event.anchor, keys=keys))
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in finished:
                raise make_mistake(
                    event, f"*{event.anchor} names nothing that is complete before it; write it out"
                )
            done = finished[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            done = Opened(event.anchor, size=len(event.value) + 1)
        elif isinstance(event, yaml.CollectionEndEvent):
            done = opened.pop()
        if done:
            opened[-1].add(event, done.size, done.depth)
        if done and done.anchor:
            finished[done.anchor] = done
        if len(opened) + (done.depth if done else 0) > DEEPEST_NESTING:
            raise make_mistake(
                event, f"more than {DEEPEST_NESTING} mappings or lists in one another; write it flatter"
            )
        if opened[-1].size > MOST_CHARACTERS:
            raise make_mistake(
                event, f"more than {MOST_CHARACTERS:,} characters once aliases are replaced; use fewer"
            )


def make_mistake(where: Any, text: str) -> UserError:
    """Return an error that names the line of a node or an event."""
    return UserError(f"line {where.start_mark.line + 1}: {text}")


def find_reason(error: yaml.YAMLError) -> str:
    """Return an error of the parser as one line: where it is, and what it is."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if mark is None or problem is None:
        return " ".join(str(error).split())
    return f"line {mark.line + 1}: {problem}"
