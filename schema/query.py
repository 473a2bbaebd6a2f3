"""The query root: what can be read."""

from functools import partial
from typing import Annotated

import strawberry

from graphstore import model
from graphstore.model import ConceptOrder, ExplorationStatus, Hit, Page
from providers.knowledge.port import Card
from resolvers import concepts, explorations, nodes, relations, server
from resolvers.paging import Slice, cursor_text
from schema.connections import After, Before, Connection, Count, First, Last, PageInfo
from schema.exploration import Exploration
from schema.graph import Concept, Relation, Source, Types
from schema.node import Node
from schema.step import Step
from schema.words import Info, View, enum, field, input_type, object_type, recorded

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


@object_type
class SearchEdge(View):
    """A concept that a search found."""

    record: strawberry.Private[Hit[model.Concept]]
    score: float = recorded("How well it fits; higher is better, and comparable within one answer only.")
    matched: list[str] = recorded("Which of `name`, `aliases` and `summary` hold the words.")
    snippet: str = recorded("A stretch of the text, with the words that match between « and ».")
    cursor: str = strawberry.field(description="This place, for `after`.")
    node: Concept = strawberry.field(description="The concept.")


@object_type
class SearchConnection:
    """A page of what a search found."""

    edges: list[SearchEdge] = strawberry.field(description="What was found, best first.")
    page_info: PageInfo = strawberry.field(description="Where this page lies in its list.")
    count: strawberry.Private[Count]

    @field
    async def total_count(self) -> int:
        """How many concepts were found in all. Counted only when asked for."""
        return await self.count()

    @classmethod
    def of(cls, page: Page[Hit[model.Concept]], count: Count) -> "SearchConnection":
        """A page of results."""
        edges = [
            SearchEdge(
                record=item.value, cursor=cursor_text(concepts.SEARCH, item.cursor), node=Concept.of(item.value.value)
            )
            for item in page.items
        ]
        return cls(edges=edges, page_info=PageInfo.of(page, concepts.SEARCH), count=count)


@object_type
class PathHop:
    """One relation of a path."""

    relation: Relation = strawberry.field(description="The relation, which may point either way.")
    concept: Concept = strawberry.field(description="The concept to which it leads.")


@object_type
class PathResult(View):
    """A shortest way between two concepts, or why none was found."""

    record: strawberry.Private[relations.Path]
    found: bool = recorded("Whether there is one.")
    reason: str | None = recorded("Why none was found, in words.")

    @field
    def hops(self) -> list[PathHop]:
        """Its relations in order; none where it was not found, or where both ends are one concept."""
        return [PathHop(relation=Relation.of(h.relation), concept=Concept.of(h.concept)) for h in self.record.hops]


@object_type
class Neighbourhood(View):
    """What lies around a concept."""

    record: strawberry.Private[relations.Neighbourhood]
    total_count: int = recorded("How many concepts lie within the depth, the one in the middle included.")
    truncated: bool = recorded("Whether some of them are left out here.")
    ranked_by: str = recorded("How it was decided which ones to give.")

    @field
    def concepts(self) -> list[Concept]:
        """The concept in the middle, then those around it, as `rankedBy` says."""
        return [Concept.of(concept) for concept in self.record.concepts]

    @field
    def relations(self) -> list[Relation]:
        """The relations among these concepts."""
        return [Relation.of(edge) for edge in self.record.relations]


@object_type
class RelationTypeCount(View):
    """A relation type in use."""

    record: strawberry.Private[relations.TypeCount]
    type: str = recorded("The type.")
    count: int = recorded("How many relations have it.")


@object_type
class KnowledgeSource(View):
    """Something that explorations can ask."""

    record: strawberry.Private[Card]
    name: str = recorded("Its name, for `startExploration`.")
    description: str = recorded("What it knows.")
    available: bool = recorded("Whether it can be asked now.")
    reason: str | None = recorded("Why not, and what it needs.")
    costs: str = recorded("What an answer costs, in words.")
    free: bool = recorded("Whether asking costs nothing and reaches nothing outside.")


@object_type
class ServerInfo(View):
    """Which program this is, on which store, and how much that holds, all workspaces together."""

    record: strawberry.Private[server.ServerInfo]
    version: str = recorded("The program's version.")
    store: str = recorded("The kind of store.")
    store_version: str = recorded("The version of the engine behind it.")
    concepts: int = recorded("Stored concepts.")
    relations: int = recorded("Stored relations.")
    explorations: int = recorded("Stored explorations.")


def _node(record: nodes.Record | None) -> Node | None:
    match record:
        case None:
            return None
        case model.Concept():
            return Concept.of(record)
        case model.Edge():
            return Relation.of(record)
        case model.Source():
            return Source.of(record)
        case model.Step():
            return Step.of(record)
        case _:
            return Exploration.of(record)


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
    def knowledge_sources(self, info: Info) -> list[KnowledgeSource]:
        """What explorations can ask."""
        return [KnowledgeSource(record=card) for card in server.knowledge_sources(info.context)]

    @field
    async def server(self, info: Info) -> ServerInfo:
        """The server itself."""
        return ServerInfo(record=await server.info(info.context))
