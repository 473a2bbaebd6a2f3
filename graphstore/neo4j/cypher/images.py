"""Statements that read images."""

from collections.abc import Mapping

from graphstore.model import PageRequest
from graphstore.neo4j.cypher.children import Children
from graphstore.neo4j.paging import Order
from graphstore.rows.graph import listed
from graphstore.rows.images import IMAGE

OF = Children(
    "i:Image",
    "concept",
    "i:Image(workspace, concept, created, id)",
    IMAGE,
    Order(("i.created", "i.id"), (int, str), falling=True, fixed=("i.workspace", "i.concept")),
)

BY_ID = f"""
    UNWIND $ids AS id
    MATCH (i:Image {{workspace: $workspace, id: id}})
    RETURN collect([{listed(IMAGE, "i")}]) AS rows"""
# One is enough: many images may have the same picture.
SHOWN = """
    UNWIND $digests AS digest
    CALL (digest) {
      MATCH (i:Image) USING INDEX SEEK i:Image(workspace, digest)
      WHERE i.workspace = $workspace AND i.digest = digest
      RETURN i.digest AS shown LIMIT 1
    }
    RETURN collect(shown) AS digests"""

READS: Mapping[str, str] = {
    "by id": BY_ID,
    "shown": SHOWN,
    "count": OF.counts(),
    "first page": OF.pages(PageRequest(1)),
    "next page": OF.pages(PageRequest(1, after=(0, ""))),
    "last page": OF.pages(PageRequest(1, after=(1, ""), before=(0, ""), backward=True)),
}
