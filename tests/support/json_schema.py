"""Schemas of what is used here of a format: stricter than the format's own, so that a misspelt key is found."""

from typing import Any, Final

TEXT: Final = {"type": "string"}
NAME: Final = {"type": "string", "pattern": "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"}
WHOLE: Final = {"type": "integer", "minimum": 0}


def record(required: tuple[str, ...], **properties: object) -> dict[str, Any]:
    """A schema of an object with these properties and no others."""
    return {
        "type": "object",
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
    }


def several(items: object) -> dict[str, Any]:
    """A schema of a list with something in it."""
    return {"type": "array", "minItems": 1, "items": items}
