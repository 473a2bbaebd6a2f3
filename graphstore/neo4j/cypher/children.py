"""Pages of what belongs to many owners, for all of them in one statement."""

from dataclasses import dataclass

from graphstore.model import PageRequest
from graphstore.neo4j.paging import Order
from graphstore.rows.graph import listed


@dataclass(frozen=True, slots=True)
class Children:
    """What belongs to explorations or concepts, in an order that an index holds."""

    node: str
    owner: str
    """The property that names whose it is."""
    index: str
    columns: tuple[str, ...]
    order: Order
    condition: str = ""

    def pages(self, request: PageRequest) -> str:
        """For each of `$asked`, in that order, `[rows, whether others lie before, behind]`; a row is a child and its
        place."""
        name, order, match = self._name, self.order, self._match()
        return f"""
    UNWIND $asked AS owner
    CALL (owner) {{ {match}{order.within(request)}
      WITH {name} {order.chosen(request)}
      RETURN collect([{listed(self.columns, name)}, {listed(order.columns)}]) AS rows
    }}
    RETURN collect([rows, {order.outside(request, lambda beyond: f"EXISTS {{ {match} AND {beyond} }}")}]) AS pages"""

    def counts(self) -> str:
        """How many each of `$asked` has, in that order."""
        return f"""
    UNWIND $asked AS owner
    RETURN collect(COUNT {{ {self._match()} AND {self.order.columns[0]} IS NOT NULL }}) AS counts"""

    @property
    def _name(self) -> str:
        return self.node.partition(":")[0]

    def _match(self) -> str:
        """All of an owner's. An index is used where all of its columns are spoken of; of the first in the order each
        statement says something itself."""
        return f"""
        MATCH ({self.node}) USING INDEX SEEK {self.index}
        WHERE {self._name}.workspace = $workspace AND {self._name}.{self.owner} = owner
          AND {self.order.columns[1]} IS NOT NULL{self.condition}"""
