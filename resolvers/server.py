"""What the server says of itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from providers.knowledge.port import Card
from resolvers.context import RequestContext


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """Which program this is, on which store, and how much that holds."""

    version: str
    store: str
    store_version: str
    concepts: int
    relations: int
    explorations: int


async def info(context: RequestContext) -> ServerInfo:
    """Versions and counts; where the store lies is nobody's business."""
    status = await context.services.database.operations.status()
    return ServerInfo(
        version=context.services.version,
        store=status.adapter,
        store_version=status.version,
        concepts=status.concepts,
        relations=status.relations,
        explorations=status.explorations,
    )


def knowledge_sources(context: RequestContext) -> Sequence[Card]:
    """The knowledge sources there are."""
    return context.services.explorer.cards(context.store)
