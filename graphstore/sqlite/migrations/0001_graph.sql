-- Times are microseconds since 1970 in UTC. A column that falls in an order where others rise has a negated twin
-- (doubt, dearth, ...), so that all rise and a place in the order is one row-value comparison that an index answers.

CREATE TABLE concept (
  row INTEGER PRIMARY KEY,
  workspace TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  key TEXT NOT NULL,
  sense TEXT NOT NULL,
  kind TEXT NOT NULL,
  domain TEXT NOT NULL,
  summary TEXT NOT NULL,
  aliases TEXT NOT NULL,       -- JSON array, empty for none
  alias_words TEXT NOT NULL,   -- the same for the full-text index, one a line
  external_ids TEXT NOT NULL,  -- JSON object, empty for none
  confidence REAL NOT NULL,
  support INTEGER NOT NULL,
  degree INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  lack_of_degree INTEGER AS (-degree) VIRTUAL,
  lack_of_support INTEGER AS (-support) VIRTUAL
) STRICT;
CREATE UNIQUE INDEX concept_id ON concept (workspace, id);
CREATE UNIQUE INDEX concept_sense ON concept (workspace, key, sense);
CREATE INDEX concept_by_name ON concept (workspace, key, id, kind, domain);
CREATE INDEX concept_by_age ON concept (workspace, created, id);
CREATE INDEX concept_most_connected ON concept (workspace, lack_of_degree, id);
CREATE INDEX concept_most_supported ON concept (workspace, lack_of_support, id);

CREATE TABLE concept_alias (
  workspace TEXT NOT NULL,
  key TEXT NOT NULL,
  concept INTEGER NOT NULL,
  PRIMARY KEY (workspace, key, concept)
) STRICT, WITHOUT ROWID;
CREATE INDEX concept_alias_of ON concept_alias (concept);

CREATE TABLE concept_external (
  workspace TEXT NOT NULL,
  scheme TEXT NOT NULL,
  value TEXT NOT NULL,
  concept INTEGER NOT NULL,
  PRIMARY KEY (workspace, scheme, value, concept)
) STRICT, WITHOUT ROWID;
CREATE INDEX concept_external_of ON concept_external (concept);

CREATE VIRTUAL TABLE concept_text USING fts5 (
  name, alias_words, summary, content = 'concept', content_rowid = 'row', tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TABLE relation (
  row INTEGER PRIMARY KEY,
  workspace TEXT NOT NULL,
  source TEXT NOT NULL,
  type TEXT NOT NULL,
  target TEXT NOT NULL,
  confidence REAL NOT NULL,
  support INTEGER NOT NULL,
  contradicted INTEGER NOT NULL,
  version INTEGER NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  doubt REAL AS (-confidence) VIRTUAL,
  dearth INTEGER AS (-support) VIRTUAL
) STRICT;
CREATE UNIQUE INDEX relation_key ON relation (workspace, source, target, type);
CREATE INDEX relation_out ON relation (workspace, source, doubt, dearth, type, target);
CREATE INDEX relation_in ON relation (workspace, target, doubt, dearth, type, source);

CREATE TABLE tally (
  workspace TEXT NOT NULL,
  noun TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (workspace, noun)
) STRICT, WITHOUT ROWID;

CREATE TABLE relation_type (
  workspace TEXT NOT NULL,
  type TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (workspace, type)
) STRICT, WITHOUT ROWID;

CREATE TABLE source (
  row INTEGER PRIMARY KEY,
  workspace TEXT NOT NULL,
  id TEXT NOT NULL,
  key TEXT NOT NULL,
  origin TEXT NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  url TEXT,
  created INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX source_id ON source (workspace, id);
CREATE UNIQUE INDEX source_key ON source (workspace, key);

-- A subject is a concept (its id as subject_source, the rest empty) or a relation. What evidence spoke of at first
-- is kept only where that is something else (no type: NULL), which is after a merge.
CREATE TABLE evidence (
  row INTEGER PRIMARY KEY,
  workspace TEXT NOT NULL,
  id TEXT NOT NULL,
  subject_source TEXT NOT NULL,
  subject_type TEXT NOT NULL,
  subject_target TEXT NOT NULL,
  asserted_source TEXT,
  asserted_type TEXT,
  asserted_target TEXT,
  source TEXT NOT NULL,
  quote TEXT NOT NULL,
  confidence REAL NOT NULL,
  created INTEGER NOT NULL,
  digest BLOB NOT NULL,        -- of what was asserted, source and quote
  doubt REAL AS (-confidence) VIRTUAL
) STRICT;
CREATE UNIQUE INDEX evidence_id ON evidence (workspace, id);
CREATE UNIQUE INDEX evidence_digest ON evidence (workspace, digest);
CREATE INDEX evidence_subject ON evidence (workspace, subject_source, subject_target, subject_type, doubt, id);
CREATE INDEX evidence_target ON evidence (workspace, subject_target) WHERE subject_target <> '';
CREATE INDEX evidence_asserted_source ON evidence (workspace, asserted_source) WHERE asserted_source IS NOT NULL;
CREATE INDEX evidence_asserted_target ON evidence (workspace, asserted_target) WHERE asserted_target IS NOT NULL;
CREATE INDEX evidence_source ON evidence (workspace, source);

CREATE TABLE tombstone (
  workspace TEXT NOT NULL,
  mark TEXT NOT NULL,
  created INTEGER NOT NULL,
  PRIMARY KEY (workspace, mark)
) STRICT, WITHOUT ROWID;

CREATE TABLE merge (
  workspace TEXT NOT NULL,
  id TEXT NOT NULL,
  target TEXT NOT NULL,
  body TEXT NOT NULL,          -- JSON
  PRIMARY KEY (workspace, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX merge_target ON merge (workspace, target);

CREATE TABLE exploration (
  row INTEGER PRIMARY KEY,
  workspace TEXT NOT NULL,
  id TEXT NOT NULL,
  topic TEXT NOT NULL,
  topic_key TEXT NOT NULL,
  status TEXT NOT NULL,
  reason TEXT,
  options TEXT NOT NULL,       -- JSON, like budget, spent, progress
  budget TEXT NOT NULL,
  spent TEXT NOT NULL,
  progress TEXT NOT NULL,
  root TEXT,
  lease_token TEXT,
  lease_until INTEGER,
  next_seq INTEGER NOT NULL,
  created INTEGER NOT NULL,
  started INTEGER,
  finished INTEGER
) STRICT;
CREATE UNIQUE INDEX exploration_id ON exploration (workspace, id);
CREATE INDEX exploration_by_age ON exploration (workspace, created, id, status, topic_key);
CREATE INDEX exploration_unended ON exploration (created, lease_until) WHERE status IN ('QUEUED', 'RUNNING');
CREATE INDEX exploration_finished ON exploration (finished) WHERE finished IS NOT NULL;

CREATE TABLE step (
  row INTEGER PRIMARY KEY,
  workspace TEXT NOT NULL,
  id TEXT NOT NULL,
  exploration TEXT NOT NULL,
  kind TEXT NOT NULL,
  concept TEXT,
  depth INTEGER NOT NULL,
  priority REAL NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  error TEXT,
  spent TEXT NOT NULL,         -- JSON, like reserved
  reserved TEXT,
  retry_at INTEGER,
  created INTEGER NOT NULL,
  finished INTEGER,
  unimportance REAL AS (-priority) VIRTUAL
) STRICT;
CREATE UNIQUE INDEX step_id ON step (workspace, id);
CREATE INDEX step_made ON step (workspace, exploration, created, id, state);
CREATE UNIQUE INDEX step_concept ON step (workspace, exploration, concept, kind);
CREATE INDEX step_frontier ON step (workspace, exploration, state, depth, unimportance, concept);
CREATE INDEX step_pending ON step (workspace, concept) WHERE state = 'PENDING';

CREATE TABLE member (
  row INTEGER PRIMARY KEY,
  workspace TEXT NOT NULL,
  exploration TEXT NOT NULL,
  concept TEXT NOT NULL,
  depth INTEGER NOT NULL,
  created INTEGER NOT NULL,
  seq INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX member_key ON member (workspace, exploration, concept);
CREATE INDEX member_found ON member (workspace, exploration, seq, concept);
CREATE INDEX member_concept ON member (workspace, concept);

CREATE TABLE event (
  workspace TEXT NOT NULL,
  exploration TEXT NOT NULL,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  at INTEGER NOT NULL,
  step TEXT,
  body TEXT NOT NULL,          -- JSON
  PRIMARY KEY (workspace, exploration, seq)
) STRICT;
CREATE INDEX event_step ON event (workspace, exploration, step, seq) WHERE kind = 'GRAPH_GREW';

CREATE TABLE idempotent_result (
  workspace TEXT NOT NULL,
  principal TEXT NOT NULL,
  mutation TEXT NOT NULL,
  key TEXT NOT NULL,
  input_hash TEXT NOT NULL,
  result TEXT NOT NULL,
  created INTEGER NOT NULL,
  PRIMARY KEY (workspace, principal, mutation, key)
) STRICT;
CREATE INDEX idempotent_result_created ON idempotent_result (created);

CREATE TRIGGER concept_inserted AFTER INSERT ON concept BEGIN
  INSERT INTO concept_text (rowid, name, alias_words, summary)
    VALUES (new.row, new.name, new.alias_words, new.summary);
  INSERT INTO tally VALUES (new.workspace, 'concept', 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;

-- Relations may come before their concepts when an archive is loaded.
CREATE TRIGGER concept_connected AFTER INSERT ON concept
WHEN EXISTS (SELECT 1 FROM relation WHERE workspace = new.workspace AND source = new.id)
  OR EXISTS (SELECT 1 FROM relation WHERE workspace = new.workspace AND target = new.id)
BEGIN
  UPDATE concept SET degree =
      (SELECT count(*) FROM relation WHERE workspace = new.workspace AND source = new.id)
    + (SELECT count(*) FROM relation WHERE workspace = new.workspace AND target = new.id AND source <> new.id)
  WHERE row = new.row;
END;

CREATE TRIGGER concept_reworded AFTER UPDATE OF name, alias_words, summary ON concept
WHEN (old.name, old.alias_words, old.summary) IS NOT (new.name, new.alias_words, new.summary)
BEGIN
  INSERT INTO concept_text (concept_text, rowid, name, alias_words, summary)
    VALUES ('delete', old.row, old.name, old.alias_words, old.summary);
  INSERT INTO concept_text (rowid, name, alias_words, summary)
    VALUES (new.row, new.name, new.alias_words, new.summary);
END;

CREATE TRIGGER concept_deleted AFTER DELETE ON concept BEGIN
  INSERT INTO concept_text (concept_text, rowid, name, alias_words, summary)
    VALUES ('delete', old.row, old.name, old.alias_words, old.summary);
  DELETE FROM concept_alias WHERE concept = old.row;
  DELETE FROM concept_external WHERE concept = old.row;
  UPDATE tally SET count = count - 1 WHERE workspace = old.workspace AND noun = 'concept';
END;

CREATE TRIGGER relation_inserted AFTER INSERT ON relation BEGIN
  UPDATE concept SET degree = degree + 1 WHERE workspace = new.workspace AND id IN (new.source, new.target);
  INSERT INTO relation_type VALUES (new.workspace, new.type, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER relation_deleted AFTER DELETE ON relation BEGIN
  UPDATE concept SET degree = degree - 1 WHERE workspace = old.workspace AND id IN (old.source, old.target);
  UPDATE relation_type SET count = count - 1 WHERE workspace = old.workspace AND type = old.type;
  DELETE FROM relation_type WHERE workspace = old.workspace AND type = old.type AND count = 0;
END;
