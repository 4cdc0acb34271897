"""Pieces: the folder is the registry, the signature is the schema.

A piece is a file in a folder of this package with a function of the same name, whose keyword arguments
are what a person may write beside `use` in params.yaml: `{use: pi, kp: 0.01}` is `methods/kl_weight/pi.py`,
called as `pi(kp=0.01)`. The types of the signature are checked here, by pydantic; there is nothing to register.
"""

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_type_hints

import pydantic

from uncollapse.errors import MissingArgument, UserError
from uncollapse.registry import function, names


def choose(key: str, name: object, valid: Iterable[str]) -> str:
    """`name`, if it is one of `valid`. Raises UserError, which names `key` and what is valid."""
    valid = list(valid)
    if isinstance(name, str) and name in valid:
        return name
    near = difflib.get_close_matches(str(name), valid, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise UserError(f"{key}: no such name {name!r}{hint}; valid: {', '.join(valid)}")


def check(key: str, signature: Callable[..., Any], entry: object) -> dict[str, Any]:
    """The keyword arguments that `entry` gives to `signature`, of the right types, defaults stated.

    Raises UserError, which names the key and what would be valid, for an argument that does not exist,
    is missing, or has a value of the wrong type or out of range.
    """
    if not isinstance(entry, Mapping):
        raise UserError(f"{key}: should be a mapping, such as {{name: value}}, not {entry!r}")
    hints = get_type_hints(signature, include_extras=True)
    fields: dict[str, Any] = {
        name: (hints[name], ... if argument.default is argument.empty else argument.default)
        for name, argument in inspect.signature(signature).parameters.items()
    }
    for name, value in entry.items():
        choose(f"{key}.{name}", name, fields)
        if isinstance(value, bool) and hints[name] is not bool:  # pydantic takes true for 1
            raise UserError(f"{key}.{name}: should be no truth value, not {value}")
    config = pydantic.ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())
    schema = pydantic.create_model(signature.__name__, __config__=config, **fields)
    try:
        return schema(**entry).model_dump()
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        if first["type"] == "missing":
            raise MissingArgument(f"{key}.{place}: should be stated; it has no default") from None
        raise UserError(
            f"{key}.{place}: {first['msg'][0].lower()}{first['msg'][1:]}; it is {first['input']!r}"
        ) from None


def resolve(key: str, folder: str, entry: object, offered: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A params entry {use: name, **arguments} with every argument stated, defaults included.

    An argument of the piece that the entry leaves out is taken from `offered`, where it has that name.
    Raises UserError as `check` does, also where the piece itself refuses its arguments.
    """
    if not isinstance(entry, Mapping) or "use" not in entry:
        raise UserError(f"{key}: should name a piece, such as {{use: {names(folder)[0]}}}, not {entry!r}")
    piece = function(folder, choose(f"{key}.use", entry["use"], names(folder)))
    given = {name: value for name, value in entry.items() if name != "use"}
    wanted = inspect.signature(piece).parameters
    given = {**{name: value for name, value in (offered or {}).items() if name in wanted}, **given}
    arguments = check(key, piece, given)
    try:
        piece(**arguments)
    except ValueError as error:
        raise UserError(f"{key}: {error}") from None
    return {"use": entry["use"], **arguments}
