"""How much one operation may ask for. One walk over the document, before it is validated, visits each of its nodes
once: a fragment is measured where it is defined, and remembered. Nesting is bounded by the parser."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    SelectionSetNode,
    TypeMetaFieldDef,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from exploration.images.request import MOST_IMAGES
from resolvers.paging import DEFAULT, MOST

UNPAGED = 5
"""How many things a list without pages is taken to hold."""
LONG: Mapping[str, int] = {"GenerateImagesPayload.images": MOST_IMAGES}
"""Lists without pages that can be longer than that by far."""
UNCOUNTABLE = 10**9
"""Costs above this are not told apart."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may hold, and one operation ask for."""

    tokens: int = 4_000
    depth: int = 20
    aliases: int = 50
    fragments: int = 100
    directives: int = 50
    root_fields: int = 20
    cost: int = 20_000
    """Fields in the largest answer that the operation can have."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What a document holds, and what the greediest of its operations asks for."""

    depth: int
    aliases: int
    fragments: int
    directives: int
    root_fields: int
    cost: int
    visited: int
    """Nodes that were looked at to find out."""
    deprecated: frozenset[str]
    """Fields that are to go and are asked for, as `Type.field`."""


@dataclass(frozen=True, slots=True)
class Excess:
    """The first limit that an operation goes beyond."""

    limit: str
    asked: int
    allowed: int

    def __str__(self) -> str:
        return _WORDS[self.limit].format(asked=f"{self.asked:,}", allowed=f"{self.allowed:,}")


_WORDS = {
    "depth": "This is nested {asked} fields deep; {allowed} are allowed.",
    "aliases": "This has {asked} aliases; {allowed} are allowed.",
    "fragments": "This has {asked} fragments; {allowed} are allowed.",
    "directives": "This has {asked} directives; {allowed} are allowed.",
    "root_fields": "This asks for {asked} fields of the root; {allowed} are allowed in one operation.",
    "cost": "The answer could have {asked} fields; {allowed} are allowed. Ask for smaller pages (first, last).",
}


def excess(measure: Measure, limits: Limits) -> Excess | None:
    """The first limit that is not kept."""
    for name in _WORDS:
        asked, allowed = getattr(measure, name), getattr(limits, name)
        if asked > allowed:
            return Excess(name, asked, allowed)
    return None


class Meter:
    """Measures documents against one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.pages = frozenset(_pages(schema.type_map.values()))
        """Types that stand for a page: their lists hold what the field that gave the page was asked for."""
        self.deprecated = frozenset(_deprecated(schema.type_map.values()))
        """Fields that are to go."""

    def measure(self, document: DocumentNode, sizes: Mapping[str, int]) -> Measure:
        """What the document holds and asks for. `sizes` are the variables that are numbers, or lengths of lists."""
        walk = _Walk(self, document, sizes)
        sums = [walk.definition(definition) for definition in document.definitions]
        return Measure(
            depth=max((s.depth for s in sums), default=0),
            aliases=walk.aliases,
            fragments=len(walk.fragments),
            directives=walk.directives,
            root_fields=max((s.fields for s in sums), default=0),
            cost=max((s.cost for s in sums), default=0),
            visited=walk.visited,
            deprecated=frozenset(walk.deprecated),
        )


@dataclass(slots=True)
class _Sums:
    """Of a selection set, fragments included."""

    depth: int = 0
    cost: int = 0
    fields: int = 0

    def add(self, part: "_Sums") -> None:
        self.depth = max(self.depth, part.depth)
        self.cost = min(self.cost + part.cost, UNCOUNTABLE)
        self.fields = min(self.fields + part.fields, UNCOUNTABLE)


class _Walk:
    def __init__(self, meter: Meter, document: DocumentNode, sizes: Mapping[str, int]) -> None:
        self.aliases = self.directives = self.visited = 0
        self.deprecated: set[str] = set()
        self.fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        self._meter = meter
        self._sizes: Mapping[str, object] = {**_defaults(document), **sizes}
        self._measured: dict[str, _Sums] = {}

    def definition(self, node: object) -> _Sums:
        """An operation or a fragment; anything else is the validation's business."""
        if isinstance(node, FragmentDefinitionNode):
            self._fragment(node.name.value)
        if not isinstance(node, OperationDefinitionNode):
            return _Sums()
        self.visited += 1
        self.directives += len(node.directives or ())
        return self._selections(node.selection_set, self._meter.schema.get_root_type(node.operation))

    def _selections(self, selection_set: SelectionSetNode, parent: GraphQLNamedType | None) -> _Sums:
        total = _Sums()
        for node in selection_set.selections:
            self.visited += 1
            self.directives += len(node.directives or ())
            if isinstance(node, FieldNode):
                total.add(self._field(node, parent))
            elif isinstance(node, FragmentSpreadNode):
                total.add(self._fragment(node.name.value))
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inner = parent if condition is None else self._meter.schema.get_type(condition.name.value)
                total.add(self._selections(node.selection_set, inner))
        return total

    def _fragment(self, name: str) -> _Sums:
        if name not in self._measured:
            self._measured[name] = _Sums()  # what a cycle adds to itself
            if (node := self.fragments.get(name)) is not None:
                self.visited += 1
                self.directives += len(node.directives or ())
                type = self._meter.schema.get_type(node.type_condition.name.value)
                self._measured[name] = self._selections(node.selection_set, type)
        return self._measured[name]

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> _Sums:
        self.aliases += node.alias is not None
        if self._meter.deprecated and (name := f"{parent}.{node.name.value}") in self._meter.deprecated:
            self.deprecated.add(name)
        if node.selection_set is None:
            return _Sums(depth=1, cost=1, fields=1)
        field = _field_of(parent, node.name.value)
        inner = self._selections(node.selection_set, None if field is None else get_named_type(field.type))
        times = 1 if field is None else self._times(node, field, parent)
        return _Sums(depth=1 + inner.depth, cost=min(1 + times * inner.cost, UNCOUNTABLE), fields=1)

    def _times(self, node: FieldNode, field: GraphQLField, parent: GraphQLNamedType | None) -> int:
        """How often the field's selection can be answered."""
        if "first" in field.args:
            default = field.args["first"].default_value
            return self._page_size(node.arguments or (), default if isinstance(default, int) else DEFAULT)
        if "ids" in field.args:  # a subscription, too, tells of all of them at its beginning
            return self._number_of_ids(node.arguments or ())
        if not is_list_type(get_nullable_type(field.type)) or (parent is not None and parent.name in self._meter.pages):
            return 1
        return LONG.get(f"{parent}.{node.name.value}", UNPAGED)

    def _page_size(self, arguments: Iterable[ArgumentNode], default: int) -> int:
        asked = [self._number(a.value) for a in arguments if a.name.value in {"first", "last"}]
        sizes = [size for size in asked if size is not None]
        return _within(max(sizes, default=default))  # others are refused where they are read

    def _number(self, value: ValueNode) -> int | None:
        found = self._sizes.get(value.name.value) if isinstance(value, VariableNode) else value
        if isinstance(found, IntValueNode):
            return int(found.value[:10])  # more digits make no difference, and cost time
        return found if isinstance(found, int) else None

    def _number_of_ids(self, arguments: Iterable[ArgumentNode]) -> int:
        for value in (a.value for a in arguments if a.name.value == "ids"):
            found = self._sizes.get(value.name.value) if isinstance(value, VariableNode) else value
            number = len(found.values) if isinstance(found, ListValueNode) else found
            return _within(number) if isinstance(number, int) else 1
        return 1


def _within(size: int) -> int:
    """The size of a page, of those that there are: one of less than nothing would pay for what is asked beside it."""
    return max(0, min(size, MOST))


def _defaults(document: DocumentNode) -> dict[str, ValueNode]:
    """The defaults of variables, as they are written."""
    return {
        variable.variable.name.value: variable.default_value
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
        for variable in definition.variable_definitions or ()
        if variable.default_value is not None
    }


def _field_of(parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
    if name == "__schema":
        return SchemaMetaFieldDef
    if name == "__type":
        return TypeMetaFieldDef
    found: Mapping[str, GraphQLField] = getattr(parent, "fields", {})
    return found.get(name)


def _pages(types: Iterable[GraphQLNamedType]) -> Iterable[str]:
    for type in types:
        for field in getattr(type, "fields", {}).values() if is_composite_type(type) else ():
            if "first" in field.args and not is_list_type(get_nullable_type(field.type)):
                yield get_named_type(field.type).name


def _deprecated(types: Iterable[GraphQLNamedType]) -> Iterable[str]:
    for type in types:
        for name, field in getattr(type, "fields", {}).items() if is_composite_type(type) else ():
            if field.deprecation_reason is not None:
                yield f"{type.name}.{name}"
