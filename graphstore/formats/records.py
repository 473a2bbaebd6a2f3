"""Records as JSON objects: the full form's lines, derived from the fields of the dataclasses themselves."""

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from graphstore.formats import values
from graphstore.formats.errors import LineError
from graphstore.formats.values import Codec, wrong
from graphstore.model import (
    Concept,
    Event,
    Exploration,
    IdempotentResult,
    Image,
    Member,
    Merge,
    Record,
    Relation,
    RelationKey,
    Source,
    Step,
    StoredEvidence,
    Tombstone,
    name_key,
)

KINDS: Mapping[str, type[Any]] = {
    "concept": Concept,
    "merge": Merge,
    "tombstone": Tombstone,
    "source": Source,
    "relation": Relation,
    "evidence": StoredEvidence,
    "exploration": Exploration,
    "step": Step,
    "member": Member,
    "event": Event,
    "idempotency": IdempotentResult,
    "image": Image,
}
"""What each kind of record is called in a file."""

_IDS = frozenset(
    {
        *("id", "concept", "concepts", "created", "exploration", "image", "into", "job", "joined", "made_for", "root"),
        *("source", "step", "target"),
    }
)
"""Fields whose texts are ids."""

_SHAPES: Mapping[str, Callable[[str, Any], str]] = {
    "type": values.relation_type,
    "digest": values.shaped(r"[0-9a-f]{64}", "a SHA-256 digest in lower-case hexadecimal"),
    "media_type": values.shaped(r"image/(png|webp|jpeg)", "image/png, image/webp or image/jpeg"),
    "size": values.shaped(r"[1-9][0-9]{0,3}x[1-9][0-9]{0,3}", "a size in pixels as 512x512"),
}
"""Fields whose texts have a form of their own: what is served as a picture and where its bytes lie go by them."""

_NUMBERS: Mapping[str, Callable[[str, Any], Any]] = {
    "confidence": values.number(0, 1, "a number between 0 and 1"),
    "priority": values.number(None, None, "a number"),
    "version": values.whole(1),
    "seq": values.whole(1),
    "next_seq": values.whole(1),
}
"""Fields whose numbers have bounds of their own; all others are at least 0."""

_AMOUNT = values.number(0, None, "a number of at least 0")


def encode(record: Record) -> dict[str, Any]:
    """The record as its line holds it: one key, which names its kind."""
    name = kind_of(record)
    return {name: _CODECS[name].encode(record)}


def kind_of(record: Record) -> str:
    """What its kind is called in a file."""
    return _NAMES[type(record)]


def decode(content: Mapping[str, Any]) -> Record:
    """The record that a line holds. Raises `LineError` that names what is wrong."""
    if len(content) != 1:
        raise LineError("a record is an object with one key, which names its kind")
    [(name, body)] = content.items()
    if name not in KINDS:
        raise LineError(f"unknown kind of record {name[:80]!r}; known are {', '.join(KINDS)}")
    record: Record = _CODECS[name].decode(name, body)
    return record


class _Field(NamedTuple):
    attribute: str
    name: str
    codec: Codec
    default: Any
    """MISSING: it must be given."""


def _object(kind: type[Any]) -> Codec:
    """Values of a dataclass or named tuple as JSON objects. Fields at their default are not written."""
    known = _fields(kind)
    names = frozenset(f.name for f in known)

    def encode(value: Any) -> dict[str, Any]:
        written = {}
        for attribute, name, codec, default in known:
            each = getattr(value, attribute)
            if default is MISSING or each != default:
                written[name] = codec.encode(each)
        return written

    def decode(path: str, value: Any) -> Any:
        if not isinstance(value, dict):
            raise wrong(path, "an object")
        if unknown := value.keys() - names:
            raise LineError(f"{path} has no field {min(unknown)[:80]!r}")
        read = {f.attribute: _read(path, f, value) for f in known}
        if kind is Concept:
            read["key"] = _key(path, read["name"])
        return kind(**read)

    return Codec(encode, decode)


def _read(path: str, field: _Field, value: dict[str, Any]) -> Any:
    given = value.get(field.name, MISSING)
    if given is MISSING or (given is None and field.codec.optional):
        if field.default is MISSING:
            raise LineError(f"{path}.{field.name} is missing")
        return field.default
    return field.codec.decode(f"{path}.{field.name}", given)


def _key(path: str, name: str) -> str:
    """A concept's key follows from its name and is not written."""
    if not (key := name_key(name)):
        raise wrong(f"{path}.name", "more than spaces")
    return key


def _fields(kind: type[Any]) -> list[_Field]:
    hints = get_type_hints(kind)
    named = {f.name: f.default for f in fields(kind)} if is_dataclass(kind) else {}
    defaults = named or dict.fromkeys(kind._fields, MISSING)
    if kind is Concept:
        del defaults["key"]
    known = []
    for attribute, default in defaults.items():
        codec = _codec(attribute, hints[attribute])
        known.append(_Field(attribute, _camel(attribute), codec, None if codec.optional else default))
    return known


def _camel(attribute: str) -> str:
    first, *others = attribute.split("_")
    return first + "".join(map(str.capitalize, others))


def _codec(name: str, hint: Any) -> Codec:
    """How a field of this name and type is written and read."""
    arguments = get_args(hint)
    if get_origin(hint) in {Union, types.UnionType}:
        return _subject() if RelationKey in arguments else _optional(_codec(name, arguments[0]))
    if get_origin(hint) is tuple:
        return values.listed(_codec(name, arguments[0]))
    if arguments:
        return Codec(dict, values.texts_by_name)
    if hint is RelationKey or (isinstance(hint, type) and is_dataclass(hint)):
        return _object(hint)
    return _leaf(name, hint)


def _leaf(name: str, kind: type[Any]) -> Codec:
    if issubclass(kind, StrEnum):
        return values.one_of(kind)
    if kind is datetime:
        return Codec(values.written_time, values.read_time)
    if kind is str:
        return Codec(values.as_it_is, _text(name))
    if kind is bool:
        return Codec(values.as_it_is, values.boolean)
    return Codec(values.as_it_is, _NUMBERS.get(name, _AMOUNT if kind is float else values.whole(0)))


def _text(name: str) -> Callable[[str, Any], str]:
    if name in _IDS:
        return values.uuid
    return _SHAPES.get(name, values.text)


def _optional(codec: Codec) -> Codec:
    return Codec(codec.encode, codec.decode, optional=True)


def _subject() -> Codec:
    """A concept's id, or a relation's identity as an object."""
    relation = _object(RelationKey)

    def encode(value: Any) -> Any:
        return value if isinstance(value, str) else relation.encode(value)

    def decode(path: str, value: Any) -> Any:
        return relation.decode(path, value) if isinstance(value, dict) else values.uuid(path, value)

    return Codec(encode, decode)


_NAMES = {kind: name for name, kind in KINDS.items()}
_CODECS = {name: _object(kind) for name, kind in KINDS.items()}
