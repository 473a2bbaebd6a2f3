-- Pictures of concepts, and steps that make them.

CREATE TABLE image (
  row INTEGER PRIMARY KEY,
  workspace TEXT NOT NULL,
  id TEXT NOT NULL,
  job TEXT NOT NULL,
  position INTEGER NOT NULL,
  concept TEXT NOT NULL,
  made_for TEXT NOT NULL,
  exploration TEXT,
  options TEXT NOT NULL,       -- JSON, like picture and error
  status TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  version INTEGER NOT NULL,
  prompt TEXT,
  concept_version INTEGER,
  picture TEXT,
  error TEXT,
  digest TEXT,                 -- the picture's: names its bytes
  lease_token TEXT,
  lease_until INTEGER,
  created INTEGER NOT NULL,
  started INTEGER,
  finished INTEGER
) STRICT;
CREATE UNIQUE INDEX image_id ON image (workspace, id);
CREATE INDEX image_job ON image (workspace, job, position);
CREATE INDEX image_by_age ON image (workspace, concept, created, id);
CREATE INDEX image_made_for ON image (workspace, made_for);
CREATE INDEX image_digest ON image (workspace, digest) WHERE digest IS NOT NULL;
CREATE INDEX image_unfinished ON image (created, workspace, job, lease_until) WHERE status IN ('QUEUED', 'GENERATING');

ALTER TABLE step ADD COLUMN answer TEXT;

DROP INDEX step_frontier;
CREATE INDEX step_frontier ON step (workspace, exploration, state, kind, depth, unimportance, concept);

DROP INDEX event_step;
CREATE INDEX event_step ON event (workspace, exploration, step, seq) WHERE kind IN ('GRAPH_GREW', 'IMAGE_READY');
