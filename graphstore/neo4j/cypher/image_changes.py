"""Statements in transactions on images."""

from collections.abc import Mapping

from graphstore.neo4j.cypher.upsert import upsert
from graphstore.rows.graph import listed
from graphstore.rows.images import IMAGE

# Whoever sets a property waits until no other transaction holds the node: what is read after that stays as it is. One
# that was deleted meanwhile has no properties then. All take the images of a job in the same order, so that they do
# not wait for each other in a circle.
_LOCKED = f"""
    WITH DISTINCT i ORDER BY i.job, i.position
    SET i.lock = true
    WITH i WHERE i.status IS NOT NULL
    RETURN collect([{listed(IMAGE, "i")}]) AS rows"""

LOCK_JOB = f"""
    UNWIND $keys AS job
    MATCH (i:Image) USING INDEX SEEK i:Image(workspace, job, position)
    WHERE i.workspace = $workspace AND i.job = job AND i.position IS NOT NULL{_LOCKED}"""
LOCK_ON = f"""
    UNWIND $keys AS concept
    MATCH (i:Image) USING INDEX SEEK i:Image(workspace, concept, created, id)
    WHERE i.workspace = $workspace AND i.concept = concept AND i.created IS NOT NULL AND i.id IS NOT NULL{_LOCKED}"""
LOCK_MADE_FOR = f"""
    UNWIND $keys AS concept
    MATCH (i:Image) USING INDEX SEEK i:Image(workspace, made_for)
    WHERE i.workspace = $workspace AND i.made_for = concept{_LOCKED}"""

PUT_IMAGES = upsert("Image", IMAGE, ("id",))
DELETE_IMAGES = """
    UNWIND $rows AS id
    MATCH (i:Image {workspace: $workspace, id: id})
    DELETE i"""

READS: Mapping[str, str] = {"lock job": LOCK_JOB, "lock on": LOCK_ON, "lock made for": LOCK_MADE_FOR}

WRITES: Mapping[str, str] = {"put images": PUT_IMAGES, "delete images": DELETE_IMAGES}
