"""Pieces: the folder is the registry, the signature is the schema.

A piece is a file in a folder of this package with a function of the same name, whose keyword arguments
are what may stand beside `use` in params.yaml: `{use: pi, kp: 0.01}` is `methods/kl_weight/pi.py`,
called as `pi(kp=0.01)`. pydantic checks the types of the signature; there is nothing to register.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_type_hints

from pydantic import create_model

from uncollapse.errors import UserError, shortened
from uncollapse.experiment.schema import Entry, unknown, validate
from uncollapse.registry import function, names


def choose(key: str, name: object, valid: Iterable[str]) -> str:
    """`name`, if it is one of `valid`. Raises UserError, which names `key` and what is valid."""
    valid = list(valid)
    if isinstance(name, str) and name in valid:
        return name
    raise UserError(f"{key}: {unknown(name, valid)}")


def check(key: str, signature: Callable[..., Any], entry: object) -> dict[str, Any]:
    """The keyword arguments that `entry` gives to `signature`, of the right types, with defaults.

    Raises UserError as `schema.validate` does, and where an argument of `signature` has no type.
    """
    hints = get_type_hints(signature, include_extras=True)
    arguments = inspect.signature(signature).parameters
    for name in arguments:
        if name not in hints:
            raise UserError(f"{key}: the argument {name} of {signature.__name__} should have a type")
    fields: dict[str, Any] = {
        name: (hints[name], ... if argument.default is argument.empty else argument.default)
        for name, argument in arguments.items()
    }
    return validate(key, create_model(signature.__name__, __base__=Entry, **fields), entry).model_dump()


def resolve(key: str, folder: str, entry: object, offered: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A params entry {use: name, **arguments} with every argument stated, defaults included.

    An argument of the piece that the entry leaves out is taken from `offered`, where it has that name.
    Raises UserError as `check` does, also where the piece itself refuses its arguments.
    """
    if not isinstance(entry, Mapping) or "use" not in entry:
        raise UserError(
            f"{key}: should name a piece, such as {{use: {names(folder)[0]}}}, not {shortened(entry)}"
        )
    piece = function(folder, choose(f"{key}.use", entry["use"], names(folder)))
    parameters = inspect.signature(piece).parameters
    arguments = {name: value for name, value in (offered or {}).items() if name in parameters}
    arguments |= {name: value for name, value in entry.items() if name != "use"}
    arguments = check(key, piece, arguments)
    try:
        piece(**arguments)
    except ValueError as error:
        raise UserError(f"{key}: {error}") from None
    return {"use": entry["use"], **arguments}
