// Builds the pages: OUT/explorer.html, OUT/graphiql.html and OUT/assets/*, each with a .gz beside it.
import { build } from "esbuild";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { gzip } from "node:zlib";

const HERE = dirname(fileURLToPath(import.meta.url));

const PAGES = {
  explorer: "explorer/main.ts",
  graphiql: "graphiql/main.tsx",
};

const WORKERS = {
  EDITOR_WORKER: "monaco-editor/esm/vs/editor/editor.worker.js",
  GRAPHQL_WORKER: "monaco-graphql/esm/graphql.worker.js",
  JSON_WORKER: "monaco-editor/esm/vs/language/json/json.worker.js",
};

const COMPRESSIBLE = /\.(html|js|css|svg|ttf|txt)$/;

function options(out) {
  return {
    absWorkingDir: HERE,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    outdir: join(out, "assets"),
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    loader: { ".graphql": "text", ".svg": "file", ".ttf": "file" },
    legalComments: "linked",
    logLevel: "warning",
    metafile: true,
  };
}

/** The metafile's outputs by the entry point that they came from. */
function outputsByEntry(metafile) {
  const found = new Map();
  for (const [path, output] of Object.entries(metafile.outputs)) {
    if (output.entryPoint) found.set(output.entryPoint, { path, ...output });
  }
  return found;
}

// Workers are built first: the page has to know their hashed names.
async function buildWorkers(out) {
  const entryPoints = Object.values(WORKERS);
  const { metafile } = await build({ ...options(out), entryPoints });
  const outputs = outputsByEntry(metafile);
  return Object.fromEntries(
    Object.entries(WORKERS).map(([name, entry]) => {
      const output = outputs.get(`node_modules/${entry}`);
      return [name, JSON.stringify(basename(output.path))];
    }),
  );
}

async function buildPages(out) {
  const { metafile } = await build({
    ...options(out),
    entryPoints: PAGES,
    splitting: true,
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"', ...(await buildWorkers(out)) },
  });
  const outputs = outputsByEntry(metafile);
  const icon = await copyIcon(out);
  for (const [page, entry] of Object.entries(PAGES)) {
    await writePage(out, page, outputs.get(entry), icon);
  }
}

async function writePage(out, page, { path, cssBundle }, icon) {
  const source = await readFile(join(HERE, dirname(PAGES[page]), "page.html"), "utf8");
  const html = source
    .replaceAll("{{script}}", `assets/${basename(path)}`)
    .replaceAll("{{style}}", `assets/${basename(cssBundle)}`)
    .replaceAll("{{icon}}", `assets/${icon}`);
  await writeFile(join(out, `${page}.html`), html);
}

async function copyIcon(out) {
  const { metafile } = await build({
    ...options(out),
    entryPoints: ["icon.svg"],
    loader: { ".svg": "copy" },
  });
  return basename(Object.keys(metafile.outputs)[0]);
}

async function compress(folder) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await compress(path);
    else if (COMPRESSIBLE.test(entry.name)) {
      await writeFile(`${path}.gz`, await promisify(gzip)(await readFile(path), { level: 9 }));
    }
  }
}

const { values } = parseArgs({ options: { out: { type: "string" } } });
if (!values.out) {
  console.error("usage: node build.mjs --out DIR");
  process.exit(2);
}
await rm(values.out, { recursive: true, force: true });
await mkdir(values.out, { recursive: true });
await buildPages(values.out);
await compress(values.out);
