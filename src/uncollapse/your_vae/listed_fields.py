"""The fields of a result as plain lists and numbers, such as JSON can hold."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def list_fields(result: "DataclassInstance") -> dict[str, Any]:
    """Return the fields of a dataclass by name, with arrays as lists."""
    values = {field.name: getattr(result, field.name) for field in fields(result)}
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in values.items()
    }
