// Relationships are the relations of the graph and nothing else, so that any type may be used and a concept's degree is
// the number of its relationships. All that belongs together otherwise is found by indexed ids.
//
// (:Migration {version, at})                 what was done to the schema
// (:Workspace {name, lock, concepts})        the graph of a workspace; whoever changes it writes `lock` first, and how
//                                            many concepts there are
// (:Entity {workspace, id})                  what relationships hang on; a :Concept too, as soon as it is stored
//   (:Concept {name, key, sense, ...})       rows.CONCEPT, and the words of its texts for the full-text index
//   -[:ANY_TYPE {confidence, support, ...}]-> rows.RELATION without its ends and type
// (:Alias {workspace, key, concept})         look-ups: from a name key, from an external id
// (:ExternalId {workspace, scheme, value, concept})
// (:RelationType {workspace, type, count})   types in use
// (:Source) (:Evidence) (:Tombstone) (:Merge) (:Exploration) (:Step) (:Member) (:Event) (:IdempotentResult) (:Image)
//                                            graphstore/rows, one property for each column, with the workspace;
//                                            images came with 0002
//
// Times are microseconds since 1970 in UTC, nested values JSON. A property that falls in an order where others rise has
// a negated twin (lack_of_degree, doubt, ...), so that one index holds the whole order.

CREATE CONSTRAINT migration_version IF NOT EXISTS FOR (m:Migration) REQUIRE m.version IS UNIQUE;
CREATE CONSTRAINT workspace_name IF NOT EXISTS FOR (w:Workspace) REQUIRE w.name IS UNIQUE;

CREATE CONSTRAINT entity_id IF NOT EXISTS FOR (e:Entity) REQUIRE (e.workspace, e.id) IS UNIQUE;
CREATE CONSTRAINT concept_sense IF NOT EXISTS FOR (c:Concept) REQUIRE (c.workspace, c.key, c.sense) IS UNIQUE;
CREATE INDEX concept_by_name IF NOT EXISTS FOR (c:Concept) ON (c.workspace, c.key, c.id);
CREATE INDEX concept_by_age IF NOT EXISTS FOR (c:Concept) ON (c.workspace, c.created, c.id);
CREATE INDEX concept_most_connected IF NOT EXISTS FOR (c:Concept) ON (c.workspace, c.lack_of_degree, c.id);
CREATE INDEX concept_most_supported IF NOT EXISTS FOR (c:Concept) ON (c.workspace, c.lack_of_support, c.id);
CREATE FULLTEXT INDEX concept_text IF NOT EXISTS
  FOR (c:Concept) ON EACH [c.workspace, c.name_words, c.alias_words, c.summary_words]
  OPTIONS { indexConfig: { `fulltext.analyzer`: 'whitespace', `fulltext.eventually_consistent`: false } };

CREATE CONSTRAINT alias_key IF NOT EXISTS FOR (a:Alias) REQUIRE (a.workspace, a.key, a.concept) IS UNIQUE;
CREATE INDEX alias_of IF NOT EXISTS FOR (a:Alias) ON (a.workspace, a.concept);
CREATE CONSTRAINT external_id IF NOT EXISTS
  FOR (x:ExternalId) REQUIRE (x.workspace, x.scheme, x.value, x.concept) IS UNIQUE;
CREATE INDEX external_id_of IF NOT EXISTS FOR (x:ExternalId) ON (x.workspace, x.concept);

CREATE CONSTRAINT relation_type IF NOT EXISTS FOR (t:RelationType) REQUIRE (t.workspace, t.type) IS UNIQUE;

CREATE CONSTRAINT source_id IF NOT EXISTS FOR (s:Source) REQUIRE (s.workspace, s.id) IS UNIQUE;
CREATE CONSTRAINT source_key IF NOT EXISTS FOR (s:Source) REQUIRE (s.workspace, s.key) IS UNIQUE;

CREATE CONSTRAINT evidence_id IF NOT EXISTS FOR (e:Evidence) REQUIRE (e.workspace, e.id) IS UNIQUE;
CREATE CONSTRAINT evidence_digest IF NOT EXISTS FOR (e:Evidence) REQUIRE (e.workspace, e.digest) IS UNIQUE;
CREATE INDEX evidence_subject IF NOT EXISTS
  FOR (e:Evidence) ON (e.workspace, e.subject_source, e.subject_target, e.subject_type, e.doubt, e.id);
CREATE INDEX evidence_target IF NOT EXISTS FOR (e:Evidence) ON (e.workspace, e.subject_target);
CREATE INDEX evidence_asserted_source IF NOT EXISTS FOR (e:Evidence) ON (e.workspace, e.asserted_source);
CREATE INDEX evidence_asserted_target IF NOT EXISTS FOR (e:Evidence) ON (e.workspace, e.asserted_target);
CREATE INDEX evidence_source IF NOT EXISTS FOR (e:Evidence) ON (e.workspace, e.source);

CREATE CONSTRAINT tombstone_mark IF NOT EXISTS FOR (t:Tombstone) REQUIRE (t.workspace, t.mark) IS UNIQUE;
CREATE CONSTRAINT merge_id IF NOT EXISTS FOR (m:Merge) REQUIRE (m.workspace, m.id) IS UNIQUE;
CREATE INDEX merge_target IF NOT EXISTS FOR (m:Merge) ON (m.workspace, m.target);

CREATE CONSTRAINT exploration_id IF NOT EXISTS FOR (e:Exploration) REQUIRE (e.workspace, e.id) IS UNIQUE;
CREATE INDEX exploration_by_age IF NOT EXISTS FOR (e:Exploration) ON (e.workspace, e.created, e.id);
CREATE INDEX exploration_status IF NOT EXISTS FOR (e:Exploration) ON (e.status);
CREATE INDEX exploration_finished IF NOT EXISTS FOR (e:Exploration) ON (e.finished);

CREATE CONSTRAINT step_id IF NOT EXISTS FOR (s:Step) REQUIRE (s.workspace, s.id) IS UNIQUE;
CREATE CONSTRAINT step_concept IF NOT EXISTS
  FOR (s:Step) REQUIRE (s.workspace, s.exploration, s.concept, s.kind) IS UNIQUE;
CREATE INDEX step_made IF NOT EXISTS FOR (s:Step) ON (s.workspace, s.exploration, s.created, s.id);
CREATE INDEX step_frontier IF NOT EXISTS FOR (s:Step) ON (s.workspace, s.exploration, s.state, s.depth);
CREATE INDEX step_on IF NOT EXISTS FOR (s:Step) ON (s.workspace, s.concept);

CREATE CONSTRAINT member_key IF NOT EXISTS
  FOR (m:Member) REQUIRE (m.workspace, m.exploration, m.concept) IS UNIQUE;
CREATE INDEX member_found IF NOT EXISTS FOR (m:Member) ON (m.workspace, m.exploration, m.seq, m.concept);
CREATE INDEX member_concept IF NOT EXISTS FOR (m:Member) ON (m.workspace, m.concept);

CREATE CONSTRAINT event_seq IF NOT EXISTS FOR (e:Event) REQUIRE (e.workspace, e.exploration, e.seq) IS UNIQUE;
CREATE INDEX event_step IF NOT EXISTS FOR (e:Event) ON (e.workspace, e.exploration, e.step, e.seq);

CREATE CONSTRAINT idempotent_result_key IF NOT EXISTS
  FOR (r:IdempotentResult) REQUIRE (r.workspace, r.principal, r.mutation, r.key) IS UNIQUE;
CREATE INDEX idempotent_result_created IF NOT EXISTS FOR (r:IdempotentResult) ON (r.created);
