"""Everything that has an id."""

import strawberry

from schema.words import interface


@interface
class Node:
    """Something that has an id of its own and can be read by it."""

    id: strawberry.ID = strawberry.field(description="Globally unique; opaque, URL-safe.")
