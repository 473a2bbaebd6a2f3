// Asks the server by POST, and puts what can go wrong into words.

export const ENDPOINT = new URL("graphql", document.baseURI);

interface WireError {
  message: string;
  extensions?: { code?: string; [key: string]: unknown };
}

interface Answer<Data> {
  data?: Data | null;
  errors?: WireError[];
}

/** What the server refused, or that it could not be reached; the message is for a person. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly code: string,
    readonly extensions: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }

  static from(errors: readonly WireError[]): ApiError {
    const [first] = errors;
    const code = first?.extensions?.code ?? "UNKNOWN";
    const message = first?.message ?? "The server answered without saying what is wrong.";
    return new ApiError(message, code, first?.extensions);
  }
}

export async function ask<Data>(
  document: string,
  variables: Record<string, unknown> = {},
  signal?: AbortSignal,
): Promise<Data> {
  const answer = await post<Data>(JSON.stringify({ query: document, variables }), signal);
  if (answer.errors?.length) throw ApiError.from(answer.errors);
  if (!answer.data) throw ApiError.from([]);
  return answer.data;
}

async function post<Data>(body: string, signal?: AbortSignal): Promise<Answer<Data>> {
  const response = await fetch(ENDPOINT, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/graphql-response+json" },
    body,
    ...(signal && { signal }),
  }).catch((problem: unknown) => {
    if (signal?.aborted) throw problem;
    throw new ApiError("The server cannot be reached. Is it running?", "UNREACHABLE");
  });
  try {
    return (await response.json()) as Answer<Data>;
  } catch {
    throw new ApiError(`The server answered ${response.status} ${response.statusText}.`, "NOT_GRAPHQL");
  }
}
