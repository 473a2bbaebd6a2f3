"""The store on a Neo4j server, for several processes on several machines."""

from graphstore.neo4j.database import open_database

__all__ = ["open_database"]
