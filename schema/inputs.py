"""What mutations are given, and how it reads in the domain."""

import strawberry

from exploration.request import Request
from graphstore import model
from graphstore.model import (
    ConceptClaim,
    ConceptPatch,
    EvidenceClaim,
    Knowledge,
    RelationClaim,
    SourceClaim,
    SourceKind,
)
from resolvers import curation, ids
from resolvers.claims import distinct_external_ids
from schema.image_inputs import PicturesInput
from schema.words import input_type


@input_type
class BudgetInput:
    """Upper bounds. What is left out keeps its default, or its present value where an exploration is extended."""

    concepts: int | None = strawberry.field(default=None, description="Concepts in the exploration; 200 by default.")
    seconds: float | None = strawberry.field(default=None, description="Seconds of work; 600 by default.")
    tokens: int | None = strawberry.field(default=None, description="Tokens of language models; unbounded by default.")
    cost_usd: float | None = strawberry.field(default=None, description="US dollars; unbounded by default.")
    pictures: int | None = strawberry.field(default=None, description="Pictures; unbounded by default.")

    def over(self, budget: model.Budget) -> model.Budget:
        """The budget, with what is given here instead."""
        return model.Budget(
            concepts=budget.concepts if self.concepts is None else self.concepts,
            seconds=budget.seconds if self.seconds is None else self.seconds,
            tokens=budget.tokens if self.tokens is None else self.tokens,
            cost_usd=budget.cost_usd if self.cost_usd is None else self.cost_usd,
            pictures=budget.pictures if self.pictures is None else self.pictures,
        )


@input_type
class StartExplorationInput:
    """What to explore, and how far: exactly one of topic and conceptId."""

    topic: str | None = strawberry.field(default=None, description="Words for the topic: at most 200 characters.")
    concept_id: strawberry.ID | None = strawberry.field(default=None, description="The stored concept to start from.")
    depth: int = strawberry.field(default=2, description="How many relations away concepts may lie: 1 to 6.")
    breadth: int = strawberry.field(default=12, description="Neighbours of one concept that are followed: 1 to 50.")
    sources: list[str] = strawberry.field(
        default_factory=list, description="Knowledge sources to ask, in this order; the server's choice by default."
    )
    instructions: str = strawberry.field(default="", description="What to tell sources that understand it.")
    language: str = strawberry.field(default="en", description="The language to ask for, as an IETF tag.")
    pictures: PicturesInput | None = strawberry.field(
        default=None, description="Have a picture made of each concept; by default none is."
    )
    budget: BudgetInput | None = strawberry.field(default=None, description="What it may use.")
    idempotency_key: str | None = strawberry.field(
        default=None, description="Repeating a request with this key within 24 hours gives the same exploration."
    )

    def request(self) -> Request:
        """As the engine knows it."""
        usual = Request()
        raw = None if self.concept_id is None else ids.raw_id("input.conceptId", self.concept_id, ids.CONCEPT)
        return Request(
            topic=self.topic,
            concept=raw,
            depth=self.depth,
            breadth=self.breadth,
            sources=tuple(self.sources),
            instructions=self.instructions,
            language=self.language,
            pictures=self.pictures.request() if self.pictures else None,
            budget=self.budget.over(usual.budget) if self.budget else usual.budget,
        )


@input_type
class PauseExplorationInput:
    """Which exploration to pause."""

    id: strawberry.ID = strawberry.field(description="The exploration.")


@input_type
class ResumeExplorationInput:
    """Which exploration goes on."""

    id: strawberry.ID = strawberry.field(description="The exploration.")


@input_type
class CancelExplorationInput:
    """Which exploration to stop for good."""

    id: strawberry.ID = strawberry.field(description="The exploration.")
    reason: str = strawberry.field(default="cancelled on request", description="Why, for people to read.")


@input_type
class ExtendExplorationInput:
    """Which exploration goes on with more."""

    id: strawberry.ID = strawberry.field(description="The exploration.")
    budget: BudgetInput | None = strawberry.field(default=None, description="What it may use now, all in all.")
    depth: int | None = strawberry.field(default=None, description="How many relations away concepts may lie now.")

    def more(self) -> model.Budget:
        """The new bounds; None stays as it is."""
        return self.budget.over(model.Budget()) if self.budget else model.Budget()


@input_type
class RetryFailedStepsInput:
    """Of which exploration to try the failed steps again."""

    id: strawberry.ID = strawberry.field(description="The exploration.")


@input_type
class DeleteExplorationInput:
    """Which exploration to forget."""

    id: strawberry.ID = strawberry.field(description="The exploration, which has ended.")


@input_type
class ExternalIdInput:
    """The id of a concept in some other system."""

    scheme: str = strawberry.field(description="The system, for example `wikidata`.")
    value: str = strawberry.field(description="The id there, for example `Q11982`.")


@input_type
class SourceInput:
    """Where the knowledge comes from."""

    title: str = strawberry.field(description="Its title.")
    url: str | None = strawberry.field(default=None, description="Where it can be read: http or https.")
    kind: SourceKind = strawberry.field(default=SourceKind.DOCUMENT, description="What sort of source it is.")

    def claim(self) -> SourceClaim:
        """As the store knows it."""
        return curation.cited(self.title, self.url, self.kind)


@input_type
class ConceptInput:
    """A concept that exists, or that is stored already."""

    ref: str | None = strawberry.field(
        default=None, description="What relations of this input call it; by default its name, else its id."
    )
    id: strawberry.ID | None = strawberry.field(default=None, description="The stored concept that it is.")
    name: str = strawberry.field(default="", description="Its name; may be left out where the id is given.")
    kind: str = strawberry.field(default="", description="What sort of thing it is. Tells namesakes apart.")
    domain: str = strawberry.field(default="", description="The field it belongs to.")
    summary: str = strawberry.field(default="", description="What it is. Does not replace a stored summary.")
    aliases: list[str] = strawberry.field(default_factory=list, description="Other names.")
    external_ids: list[ExternalIdInput] = strawberry.field(
        default_factory=list, description="Its ids in other systems."
    )
    quote: str = strawberry.field(default="", description="The source's words.")
    confidence: float = strawberry.field(default=1.0, description="How far the source is believed: 0 to 1.")

    def claim(self, source: SourceClaim) -> ConceptClaim:
        """As the store knows it. A concept that is only pointed to is not attested anew."""
        return ConceptClaim(
            ref=self.ref or self.name or self.id or "",
            name=self.name,
            kind=self.kind,
            domain=self.domain,
            summary=self.summary,
            aliases=tuple(self.aliases),
            external_ids=distinct_external_ids("input.concepts", [(e.scheme, e.value) for e in self.external_ids]),
            evidence=(EvidenceClaim(source, self.quote, self.confidence),) if self.name else (),
            id=None if self.id is None else ids.raw_id("input.concepts.id", self.id, ids.CONCEPT),
        )


@input_type
class RelationInput:
    """A statement about two of the concepts: source TYPE target."""

    source: str = strawberry.field(description="The ref of the concept where it starts.")
    type: str = strawberry.field(description="What it says, for example `PART_OF`: A-Z, 0-9 and _.")
    target: str = strawberry.field(description="The ref of the concept where it ends.")
    quote: str = strawberry.field(default="", description="The source's words.")
    confidence: float = strawberry.field(default=1.0, description="How far the source is believed: 0 to 1.")

    def claim(self, source: SourceClaim) -> RelationClaim:
        """As the store knows it."""
        evidence = EvidenceClaim(source, self.quote, self.confidence)
        return RelationClaim(self.source, self.type, self.target, (evidence,))


@input_type
class AddKnowledgeInput:
    """Concepts and relations between them, all from one source."""

    concepts: list[ConceptInput] = strawberry.field(description="At most 100.")
    relations: list[RelationInput] = strawberry.field(default_factory=list, description="At most 500.")
    source: SourceInput | None = strawberry.field(default=None, description="Who says so; by default you do.")
    idempotency_key: str | None = strawberry.field(
        default=None, description="Repeating a request with this key within 24 hours gives the same answer."
    )

    def knowledge(self, person: SourceClaim) -> Knowledge:
        """As the store knows it."""
        source = self.source.claim() if self.source else person
        return Knowledge(
            tuple(concept.claim(source) for concept in self.concepts),
            tuple(relation.claim(source) for relation in self.relations),
        )


@input_type
class UpdateConceptInput:
    """New values for a concept; what is left out stays."""

    id: strawberry.ID = strawberry.field(description="The concept.")
    expected_version: int = strawberry.field(description="The `version` that you read; another one is refused.")
    name: str | None = strawberry.field(default=None, description="Its name.")
    kind: str | None = strawberry.field(default=None, description="What sort of thing it is.")
    domain: str | None = strawberry.field(default=None, description="The field it belongs to.")
    summary: str | None = strawberry.field(default=None, description="What it is.")
    aliases: list[str] | None = strawberry.field(default=None, description="All its other names.")
    external_ids: list[ExternalIdInput] | None = strawberry.field(
        default=None, description="All its ids in other systems."
    )
    note: str = strawberry.field(default="", description="Why; kept as evidence.")

    def patch(self) -> ConceptPatch:
        """As the store knows it."""
        external_ids = None if self.external_ids is None else [(e.scheme, e.value) for e in self.external_ids]
        return ConceptPatch(
            name=self.name,
            summary=self.summary,
            kind=self.kind,
            domain=self.domain,
            aliases=None if self.aliases is None else tuple(self.aliases),
            external_ids=None if external_ids is None else distinct_external_ids("input", external_ids),
        )


@input_type
class DeleteConceptInput:
    """Which concept to delete."""

    id: strawberry.ID = strawberry.field(description="The concept.")


@input_type
class UpdateRelationInput:
    """Another type for a relation."""

    id: strawberry.ID = strawberry.field(description="The relation.")
    expected_version: int = strawberry.field(description="The `version` that you read; another one is refused.")
    type: str = strawberry.field(description="What it says, for example `PART_OF`: A-Z, 0-9 and _.")
    note: str = strawberry.field(default="", description="Why; kept as evidence.")


@input_type
class DeleteRelationInput:
    """Which relation to delete."""

    id: strawberry.ID = strawberry.field(description="The relation.")


@input_type
class DeleteSourceInput:
    """Which source to delete."""

    id: strawberry.ID = strawberry.field(description="The source.")


@input_type
class MergeConceptsInput:
    """Which concepts are one."""

    into: strawberry.ID = strawberry.field(description="The one that stays.")
    others: list[strawberry.ID] = strawberry.field(description="Those that become part of it; their ids lead to it.")


@input_type
class UnmergeConceptsInput:
    """Which concept is one of its own after all."""

    id: strawberry.ID = strawberry.field(description="The concept as it was known before it was merged.")
