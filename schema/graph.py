"""Concepts, relations, and what attests them."""

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Self, TypeAlias

import strawberry

from graphstore import model
from graphstore.model import Direction, SourceKind
from resolvers import concepts, ids, images, relations
from resolvers.paging import Slice
from schema.connections import After, Before, Connection, First, Last
from schema.node import Node
from schema.words import Info, View, enum, field, object_type, recorded

if TYPE_CHECKING:
    from schema.image import Image

enum(
    Direction,
    {
        "OUT": "Relations that start at the concept.",
        "IN": "Relations that end at the concept.",
        "BOTH": "All relations of the concept.",
    },
)
enum(
    SourceKind,
    {
        "ATLAS": "The encyclopedia that comes with the program.",
        "MODEL": "A language model's answer.",
        "PAGE": "A web page.",
        "DOCUMENT": "A document.",
        "DATASET": "A data set that was imported.",
        "PERSON": "A person who stated or changed something by hand.",
    },
)

Which: TypeAlias = Annotated[Direction, strawberry.argument(description="Which relations, seen from the concept.")]
Types: TypeAlias = Annotated[
    list[str] | None,
    strawberry.argument(description="Only relations of these types, for example `IS_A`; all by default."),
]
Few: TypeAlias = Annotated[int, strawberry.argument(description="At most so many: 1 to 100.")]


@object_type
class ExternalId:
    """The id of a concept in some other system."""

    scheme: str = strawberry.field(description="The system, for example `wikidata`.")
    value: str = strawberry.field(description="The id there, for example `Q11982`.")


@object_type
class Source(View, Node):
    """Something that can be cited: an entry, a page, a document, a data set, a person."""

    record: strawberry.Private[model.Source]
    kind: SourceKind = recorded("What sort of source it is.")
    title: str = recorded("Its title.")
    url: str | None = recorded("Where it can be read.")
    origin: str = recorded("Who stands behind it; sources of one origin do not count as independent support.")
    created: datetime = recorded("When it was first cited.", name="createdAt")

    @classmethod
    def of(cls, record: model.Source) -> Self:
        """As clients see it."""
        return cls(id=strawberry.ID(ids.global_id(ids.SOURCE, record.id)), record=record)


@object_type
class Evidence(View):
    """A source's words for a concept or a relation."""

    record: strawberry.Private[model.Evidence]
    source: Source = strawberry.field(description="Who says so.")
    quote: str = recorded("The source's words; empty where it gave none.")
    confidence: float = recorded("How far the source is believed in this: 0 to 1.")
    created: datetime = recorded("When it was recorded.", name="createdAt")

    @classmethod
    def of(cls, record: model.Evidence) -> Self:
        """As clients see it."""
        return cls(record=record, source=Source.of(record.source))


@object_type
class Concept(View, Node):
    """Something that can be known about."""

    record: strawberry.Private[model.Concept]
    name: str = recorded("Its name. Several concepts may share one: see `otherSenses`.")
    aliases: list[str] = recorded("Other names.")
    summary: str = recorded("What it is, in one to three sentences; empty where nobody said.")
    kind: str = recorded("What sort of thing it is, for example `process`; empty where nobody said.")
    domain: str = recorded("The field it belongs to, for example `biology`; empty where nobody said.")
    confidence: float = recorded("How far its evidence is believed, all together: 0 to 1.")
    support: int = recorded("How many independent sources attest it.")
    degree: int = recorded("How many relations start or end here.")
    version: int = recorded("Grows by one with each change that a person makes; `updateConcept` asks for it.")
    created: datetime = recorded("When it was first found.", name="createdAt")
    updated: datetime = recorded("When it last changed.", name="updatedAt")

    @classmethod
    def of(cls, record: model.Concept) -> Self:
        """As clients see it."""
        return cls(id=strawberry.ID(ids.global_id(ids.CONCEPT, record.id)), record=record)

    @field
    def external_ids(self) -> list[ExternalId]:
        """Its ids in other systems."""
        return [ExternalId(scheme=scheme, value=value) for scheme, value in sorted(self.record.external_ids.items())]

    @field
    async def relations(
        self,
        info: Info,
        *,
        direction: Which = Direction.BOTH,
        types: Types = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> "Connection[Relation]":
        """Its relations, the most confident first."""
        args = (info.context, self.record.id, direction, types)
        page = await relations.of_concept(*args, Slice(first, after, last, before))
        return Connection.of(page, relations.RELATIONS, Relation.of, partial(relations.count, *args))

    @field
    async def related(
        self,
        info: Info,
        *,
        direction: Which = Direction.BOTH,
        types: Types = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> "Connection[Concept]":
        """The concepts at the other ends of its relations, each once, the most strongly related first."""
        args = (info.context, self.record.id, direction, types)
        page = await relations.neighbours(*args, Slice(first, after, last, before))
        return Connection.of(page, relations.RELATED, Concept.of, partial(relations.count_neighbours, *args))

    @field
    async def evidence(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Evidence]:
        """What attests it, the most confident first."""
        return await _evidence(info, self.record.id, Slice(first, after, last, before))

    @field
    async def source_kinds(self, info: Info) -> list[SourceKind]:
        """The kinds of sources that attest it."""
        return list(await relations.source_kinds(info.context, self.record.id))

    @field
    async def model_only(self, info: Info) -> bool:
        """Whether only language models say that there is such a thing."""
        return await relations.source_kinds(info.context, self.record.id) == [SourceKind.MODEL]

    @field
    async def images(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Annotated["Image", strawberry.lazy("schema.image")]]:
        """Its images, whatever their status, the newest first."""
        from schema.image import Image  # noqa: PLC0415 - images know their concepts, and concepts their images

        page = await images.of_concept(info.context, self.record.id, Slice(first, after, last, before))
        return Connection.of(page, images.IMAGES, Image.of, partial(images.count, info.context, self.record.id))

    @field
    async def other_senses(self, info: Info, first: Few = 5) -> "list[Concept]":
        """Other concepts of the same name, the best supported first."""
        return [Concept.of(sense) for sense in await concepts.other_senses(info.context, self.record, first)]

    @field
    async def possible_duplicates(self, info: Info, first: Few = 5) -> "list[Concept]":
        """Concepts with much the same name that may be this one, the likeliest first; see `mergeConcepts`."""
        return [Concept.of(other) for other in await concepts.possible_duplicates(info.context, self.record, first)]


@object_type
class Relation(View, Node):
    """A typed, directed statement about two concepts: source TYPE target."""

    record: strawberry.Private[model.Relation]
    type: str = strawberry.field(description="What it says, for example `PART_OF`. See `relationTypes`.")
    source: Concept = strawberry.field(description="Where it starts.")
    target: Concept = strawberry.field(description="Where it ends.")
    confidence: float = recorded("How far its evidence is believed, all together: 0 to 1.")
    support: int = recorded("How many independent sources attest it.")
    contradicted: bool = recorded("Whether another relation of the same two concepts says otherwise.")
    version: int = recorded("Grows by one with each change that a person makes; `updateRelation` asks for it.")
    created: datetime = recorded("When it was first found.", name="createdAt")
    updated: datetime = recorded("When it last changed.", name="updatedAt")

    @classmethod
    def of(cls, edge: model.Edge) -> Self:
        """As clients see it."""
        key = edge.relation.key
        return cls(
            id=strawberry.ID(ids.relation_id(key)),
            record=edge.relation,
            type=key.type,
            source=Concept.of(edge.source),
            target=Concept.of(edge.target),
        )

    @field
    async def evidence(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Evidence]:
        """What attests it, the most confident first."""
        return await _evidence(info, self.record.key, Slice(first, after, last, before))

    @field
    async def source_kinds(self, info: Info) -> list[SourceKind]:
        """The kinds of sources that attest it."""
        return list(await relations.source_kinds(info.context, self.record.key))

    @field
    async def model_only(self, info: Info) -> bool:
        """Whether only language models say so."""
        return await relations.source_kinds(info.context, self.record.key) == [SourceKind.MODEL]


async def _evidence(info: Info, subject: model.Subject, part: Slice) -> Connection[Evidence]:
    page = await relations.evidence(info.context, subject, part)
    count = partial(relations.count_evidence, info.context, subject)
    return Connection.of(page, relations.EVIDENCE, Evidence.of, count)
