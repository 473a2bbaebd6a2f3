// What the server answers, as far as this page asks for it (see documents/).

export type Status = "QUEUED" | "RUNNING" | "PAUSED" | "COMPLETED" | "BUDGET_REACHED" | "CANCELLED" | "FAILED";

const ENDED: readonly Status[] = ["COMPLETED", "BUDGET_REACHED", "CANCELLED", "FAILED"];
export const hasEnded = (status: Status): boolean => ENDED.includes(status);

export interface Named {
  id: string;
  name: string;
}

/** A concept as the graph shows it. */
export interface Concept extends Named {
  kind: string;
  domain: string;
}

export interface Ends {
  type: string;
  source: { id: string };
  target: { id: string };
}

export interface Evidence {
  quote: string;
  source: { title: string; url: string | null };
}

export interface Connection<Node> {
  totalCount: number;
  edges: { node: Node }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

export type ImageStatus = "QUEUED" | "GENERATING" | "READY" | "FAILED" | "CANCELLED";

/** A picture of a concept, made or to be made. */
export interface Image {
  id: string;
  status: ImageStatus;
  url: string | null;
  thumbnailUrl: string | null;
  provider: string;
  /** From 0 to 1, where somebody knows. */
  progress: number | null;
  /** Why it was drawn instead of being made by the provider. */
  fallbackReason: string | null;
  error: { message: string } | null;
}

/** Somebody who makes pictures. */
export interface Painter {
  default: boolean;
  available: boolean;
  /** Whether another seed gives another picture. */
  seeds: boolean;
  /** The most that one picture costs. */
  costUsd: number;
}

/** A picture that an exploration has made. */
export interface NewPicture {
  id: string;
  thumbnailUrl: string | null;
  concept: Concept;
}

export interface Relation extends Ends {
  /** Only a language model says so. */
  modelOnly: boolean;
  source: Concept;
  target: Concept;
  evidence: Connection<Evidence>;
}

export interface ConceptDetails extends Concept {
  summary: string;
  aliases: string[];
  modelOnly: boolean;
  images: Connection<Image>;
  evidence: Connection<Evidence>;
  relations: Connection<Relation>;
}

export interface Progress {
  conceptsFound: number;
  stepsDone: number;
  stepsPending: number;
  stepsFailed: number;
}

export interface Exploration {
  id: string;
  topic: string;
  status: Status;
  reason: string | null;
  budget: { concepts: number | null };
  progress: Progress;
  root: { id: string } | null;
}

export interface PastExploration {
  id: string;
  topic: string;
  status: Status;
  createdAt: string;
  progress: { conceptsFound: number };
}

interface EventBase {
  seq: number;
  progress: Progress;
}

export type ExplorationEvent =
  | (EventBase & { __typename: "GraphGrew"; concepts: Concept[]; relations: Ends[] })
  | (EventBase & { __typename: "ImageReady"; image: NewPicture | null })
  | (EventBase & { __typename: "StatusChanged"; status: Status; reason: string | null })
  | (EventBase & { __typename: "ExplorationStarted" | "StepFailed" | "HistoryTrimmed" });

export interface SearchHit {
  snippet: string | null;
  node: Concept;
}

export interface Neighbourhood {
  totalCount: number;
  truncated: boolean;
  concepts: Concept[];
  relations: Ends[];
}

export interface Hop {
  relation: { type: string; source: Named; target: Named };
  concept: Concept;
}

export interface Path {
  found: boolean;
  reason: string | null;
  hops: Hop[];
}

export interface KnowledgeSource {
  name: string;
  description: string;
  available: boolean;
  reason: string | null;
}

/** One meaning of a topic: a stored concept by its id, or the words by which its source knows it. */
export interface Sense {
  conceptId: string | null;
  topic: string;
  name: string;
  kind: string;
  summary: string;
}

export interface StartInput {
  topic?: string;
  conceptId?: string;
  depth: number;
  budget: { concepts: number };
  sources: string[];
  /** Present: each concept found gets a picture. */
  pictures?: Record<string, never>;
}
