// The relations of one concept, those of one type and direction together.
import type { Concept, Relation } from "../api/types";
import { h } from "../dom";
import { icon } from "../icons";
import { inverseWord, relationWord } from "../words";
import { evidenceList } from "./evidence";

export function relationGroups(
  conceptId: string,
  relations: readonly Relation[],
  open: (concept: Concept, relation: Relation) => void,
): HTMLElement[] {
  const groups = new Map<string, HTMLElement>();
  for (const relation of relations) {
    const outgoing = relation.source.id === conceptId;
    const key = `${outgoing} ${relation.type}`;
    const group = groups.get(key) ?? newGroup(relation.type, outgoing);
    groups.set(key, group);
    const other = outgoing ? relation.target : relation.source;
    group.lastElementChild?.append(entry(other, relation, () => open(other, relation)));
  }
  return [...groups.values()];
}

function newGroup(type: string, outgoing: boolean): HTMLElement {
  return h(
    "section",
    { class: "relations" },
    h("h4", {}, icon(outgoing ? "into" : "from"), outgoing ? relationWord(type) : inverseWord(type)),
    h("ul"),
  );
}

function entry(other: Concept, relation: Relation, open: () => void): HTMLElement {
  const sources = relation.evidence.edges.length;
  return h(
    "li",
    {},
    h("button", { type: "button", class: "link", onclick: open }, other.name),
    other.kind ? h("span", { class: "kind" }, other.kind) : null,
    relation.modelOnly && h("span", { class: "model-only", title: "Only a language model says so." }, "model only"),
    sources > 0 &&
      h(
        "details",
        {},
        h("summary", { "aria-label": `Evidence: ${other.name}` }, "evidence"),
        evidenceList(relation.evidence),
      ),
  );
}
