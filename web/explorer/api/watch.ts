// Follows explorations and images over a WebSocket, and goes on after a lost connection where it stopped.
import { createClient } from "graphql-ws";

import { ApiError, ENDPOINT } from "./client";
import PAINTING from "./documents/painting.graphql";
import WATCH from "./documents/watch.graphql";
import type { ExplorationEvent, Image } from "./types";

export interface Watcher {
  event(event: ExplorationEvent): void;
  connection(alive: boolean): void;
}

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 10_000;
const CONNECTION_TIMEOUT = 4408;

function socketAddress(): string {
  const address = new URL(ENDPOINT);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}

/** Gives each event once, in order; ends when the exploration has. Throws ApiError if refused. */
export async function watch(id: string, watcher: Watcher, signal: AbortSignal): Promise<void> {
  let last = 0;
  let failures = 0;
  while (!signal.aborted) {
    try {
      for await (const { explorationEvents: event } of answers<Told>(WATCH, { id, after: last }, signal)) {
        failures = 0;
        watcher.connection(true);
        if (event.__typename === "HistoryTrimmed") watcher.event(event);
        if (event.seq <= last) continue;
        last = event.seq;
        if (event.__typename !== "HistoryTrimmed") watcher.event(event);
      }
      return;
    } catch (problem) {
      if (signal.aborted) return;
      if (problem instanceof ApiError) throw problem;
      watcher.connection(false);
      await wait(failures++, signal);
    }
  }
}

/** Gives each image as it is now and after each change; ends when all have ended. Throws ApiError if refused. */
export async function* painting(ids: readonly string[], signal: AbortSignal): AsyncGenerator<Image> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      for await (const { imageUpdates } of answers<{ imageUpdates: Image }>(PAINTING, { ids }, signal)) {
        failures = 0;
        yield imageUpdates;
      }
      return;
    } catch (problem) {
      if (signal.aborted) return;
      if (problem instanceof ApiError) throw problem;
      await wait(failures++, signal);
    }
  }
}

type Told = { explorationEvents: ExplorationEvent };

async function* answers<Data extends Record<string, unknown>>(
  query: string,
  variables: Record<string, unknown>,
  signal: AbortSignal,
): AsyncGenerator<Data> {
  // The library's own retry would send the same "after" again.
  const client = createClient({ url: socketAddress(), retryAttempts: 0 });
  const stop = (): void => void client.dispose();
  signal.addEventListener("abort", stop);
  try {
    for await (const { data, errors } of client.iterate<Data>({ query, variables })) {
      if (errors) throw ApiError.from(errors);
      if (data) yield data;
    }
  } catch (problem) {
    throw refusal(problem) ?? problem;
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

/** The server's "no", which trying again would not change. */
function refusal(problem: unknown): ApiError | undefined {
  if (Array.isArray(problem)) return ApiError.from(problem);
  if (!(problem instanceof CloseEvent)) return undefined;
  const refused = problem.code >= 4400 && problem.code < 4500 && problem.code !== CONNECTION_TIMEOUT;
  return refused ? new ApiError(`The server closed the connection: ${problem.reason}`, "REFUSED") : undefined;
}

function wait(failures: number, signal: AbortSignal): Promise<void> {
  const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
  return new Promise((resolve) => {
    // Jitter, so that a restarted server does not meet all its pages at once.
    setTimeout(resolve, most * (0.5 + Math.random() / 2));
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
