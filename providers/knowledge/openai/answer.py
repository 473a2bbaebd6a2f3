"""What a model may answer: its form, checked before anything of it is believed."""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MOST_RELATIONS = 200
"""However many were asked for, more than this is not an answer but a flood."""
LONGEST_TEXT = 4_000


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Relation(_Strict):
    """One relation, as a model states it."""

    type: str = Field(max_length=200)
    direction: Literal["out", "in"]
    name: str = Field(max_length=LONGEST_TEXT)
    kind: str = Field(max_length=LONGEST_TEXT)
    summary: str = Field(max_length=LONGEST_TEXT)
    reason: str = Field(max_length=LONGEST_TEXT)
    confidence: float = Field(ge=0, le=1)


class Answer(_Strict):
    """What a model says of a concept."""

    known: bool
    summary: str = Field(max_length=LONGEST_TEXT)
    kind: str = Field(max_length=LONGEST_TEXT)
    domain: str = Field(max_length=LONGEST_TEXT)
    aliases: list[str] = Field(max_length=MOST_RELATIONS)
    relations: list[Relation] = Field(max_length=MOST_RELATIONS)


_TEXT: Final = {"type": "string"}
_RELATION: Final = {
    "type": "object",
    "properties": {
        "type": _TEXT,
        "direction": {"type": "string", "enum": ["out", "in"]},
        "name": _TEXT,
        "kind": _TEXT,
        "summary": _TEXT,
        "reason": _TEXT,
        "confidence": {"type": "number"},
    },
    "required": ["type", "direction", "name", "kind", "summary", "reason", "confidence"],
    "additionalProperties": False,
}
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "known": {"type": "boolean"},
        "summary": _TEXT,
        "kind": _TEXT,
        "domain": _TEXT,
        "aliases": {"type": "array", "items": _TEXT},
        "relations": {"type": "array", "items": _RELATION},
    },
    "required": ["known", "summary", "kind", "domain", "aliases", "relations"],
    "additionalProperties": False,
}
"""The same as a JSON schema, in the part of it that structured output knows everywhere (no lengths, no bounds)."""


class UnusableAnswer(ValueError):
    """The answer does not have the form; the message says where, in words for the model and for a person."""


def parsed(text: str) -> Answer:
    """The answer in a text, which may be wrapped in a Markdown fence. Raises `UnusableAnswer`."""
    try:
        return Answer.model_validate_json(_bare(text), strict=True)
    except ValidationError as wrong:
        raise UnusableAnswer("; ".join(_explained(error) for error in wrong.errors()[:5])) from None


def _bare(text: str) -> str:
    text = text.strip()
    if text.startswith("```") and text.endswith("```") and "\n" in text:
        return text.split("\n", 1)[1].removesuffix("```")
    return text


def _explained(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "the answer"
    return f"{where[:80]}: {error['msg'][:200]}"
