// Where a statement comes from: each source with its own words.
import type { Connection, Evidence } from "../api/types";
import { h } from "../dom";

export function evidenceList(evidence: Connection<Evidence>): HTMLElement {
  return h("ul", { class: "evidence" }, ...evidence.edges.map(({ node }) => entry(node)));
}

function entry({ quote, source }: Evidence): HTMLElement {
  return h("li", {}, quote ? h("blockquote", {}, quote) : null, h("cite", {}, titleOf(source)));
}

function titleOf({ title, url }: Evidence["source"]): Node | string {
  if (!url || !/^https?:\/\//i.test(url)) return title;
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, title);
}
