// Every question that this page asks, as a function.
import { ApiError, ask } from "./client";
import CANCEL from "./documents/cancel.graphql";
import CONCEPT from "./documents/concept.graphql";
import DELETE_IMAGE from "./documents/delete-image.graphql";
import EXPLORATION from "./documents/exploration.graphql";
import EXPLORATIONS from "./documents/explorations.graphql";
import EXTEND from "./documents/extend.graphql";
import IMAGES from "./documents/images.graphql";
import MEMBERS from "./documents/members.graphql";
import NEIGHBOURHOOD from "./documents/neighbourhood.graphql";
import PAINT from "./documents/paint.graphql";
import PAINTERS from "./documents/painters.graphql";
import PATH from "./documents/path.graphql";
import PAUSE from "./documents/pause.graphql";
import RESUME from "./documents/resume.graphql";
import SEARCH from "./documents/search.graphql";
import SOURCES from "./documents/sources.graphql";
import START from "./documents/start.graphql";
import type {
  Concept,
  ConceptDetails,
  Connection,
  Ends,
  Exploration,
  Image,
  KnowledgeSource,
  Named,
  Neighbourhood,
  Painter,
  PastExploration,
  Path,
  SearchHit,
  StartInput,
} from "./types";

function found<Thing>(thing: Thing | null, what: string): Thing {
  if (thing === null) throw new ApiError(`This ${what} does not exist, or no longer.`, "NOT_FOUND");
  return thing;
}

export async function startExploration(input: StartInput): Promise<string> {
  const data = await ask<{ startExploration: { exploration: { id: string } } }>(START, { input });
  return data.startExploration.exploration.id;
}

export const pauseExploration = (id: string): Promise<unknown> => ask(PAUSE, { id });
export const resumeExploration = (id: string): Promise<unknown> => ask(RESUME, { id });
export const cancelExploration = (id: string): Promise<unknown> => ask(CANCEL, { id });

/** Goes on with a greater budget: so many concepts, all in all. */
export const extendExploration = (id: string, concepts: number): Promise<unknown> => ask(EXTEND, { id, concepts });

export async function exploration(id: string, signal: AbortSignal): Promise<Exploration> {
  const data = await ask<{ exploration: Exploration | null }>(EXPLORATION, { id }, signal);
  return found(data.exploration, "exploration");
}

export async function explorations(first: number, after: string | null): Promise<Connection<PastExploration>> {
  return (await ask<{ explorations: Connection<PastExploration> }>(EXPLORATIONS, { first, after })).explorations;
}

type Member = Concept & { relations: Connection<Ends> };

/** The members with their relations, page by page. */
export async function* members(id: string, signal: AbortSignal): AsyncGenerator<Member[]> {
  let after: string | null = null;
  do {
    const data: { exploration: { concepts: Connection<Member> } | null } = await ask(MEMBERS, { id, after }, signal);
    const { edges, pageInfo } = found(data.exploration, "exploration").concepts;
    yield edges.map((edge) => edge.node);
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after);
}

export async function concept(id: string, after: string | null, signal: AbortSignal): Promise<ConceptDetails> {
  const data = await ask<{ concept: ConceptDetails | null }>(CONCEPT, { id, after }, signal);
  return found(data.concept, "concept");
}

export async function neighbourhood(id: string, signal: AbortSignal): Promise<Neighbourhood & { centre: Named }> {
  const data = await ask<{ concept: Named | null; neighbourhood: Neighbourhood }>(NEIGHBOURHOOD, { id }, signal);
  return { centre: found(data.concept, "concept"), ...data.neighbourhood };
}

export async function search(text: string, signal: AbortSignal): Promise<SearchHit[]> {
  return (await ask<{ search: { edges: SearchHit[] } }>(SEARCH, { text }, signal)).search.edges;
}

export async function path(from: string, to: string): Promise<Path> {
  return (await ask<{ path: Path }>(PATH, { from, to })).path;
}

export async function knowledgeSources(): Promise<KnowledgeSource[]> {
  return (await ask<{ knowledgeSources: KnowledgeSource[] }>(SOURCES)).knowledgeSources;
}

/** Has a picture made of a concept, or another one than before. It comes at once, and has yet to be made. */
export async function paint(conceptId: string, another: boolean): Promise<Image[]> {
  const seed = another && (await knowsSeeds()) ? Math.floor(Math.random() * MOST_SEED) : null;
  const data = await ask<{ generateImages: { images: Image[] } }>(PAINT, { ids: [conceptId], reuse: !another, seed });
  return data.generateImages.images;
}

/** Any number up to this is a seed, and an Int of GraphQL. */
const MOST_SEED = 2 ** 31 - 1;

/** Whether the usual provider makes another picture of another seed. */
async function knowsSeeds(): Promise<boolean> {
  return (await usualPainter())?.seeds ?? false;
}

/** Who makes pictures when nobody is named. */
export async function usualPainter(): Promise<Painter | undefined> {
  const { imageProviders } = await ask<{ imageProviders: Painter[] }>(PAINTERS);
  return imageProviders.find((provider) => provider.default);
}

/** The next pictures of a concept. */
export async function furtherImages(id: string, after: string | null, signal: AbortSignal): Promise<Connection<Image>> {
  const data = await ask<{ concept: { images: Connection<Image> } | null }>(IMAGES, { id, after }, signal);
  return found(data.concept, "concept").images;
}

export const deleteImage = (id: string): Promise<unknown> => ask(DELETE_IMAGE, { id });
