"""The GraphQL schema."""

from strawberry.types import ExecutionResult

from schema.errors import Code
from schema.schema import Schema, build, sdl

__all__ = ["Code", "ExecutionResult", "Schema", "build", "sdl"]
