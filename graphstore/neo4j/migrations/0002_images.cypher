// Pictures of concepts, and steps that have them made.
//
// (:Image {workspace, id, ...})              rows.IMAGE, with the workspace; whoever changes one writes `lock` first
// (:Step {..., answer})                      a column of rows.STEP that steps of before lack: it is null there
//
// An image lacks the properties of what it has not: `digest` is that of the ready ones alone, and the index on it holds
// no others. Newest first is the order of the index read backwards, since both of its columns fall.
//
// The index step_frontier of 0001 stays. Steps are counted by it, whatever their kind; and older programs that still
// run while this one changes the schema find their frontier by it.

CREATE CONSTRAINT image_id IF NOT EXISTS FOR (i:Image) REQUIRE (i.workspace, i.id) IS UNIQUE;
CREATE INDEX image_job IF NOT EXISTS FOR (i:Image) ON (i.workspace, i.job, i.position);
CREATE INDEX image_of IF NOT EXISTS FOR (i:Image) ON (i.workspace, i.concept, i.created, i.id);
CREATE INDEX image_made_for IF NOT EXISTS FOR (i:Image) ON (i.workspace, i.made_for);
CREATE INDEX image_digest IF NOT EXISTS FOR (i:Image) ON (i.workspace, i.digest);
CREATE INDEX image_status IF NOT EXISTS FOR (i:Image) ON (i.status);

CREATE INDEX step_frontier_of_kind IF NOT EXISTS
  FOR (s:Step) ON (s.workspace, s.exploration, s.kind, s.state, s.depth);
