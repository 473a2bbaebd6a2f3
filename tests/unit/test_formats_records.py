"""The full form's records: nothing is lost on the way to a line and back, and what is wrong is named."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any, get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphstore.formats.errors import LineError
from graphstore.formats.records import KINDS, decode, encode
from graphstore.model import (
    Budget,
    Concept,
    Event,
    EventKind,
    Exploration,
    ExplorationStatus,
    IdempotentResult,
    Image,
    ImageError,
    ImageOptions,
    ImageStatus,
    Lease,
    Member,
    Merge,
    Options,
    Picture,
    Pictures,
    Progress,
    Record,
    Relation,
    RelationKey,
    Source,
    SourceKind,
    Spend,
    Step,
    StepKind,
    StepState,
    StoredEvidence,
    Tombstone,
    name_key,
)

ids = st.uuids().map(str)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
names = texts.filter(name_key)
times = st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
counts = st.integers(0, 2**53 - 1)
amounts = st.floats(0, 1e12)
shares = st.floats(0, 1)
words = st.lists(texts, max_size=3).map(tuple)
several = st.lists(ids, max_size=3).map(tuple)
schemes = st.dictionaries(texts, texts, max_size=3)
sizes = st.from_regex(r"[1-9][0-9]{0,3}x[1-9][0-9]{0,3}", fullmatch=True)
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
media_types = st.sampled_from(["image/png", "image/webp", "image/jpeg"])
keys = st.builds(RelationKey, ids, st.from_regex(r"[A-Z][A-Z0-9_]{0,63}", fullmatch=True), ids)
subjects = ids | keys
spends = st.builds(Spend, counts, amounts, counts, amounts, counts)
leases = st.builds(Lease, texts, times)
progresses = st.builds(Progress, counts, counts, counts, counts)
members = st.builds(Member, ids, ids, counts, st.booleans(), st.integers(1, 2**40))


@st.composite
def concepts(draw: st.DrawFn) -> Concept:
    """Concepts whose key is that of their name, as in every store."""
    name = draw(names)
    return Concept(
        *(draw(ids), name, name_key(name), draw(texts), draw(texts), draw(texts), draw(texts), draw(words)),
        *(draw(schemes), draw(shares), draw(counts), draw(counts), draw(st.integers(1, 99)), draw(times), draw(times)),
    )


RECORDS: dict[type[Any], st.SearchStrategy[Any]] = {
    Concept: concepts(),
    Relation: st.builds(Relation, keys, shares, counts, st.booleans(), st.integers(1, 99), times, times),
    Source: st.builds(Source, ids, texts, texts, st.sampled_from(SourceKind), texts, st.none() | texts, times),
    StoredEvidence: st.builds(StoredEvidence, ids, subjects, subjects, ids, texts, shares, times),
    Tombstone: st.builds(Tombstone, texts, times),
    Merge: st.builds(Merge, concepts(), ids, words, schemes, st.lists(members, max_size=2).map(tuple), several, times),
    Exploration: st.builds(
        Exploration,
        *(ids, texts, st.sampled_from(ExplorationStatus), st.none() | texts),
        st.builds(
            *(Options, counts, counts, words, texts, texts),
            st.none() | st.builds(Pictures, texts, sizes, texts, texts),
        ),
        st.builds(Budget, *(st.none() | each for each in (counts, amounts, counts, amounts, counts))),
        *(spends, progresses, st.none() | ids, st.none() | leases, st.integers(1, 2**40)),
        *(times, st.none() | times, st.none() | times),
    ),
    Step: st.builds(
        Step,
        *(ids, ids, st.sampled_from(StepKind), st.none() | ids, counts, st.floats(-1e9, 1e9)),
        *(st.sampled_from(StepState), counts, st.none() | texts, spends, st.none() | spends),
        *(st.none() | times, times, st.none() | times, st.none() | texts),
    ),
    Member: members,
    Event: st.builds(
        Event,
        *(ids, st.integers(1, 2**40), st.sampled_from(EventKind), times, progresses, several, several),
        *(st.lists(keys, max_size=3).map(tuple), st.none() | ids, st.none() | texts, st.booleans()),
        *(st.none() | st.sampled_from(ExplorationStatus), st.none() | texts, st.none() | ids),
    ),
    IdempotentResult: st.builds(IdempotentResult, texts, texts, texts, texts, texts, times),
    Image: st.builds(
        Image,
        *(ids, ids, counts, ids, ids, st.none() | ids),
        st.builds(ImageOptions, texts, sizes, *[texts] * 3, st.none() | counts, *[st.booleans()] * 3),
        *(st.sampled_from(ImageStatus), counts, st.integers(1, 99), st.none() | texts, st.none() | counts),
        st.none()
        | st.builds(
            *(Picture, digests, media_types, counts, counts, counts, texts, texts, st.none() | counts, amounts),
            *(st.booleans(), st.none() | texts),
        ),
        st.none() | st.builds(ImageError, texts, texts),
        *(st.none() | leases, times, st.none() | times, st.none() | times),
    ),
}

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ID = "0190a8d8-fef3-72cd-8bb8-17f493bbfd1b"
DIGEST = "0123456789abcdef" * 4
CONCEPT = Concept(ID, "Whale", "whale", "", "animal", "sea", "Large.", (), {"wikidata": "Q1"}, 0.9, 1, 0, 1, NOW, NOW)
IMAGE = Image(
    *(ID, ID, 0, ID, ID, None, ImageOptions("mock", "64x64"), ImageStatus.READY, 1, 2, "paint it", 1),
    *(Picture(DIGEST, "image/png", 64, 64, 99, "mock", "mock-1", None, 0.0), None, None, NOW, NOW, NOW),
)
STEP = Step(ID, ID, StepKind.EXPAND, None, 0, 1.0, StepState.PENDING, 0, None, Spend(), None, None, NOW, None)


def test_every_kind_of_record_has_a_name() -> None:
    """No kind of record was added to the model without one in the files."""
    assert set(KINDS.values()) == set(get_args(Record)) == set(RECORDS)


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_a_record_comes_back_from_its_line_as_it_was(kind: type[Any], data: st.DataObject) -> None:
    """Decoding what was encoded, through JSON, gives an equal record."""
    record = data.draw(RECORDS[kind])
    assert decode(orjson.loads(orjson.dumps(encode(record)))) == record


def test_lines_are_readable() -> None:
    """Names are those of the API, times are ISO 8601, and defaults are left out."""
    assert encode(STEP) == {
        "step": {
            "id": ID,
            "exploration": ID,
            "kind": "EXPAND",
            "depth": 0,
            "priority": 1.0,
            "state": "PENDING",
            "attempts": 0,
            "spent": {},
            "created": "2026-11-23T12:00:00.000000Z",
        }
    }


def test_an_image_tells_of_its_picture_and_not_its_bytes() -> None:
    """What was asked for and what came of it; what is as it is without being asked for is left out."""
    body = encode(IMAGE)["image"]
    assert body["options"] == {"provider": "mock", "size": "64x64"}
    assert body["picture"] == {
        "digest": DIGEST,
        "mediaType": "image/png",
        "width": 64,
        "height": 64,
        "bytes": 99,
        "provider": "mock",
        "model": "mock-1",
        "costUsd": 0.0,
    }
    assert (body["madeFor"], body["conceptVersion"], body["status"]) == (ID, 1, "READY")
    assert not {"lease", "error", "exploration"} & body.keys()


def changed(record: Record, path: str, value: object) -> dict[str, Any]:
    """The record's line with another value at a path; None takes it away."""
    line: dict[str, Any] = deepcopy(encode(record))
    *parents, last = path.split(".")
    place = line
    for parent in parents:
        place = place[parent]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return line


@pytest.mark.parametrize(
    ("record", "path", "value", "message"),
    [
        (CONCEPT, "concept.confidence", 1.5, "concept.confidence must be a number between 0 and 1"),
        (CONCEPT, "concept.confidence", True, "concept.confidence must be a number between 0 and 1"),
        (CONCEPT, "concept.confidence", "high", "concept.confidence must be a number between 0 and 1"),
        (CONCEPT, "concept.support", -1, "concept.support must be a whole number from 0 to 9007199254740991"),
        (CONCEPT, "concept.support", 1.5, "concept.support must be a whole number from 0 to 9007199254740991"),
        (CONCEPT, "concept.version", 0, "concept.version must be a whole number from 1 to 9007199254740991"),
        (CONCEPT, "concept.id", "1", "concept.id must be a UUID in lower case with hyphens"),
        (CONCEPT, "concept.name", " \n", "concept.name must be more than spaces"),
        (CONCEPT, "concept.name", "a\0b", "concept.name must be without NUL characters"),
        (CONCEPT, "concept.name", 1, "concept.name must be a string"),
        (CONCEPT, "concept.aliases", ["a", 1], "concept.aliases[1] must be a string"),
        (CONCEPT, "concept.aliases", "a", "concept.aliases must be an array"),
        (CONCEPT, "concept.externalIds", {"wikidata": 7}, "concept.externalIds.wikidata must be a string"),
        (CONCEPT, "concept.created", "2026-01-01", "concept.created must be a time as 2026-01-31T12:00:00.000000Z"),
        (CONCEPT, "concept.created", "0001-01-01T00:00:00+14:00", "concept.created must be a time as"),
        (CONCEPT, "concept.summary", None, "concept.summary is missing"),
        (CONCEPT, "concept.colour", "blue", "concept has no field 'colour'"),
        (STEP, "step.state", "LOST", "step.state must be one of PENDING, DONE, FAILED"),
        (STEP, "step.spent", [], "step.spent must be an object"),
        (STEP, "step.spent", {"costUsd": -1}, "step.spent.costUsd must be a number of at least 0"),
        (STEP, "step.concept", {"source": ID}, "step.concept must be a UUID in lower case with hyphens"),
        (STEP, "step.kind", "DREAM", "step.kind must be one of EXPAND, PICTURE"),
        (IMAGE, "image.status", "LOST", "image.status must be one of QUEUED, GENERATING, READY, FAILED, CANCELLED"),
        (IMAGE, "image.job", "1", "image.job must be a UUID in lower case with hyphens"),
        (IMAGE, "image.madeFor", "leaf", "image.madeFor must be a UUID in lower case with hyphens"),
        (IMAGE, "image.picture.width", -1, "image.picture.width must be a whole number from 0 to 9007199254740991"),
        (IMAGE, "image.picture.digest", None, "image.picture.digest is missing"),
        (IMAGE, "image.picture.digest", "../secret", "image.picture.digest must be a SHA-256 digest in lower-case"),
        (IMAGE, "image.picture.mediaType", "text/html", "image.picture.mediaType must be image/png, image/webp or"),
        (IMAGE, "image.picture.mediaType", "image/png\r\nX: y", "image.picture.mediaType must be image/png, image/"),
        (IMAGE, "image.options.size", "0x0", "image.options.size must be a size in pixels as 512x512"),
        (IMAGE, "image.picture.data", "iVBORw0KGgo=", "image.picture has no field 'data'"),
        (IMAGE, "image.options", "mock", "image.options must be an object"),
        (Tombstone("name::a", NOW), "tombstone", 1, "tombstone must be an object"),
        (
            Relation(RelationKey(ID, "IS_A", ID), 1, 1, contradicted=False, version=1, created=NOW, updated=NOW),
            "relation.key.type",
            "is a",
            "relation.key.type must be a relation type: A-Z, 0-9 and _, a letter first, at most 64 characters",
        ),
    ],
)
def test_what_is_wrong_is_named(record: Record, path: str, value: object, message: str) -> None:
    """The error names the field by its path and says what belongs there."""
    line = json.loads(json.dumps(changed(record, path, value)))
    with pytest.raises(LineError) as caught:
        decode(line)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({}, "a record is an object with one key, which names its kind"),
        ({"concept": {}, "step": {}}, "a record is an object with one key, which names its kind"),
        ({"picture": {}}, "unknown kind of record 'picture'; known are concept, merge,"),
    ],
)
def test_other_objects_are_no_records(line: dict[str, Any], message: str) -> None:
    """An object that is no record is refused with a reason."""
    with pytest.raises(LineError) as caught:
        decode(line)
    assert str(caught.value).startswith(message)
