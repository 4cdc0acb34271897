"""An entry that a person wrote is checked by a pydantic model, or by the signature of a piece.

The signature is the schema: the keyword arguments of the function that makes a piece are what may stand
beside `use` in params.yaml, and pydantic checks their types. `uncollapse.registry` finds the function.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar, get_type_hints

from pydantic import (
    BaseModel,
    ConfigDict,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from uncollapse.errors import MissingArgument, UserError, shorten
from uncollapse.registry import find_function, list_names


class Entry(BaseModel):
    """A mapping in params.yaml: no other keys, no infinite or huge numbers, no true or false for a number."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def only_known_keys(cls, entry: object) -> object:
        """Refuse an entry that is no mapping, and keys that the model does not have."""
        if not isinstance(entry, Mapping):
            raise make_error(f"should be a mapping, such as {{name: value}}, not {shorten(entry)}")
        for name in entry:
            if name not in cls.model_fields:
                raise make_error(describe_unknown(name, cls.model_fields), name)
        return entry

    @field_validator("*", mode="before")
    @classmethod
    def only_numbers(cls, value: object, info: ValidationInfo) -> object:
        """Refuse true and false, which pydantic takes for 1 and 0, and numbers beyond any size or seed."""
        values = value if isinstance(value, list) else [value]
        truth = [item for item in values if isinstance(item, bool)]
        if truth and cls.model_fields[str(info.field_name)].annotation is not bool:
            raise make_error(f"should be no truth value, not {truth[0]}")
        if any(isinstance(item, int) and abs(item) >= 2**32 for item in values):
            raise make_error(f"should be less than 2^32, not {shorten(value)}")
        return value


def make_error(text: str, name: object = "") -> PydanticCustomError:
    """Make an error for pydantic, with our text; its path should end with the key `name`, if there is one."""
    return PydanticCustomError("mistake", "{text}", {"text": text, "name": str(name)})


def describe_unknown(name: object, valid: Iterable[str]) -> str:
    """Say in a line that a name is not one of `valid`."""
    valid = list(valid)
    near = get_close_matches(str(name), valid, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return f"no such name {shorten(name)}{hint}; valid: {', '.join(valid)}"


Checked = TypeVar("Checked", bound=Entry)


def validate_entry(key: str, model: type[Checked], entry: object) -> Checked:
    """Return `entry` as a `model`, with values of the right types and defaults filled in.

    `key` is where the entry stands. Raises UserError, which names the key and what would be valid, for a key
    that the model does not have and for a value of the wrong type or out of range; raises MissingArgument for
    a missing key.
    """
    try:
        return model.model_validate(entry)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    text, name = first["msg"], first.get("ctx", {}).get("name", "")
    where = ".".join(str(part)[:100] for part in (key, *first["loc"], name) if part != "")
    if first["type"] == "missing":
        raise MissingArgument(f"{where}: should be stated; it has no default", str(first["loc"][-1]))
    if first["type"] == "dict_type":
        text = f"should be a mapping, such as {{name: value}}, not {shorten(first['input'])}"
    elif first["type"] != "mistake":
        text = f"{text[0].lower()}{text[1:]}; it is {shorten(first['input'])}"
    raise UserError(f"{where}: {text}" if where else text)


def choose_name(key: str, name: object, valid: Iterable[str]) -> str:
    """Return `name` if it is one of `valid`. Raises UserError, which names `key` and what is valid."""
    valid = list(valid)
    if isinstance(name, str) and name in valid:
        return name
    raise UserError(f"{key}: {describe_unknown(name, valid)}")


def check_entry(key: str, signature: Callable[..., Any], entry: object) -> dict[str, Any]:
    """Return the keyword arguments that `entry` gives to `signature`, of the right types, with defaults.

    Raises UserError as `validate_entry` does, and where an argument of `signature` has no type.
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
    return validate_entry(key, create_model(signature.__name__, __base__=Entry, **fields), entry).model_dump()


def resolve_entry(
    key: str, folder: str, entry: object, offered: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a params entry {use: name, **arguments} with every argument stated, defaults included.

    An argument that the entry leaves out is taken from `offered`, where it has that name. Raises UserError as
    `check_entry` does, also where the piece itself refuses its arguments.
    """
    if not isinstance(entry, Mapping) or "use" not in entry:
        raise UserError(
            f"{key}: should name a piece, such as {{use: {list_names(folder)[0]}}}, not {shorten(entry)}"
        )
    piece = find_function(folder, choose_name(f"{key}.use", entry["use"], list_names(folder)))
    parameters = inspect.signature(piece).parameters
    arguments = {name: value for name, value in (offered or {}).items() if name in parameters}
    arguments |= {name: value for name, value in entry.items() if name != "use"}
    arguments = check_entry(key, piece, arguments)
    try:
        piece(**arguments)
    except ValueError as error:
        raise UserError(f"{key}: {error}") from None
    return {"use": entry["use"], **arguments}
