// Monaco's workers, each a file of our own: the page may load nothing from elsewhere.
declare const EDITOR_WORKER: string;
declare const GRAPHQL_WORKER: string;
declare const JSON_WORKER: string;

// esbuild puts this code in assets/, beside the workers.
function startWorker(name: string): Worker {
  return new Worker(new URL(name, import.meta.url), { type: "module" });
}

Object.assign(globalThis, {
  MonacoEnvironment: {
    getWorker(_id: string, label: string): Worker {
      if (label === "graphql") return startWorker(GRAPHQL_WORKER);
      if (label === "json") return startWorker(JSON_WORKER);
      return startWorker(EDITOR_WORKER);
    },
  },
});
