"""Parameters and columns in SQLite's form."""

from collections.abc import Iterable
from typing import Any, TypeAlias

import orjson

from graphstore.rows.graph import is_text

Parameters: TypeAlias = dict[str, Any]

_NUL = "\\u0000"


def as_json(values: Iterable[Any]) -> str:
    """Many values as one parameter, for `json_each`. What could never be stored is matched by nothing."""
    values = list(values)
    try:
        text = orjson.dumps(values).decode()
    except orjson.JSONEncodeError:  # a lone surrogate
        text = _NUL
    return text if _NUL not in text else orjson.dumps([v if _storable(v) else None for v in values]).decode()


def _storable(value: Any) -> bool:
    if isinstance(value, str):  # SQLite's JSON ends a text at NUL
        return "\0" not in value and is_text(value)
    return not isinstance(value, tuple | list) or all(map(_storable, value))
