"""Claims and graphs to test stores with."""

from collections.abc import Mapping

from graphstore.model import (
    Budget,
    Concept,
    ConceptClaim,
    ConceptId,
    EvidenceClaim,
    Exploration,
    ExplorationDraft,
    Idempotency,
    Knowledge,
    Options,
    Outcome,
    RelationClaim,
    SourceClaim,
    SourceKind,
    Spend,
)
from graphstore.port import Store

TOKEN = "owner-1"


def cite(quote: str = "so it is written", confidence: float = 0.8, origin: str = "atlas") -> EvidenceClaim:
    """Evidence from the one source that an origin has here."""
    source = SourceClaim(f"{origin}:entry", origin, SourceKind.ATLAS, f"The {origin}", f"https://{origin}.example/")
    return EvidenceClaim(source, quote, confidence)


def claim(name: str, *evidence: EvidenceClaim, **words: object) -> ConceptClaim:
    """A concept claim; its ref is its name, and without evidence it cites the atlas."""
    return ConceptClaim(**{"ref": name, "name": name, "evidence": evidence or (cite(f"about {name}"),), **words})  # type: ignore[arg-type]


def says(source: str, type: str, target: str, *evidence: EvidenceClaim) -> RelationClaim:
    """A relation claim; without evidence it cites the atlas."""
    return RelationClaim(source, type, target, evidence or (cite(f"{source} {type} {target}"),))


def known(*concepts: ConceptClaim | str, relations: tuple[RelationClaim, ...] = ()) -> Knowledge:
    """Knowledge of these concepts, named or claimed."""
    return Knowledge(tuple(claim(c) if isinstance(c, str) else c for c in concepts), relations)


async def added(
    store: Store, *concepts: ConceptClaim | str, relations: tuple[RelationClaim, ...] = ()
) -> Mapping[str, ConceptId]:
    """Add knowledge; ids by ref."""
    return (await store.curation.add(known(*concepts, relations=relations))).concepts


async def stored(store: Store, id: ConceptId) -> Concept:
    """The concept that must be there."""
    return (await store.concepts.get([id]))[id]


def draft(
    topic: str = "photosynthesis", root: ConceptId | None = None, depth: int = 2, **budget: float
) -> ExplorationDraft:
    """An exploration to start."""
    return ExplorationDraft(topic, Options(depth, 5, ("atlas",)), Budget(**budget), root)  # type: ignore[arg-type]


async def begun(store: Store, topic: str = "photosynthesis", depth: int = 2, **budget: float) -> Exploration:
    """An exploration that `TOKEN` owns for an hour."""
    return await store.control.start(draft(topic, None, depth, **budget), lease=(TOKEN, 3_600))


async def next_step(store: Store, exploration: str) -> str:
    """The id of the step that comes first."""
    return (await store.explorations.frontier(exploration, 1)).ready[0].id


def outcome(
    exploration: str, step: str, knowledge: Knowledge, spent: Spend | None = None, token: str = TOKEN
) -> Outcome:
    """A step's outcome; the first claim is the concept that was expanded."""
    return Outcome(exploration, token, step, knowledge, knowledge.concepts[0].ref, spent or Spend())


def request_key(key: str = "k1", input_hash: str = "h1", mutation: str = "addKnowledge") -> Idempotency:
    """An idempotency key of one principal."""
    return Idempotency("ann", mutation, key, input_hash)
