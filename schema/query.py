"""The query root: what can be read."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any

import strawberry

from graphstore import model
from graphstore.model import ConceptOrder, ExplorationStatus
from resolvers import concepts, explorations, images, nodes, relations, server
from resolvers.paging import Slice
from schema.answers import KnowledgeSource, Neighbourhood, PathResult, RelationTypeCount, SearchConnection, ServerInfo
from schema.connections import After, Before, Connection, First, Last
from schema.exploration import Exploration
from schema.graph import Concept, Relation, Source, Types
from schema.image import Image, ImageCacheStats, ImageProvider
from schema.node import Node
from schema.step import Step
from schema.words import Info, enum, field, input_type, object_type

enum(
    ConceptOrder,
    {
        "NAME": "By name, as it is looked up: without regard to case.",
        "NEWEST": "The latest found first.",
        "OLDEST": "The earliest found first.",
        "MOST_CONNECTED": "Those with the most relations first.",
        "MOST_SUPPORTED": "Those with the most independent sources first.",
    },
)


@input_type
class ConceptFilter:
    """All that is given must hold."""

    kinds: list[str] | None = strawberry.field(default=None, description="One of these kinds.")
    domains: list[str] | None = strawberry.field(default=None, description="One of these domains.")
    name_prefix: str | None = strawberry.field(default=None, description="The name begins so, without regard to case.")
    min_confidence: float | None = strawberry.field(default=None, description="At least so confident: 0 to 1.")

    def wanted(self) -> model.ConceptFilter:
        """As the store knows it."""
        kinds, domains = (None if words is None else tuple(words) for words in (self.kinds, self.domains))
        return model.ConceptFilter(kinds, domains, self.name_prefix, self.min_confidence)


@input_type
class ExplorationFilter:
    """All that is given must hold."""

    statuses: list[ExplorationStatus] | None = strawberry.field(default=None, description="One of these statuses.")
    topic: str | None = strawberry.field(default=None, description="The topic, without regard to case.")

    def wanted(self) -> model.ExplorationFilter:
        """As the store knows it."""
        return model.ExplorationFilter(None if self.statuses is None else tuple(self.statuses), self.topic)


WhichConcepts = Annotated[ConceptFilter | None, strawberry.argument(description="Which concepts; all by default.")]


_VIEWS: Mapping[type, Callable[[Any], Node]] = {
    model.Concept: Concept.of,
    model.Edge: Relation.of,
    model.Source: Source.of,
    model.Exploration: Exploration.of,
    model.Step: Step.of,
    model.Image: Image.of,
}


def _node(record: nodes.Record | None) -> Node | None:
    return None if record is None else _VIEWS[type(record)](record)


def _id(what: str) -> object:
    return strawberry.argument(description=f"The id of {what}.")


@object_type
class Query:
    """What can be read."""

    @field
    async def node(self, info: Info, id: Annotated[strawberry.ID, _id("anything")]) -> Node | None:
        """What has this very id; null where there is nothing, or not in this workspace."""
        return _node(await nodes.node(info.context, "id", id))

    @field
    async def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="At most 100 ids.")]
    ) -> list[Node | None]:
        """What has these ids, in their order; null where there is nothing."""
        return [_node(found) for found in await nodes.many(info.context, ids)]

    @field
    async def concept(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, _id("a concept; one that was merged leads to where it went")] = None,
        name: Annotated[str | None, strawberry.argument(description="A name or an alias.")] = None,
    ) -> Concept | None:
        """A concept, by exactly one of id and name; of several so named the best supported (see `otherSenses`)."""
        found = await concepts.find(info.context, id, name)
        return None if found is None else Concept.of(found)

    @field
    async def concepts(
        self,
        info: Info,
        *,
        filter: WhichConcepts = None,
        order_by: Annotated[ConceptOrder, strawberry.argument(description="In which order.")] = ConceptOrder.NAME,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Concept]:
        """All concepts."""
        wanted = filter.wanted() if filter else model.ConceptFilter()
        page = await concepts.page(info.context, wanted, order_by, Slice(first, after, last, before))
        return Connection.of(
            page, concepts.order_name(order_by), Concept.of, partial(concepts.count, info.context, wanted)
        )

    @field
    async def search(
        self,
        info: Info,
        query: Annotated[str, strawberry.argument(description="Words, or beginnings of words; no operators.")],
        first: First = None,
        after: After = None,
        filter: WhichConcepts = None,
    ) -> SearchConnection:
        """Concepts whose name, aliases or summary hold all the words, best first."""
        wanted = filter.wanted() if filter else model.ConceptFilter()
        page = await concepts.search(info.context, query, wanted, Slice(first, after))
        return SearchConnection.of(page, partial(concepts.count_hits, info.context, query, wanted))

    @field
    async def path(
        self,
        info: Info,
        from_: Annotated[
            strawberry.ID, strawberry.argument(name="from", description="The id of the concept where it begins.")
        ],
        to: Annotated[strawberry.ID, _id("the concept where it ends")],
        max_depth: Annotated[int, strawberry.argument(description="At most so many relations: 1 to 10.")] = 6,
        types: Types = None,
    ) -> PathResult:
        """A shortest way between two concepts, along relations in either direction."""
        return PathResult(record=await relations.path(info.context, from_, to, max_depth, types))

    @field
    async def neighbourhood(
        self,
        info: Info,
        of: Annotated[strawberry.ID, _id("the concept in the middle")],
        depth: Annotated[int, strawberry.argument(description="At most so many relations away: 1 to 4.")] = 1,
        first: Annotated[int, strawberry.argument(description="At most so many concepts: 1 to 100.")] = 50,
        types: Types = None,
    ) -> Neighbourhood:
        """A concept with the nearest ones around it and the relations among them: a graph that can be drawn."""
        return Neighbourhood(record=await relations.neighbourhood(info.context, of, depth, first, types))

    @field
    async def relation_types(self, info: Info) -> list[RelationTypeCount]:
        """All relation types in use, the most frequent first."""
        return [RelationTypeCount(record=count) for count in await relations.types(info.context)]

    @field
    async def exploration(self, info: Info, id: Annotated[strawberry.ID, _id("an exploration")]) -> Exploration | None:
        """An exploration."""
        found = await explorations.find(info.context, id)
        return None if found is None else Exploration.of(found)

    @field
    async def explorations(
        self,
        info: Info,
        *,
        filter: Annotated[ExplorationFilter | None, strawberry.argument(description="Which; all by default.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Exploration]:
        """All explorations, the newest first."""
        wanted = filter.wanted() if filter else model.ExplorationFilter()
        page = await explorations.page(info.context, wanted, Slice(first, after, last, before))
        count = partial(explorations.count, info.context, wanted)
        return Connection.of(page, explorations.EXPLORATIONS, Exploration.of, count)

    @field
    async def image(self, info: Info, id: Annotated[strawberry.ID, _id("an image")]) -> Image | None:
        """An image."""
        found = await images.find(info.context, id)
        return None if found is None else Image.of(found)

    @field
    def image_providers(self, info: Info) -> list[ImageProvider]:
        """Who can make pictures, the best first."""
        usual = images.usual_provider(info.context)
        return [ImageProvider(record=card, default=card.name == usual) for card in images.providers(info.context)]

    @field
    async def image_cache(self, info: Info) -> ImageCacheStats:
        """How often a picture was at hand that had been made for an equal request."""
        return ImageCacheStats(record=await images.cache(info.context))

    @field
    def knowledge_sources(self, info: Info) -> list[KnowledgeSource]:
        """What explorations can ask."""
        return [KnowledgeSource(record=card) for card in server.knowledge_sources(info.context)]

    @field
    async def server(self, info: Info) -> ServerInfo:
        """The server itself."""
        return ServerInfo(record=await server.info(info.context))
