"""Anything that has an id, by its id."""

import asyncio
from collections.abc import Sequence
from typing import TypeAlias

from exploration.errors import InvalidRequest
from graphstore.model import Concept, Edge, Exploration, Image, Source, Step
from resolvers import ids
from resolvers.context import RequestContext
from resolvers.paging import MOST

Record: TypeAlias = Concept | Edge | Source | Exploration | Step | Image


async def node(context: RequestContext, argument: str, id: str) -> Record | None:
    """The thing with exactly this id; None where there is none, also for a concept that was merged into another."""
    type, raw = ids.typed_id(argument, id)
    match type:
        case ids.CONCEPT:
            concept = await context.loaders.concept.load(raw)
            return concept if concept is not None and concept.id == raw else None
        case ids.RELATION:
            return await context.loaders.relation.load(ids.key_of(argument, raw))
        case ids.SOURCE:
            return await context.loaders.source.load(raw)
        case ids.STEP:
            return await context.loaders.step.load(raw)
        case ids.IMAGE:
            return await context.loaders.image.load(raw)
        case _:
            return await context.loaders.exploration.load(raw)


async def many(context: RequestContext, given: Sequence[str]) -> Sequence[Record | None]:
    """The things with these ids, in their order; one read for each type."""
    if len(given) > MOST:
        raise InvalidRequest("ids", f"{len(given):,} ids are given; at most {MOST} are allowed")
    return await asyncio.gather(*(node(context, "ids", id) for id in given))
