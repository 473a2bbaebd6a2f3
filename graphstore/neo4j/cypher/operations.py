"""Statements on the database as a whole."""

NOW = "WITH datetime.realtime() AS now RETURN now.epochSeconds * 1000000 + now.microsecond AS now"

SCHEMA_VERSION = "OPTIONAL MATCH (m:Migration) RETURN coalesce(max(m.version), 0) AS version"
NOTE_MIGRATION = "MERGE (m:Migration {version: $version}) ON CREATE SET m.at = datetime.realtime()"
WAIT_FOR_INDEXES = "CALL db.awaitIndexes(300)"
