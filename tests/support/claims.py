"""Claims and graphs to test stores with."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from graphstore.model import (
    Budget,
    Concept,
    ConceptClaim,
    ConceptId,
    EvidenceClaim,
    Exploration,
    ExplorationDraft,
    Idempotency,
    Illustration,
    Image,
    ImageDraft,
    ImageError,
    ImageOptions,
    ImageStatus,
    Knowledge,
    Options,
    Outcome,
    Painted,
    Picture,
    Pictures,
    RelationClaim,
    SourceClaim,
    SourceKind,
    Spend,
    Step,
    StepKind,
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
    return (await store.explorations.frontier(exploration, StepKind.EXPAND, 1)).ready[0].id


def outcome(
    exploration: str, step: str, knowledge: Knowledge, spent: Spend | None = None, token: str = TOKEN
) -> Outcome:
    """A step's outcome; the first claim is the concept that was expanded."""
    return Outcome(exploration, token, step, knowledge, knowledge.concepts[0].ref, spent or Spend())


def request_key(key: str = "k1", input_hash: str = "h1", mutation: str = "addKnowledge") -> Idempotency:
    """An idempotency key of one principal."""
    return Idempotency("ann", mutation, key, input_hash)


def wanted(concept: ConceptId, count: int = 1, **options: object) -> ImageDraft:
    """Pictures of a concept to be asked for."""
    return ImageDraft(concept, count, ImageOptions(**{"provider": "mock", "size": "64x64", **options}))  # type: ignore[arg-type]


async def asked(store: Store, concept: ConceptId, count: int = 1) -> Sequence[Image]:
    """Ask for pictures of a concept, which are made together."""
    return await store.image_jobs.request([wanted(concept, count)])


def picture(content: str = "a", cost_usd: float = 0.0) -> Picture:
    """A picture that was made; its digest is that of its content."""
    digest = hashlib.sha256(content.encode()).hexdigest()
    return Picture(digest, "image/png", 64, 64, 123, "mock", "mock-1", 7, cost_usd)


def painted(content: str = "a") -> Painted:
    """What comes of making an image."""
    return Painted(f"paint {content}", 1, picture(content))


async def image_in(store: Store, concept: ConceptId, status: ImageStatus) -> Image:
    """An image of a concept in this status; one that is being made is so for a minute."""
    [image] = await asked(store, concept)
    if status is ImageStatus.CANCELLED:
        return await store.image_jobs.cancel(image.id)
    if status is not ImageStatus.QUEUED:
        [image] = await store.image_jobs.claim(image.job, "maker", 60)
    if status in {ImageStatus.READY, ImageStatus.FAILED}:
        result = picture() if status is ImageStatus.READY else ImageError("PROVIDER_REFUSED", "no")
        [image] = await store.image_jobs.complete(image.job, "maker", {image.id: Painted("p", 1, result)})
    assert image.status is status
    return image


async def illustrated(store: Store, *names: str, depth: int = 1, **budget: float) -> Exploration:
    """An exploration with pictures, which `TOKEN` owns for an hour; where concepts are named, its first step has
    found them."""
    plain = draft("photosynthesis", None, depth, **budget)
    options = replace(plain.options, pictures=Pictures("mock", "64x64"))
    exploration = await store.control.start(replace(plain, options=options), lease=(TOKEN, 3_600))
    if names:
        step = await next_step(store, exploration.id)
        await store.work.commit(outcome(exploration.id, step, known(*names)))
    return exploration


async def picture_steps(store: Store, exploration: str) -> Sequence[Step]:
    """The picture steps that may run."""
    return (await store.explorations.frontier(exploration, StepKind.PICTURE, 100)).ready


def illustration(exploration: str, step: str, of: Picture | None = None, token: str = TOKEN) -> Illustration:
    """What a picture step brought."""
    return Illustration(exploration, token, step, wanted("").options, "paint it", 1, of or picture(), seconds=0.5)
