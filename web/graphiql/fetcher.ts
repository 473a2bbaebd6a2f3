// Sends GraphiQL's operations: POST for queries and mutations, a WebSocket for subscriptions.
import { createGraphiQLFetcher, type Fetcher } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";

const endpoint = new URL("graphql", document.baseURI);
const socket = new URL(endpoint);
socket.protocol = endpoint.protocol === "https:" ? "wss:" : "ws:";

// A client per operation, because the headers typed by the user travel in connection_init.
// No silent retry: it would replay the events from the first, as if they were new.
export const fetcher: Fetcher = (params, options) =>
  createGraphiQLFetcher({
    url: endpoint.href,
    enableIncrementalDelivery: false,
    wsClient: createClient({
      url: socket.href,
      retryAttempts: 0,
      ...(options?.headers && { connectionParams: options.headers }),
    }),
  })(params, options);
