"""Neo4j and Redis for development and tests, started on loopback with what the machine has: scripts/services."""
