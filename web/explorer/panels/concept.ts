// One concept: what it is, what it is related to, and who says so.
import { concept as load } from "../api/queries";
import type { Concept, ConceptDetails, Connection, Relation } from "../api/types";
import { h } from "../dom";
import { icon, type IconName } from "../icons";
import { count } from "../words";
import { evidenceList } from "./evidence";
import { ConceptImages } from "./images";
import { relationGroups } from "./relations";

export interface ConceptActions {
  close(): void;
  explore(id: string): void;
  pathFrom(concept: Concept): void;
  open(concept: Concept, relation: Relation): void;
  pictureDeleted(id: string): void;
  guard(work: () => Promise<void>): void;
  colourOf(domain: string): number;
}

export class ConceptPanel {
  readonly element = h("aside", { class: "panel", "aria-label": "Concept", hidden: true });
  private reading = new AbortController();
  private shown: string | null = null;

  constructor(private readonly actions: ConceptActions) {}

  hide(): void {
    this.reading.abort();
    this.shown = null;
    this.element.hidden = true;
  }

  /** Shows the concept; what it had before stays until the new one is there. */
  async show(id: string): Promise<ConceptDetails> {
    this.reading.abort();
    const reading = (this.reading = new AbortController());
    this.element.setAttribute("aria-busy", "true");
    try {
      const concept = await load(id, null, reading.signal);
      this.draw(concept);
      return concept;
    } finally {
      if (reading === this.reading) this.element.removeAttribute("aria-busy");
    }
  }

  private draw(concept: ConceptDetails): void {
    const hadFocus = this.element.contains(document.activeElement);
    const relations = h("div", { class: "relation-groups" });
    const more = h("div");
    this.element.replaceChildren(
      this.header(concept),
      concept.modelOnly ? modelOnly() : "",
      concept.summary ? h("p", { class: "summary" }, concept.summary) : h("p", { class: "about" }, "No summary yet."),
      concept.aliases.length > 0 ? h("p", { class: "about" }, `Also: ${concept.aliases.join(", ")}`) : "",
      this.buttons(concept),
      new ConceptImages(concept, this.actions.guard, this.actions.pictureDeleted, this.reading.signal).element,
      h("h3", {}, count(concept.relations.totalCount, "relation")),
      relations,
      more,
      ...this.sources(concept),
    );
    this.element.hidden = false;
    if (hadFocus) this.element.querySelector("h2")?.focus();
    if (this.shown !== concept.id) this.element.scrollTop = 0;
    this.shown = concept.id;
    this.append(concept, concept.relations, [], relations, more);
  }

  private header({ name, kind, domain }: ConceptDetails): HTMLElement {
    const about = [kind, domain].filter(Boolean).join(" · ");
    return h(
      "header",
      {},
      h("span", { class: `dot colour-${this.actions.colourOf(domain)}` }),
      h("div", {}, h("h2", { tabindex: -1 }, name), about ? h("p", { class: "about" }, about) : null),
      h(
        "button",
        { type: "button", class: "quiet", "aria-label": "Close", onclick: this.actions.close },
        icon("close"),
      ),
    );
  }

  private buttons(concept: ConceptDetails): HTMLElement {
    const button = (name: IconName, words: string, action: () => void): HTMLElement =>
      h("button", { type: "button", onclick: action }, icon(name), words);
    return h(
      "div",
      { class: "controls" },
      button("grow", "Explore from here", () => this.actions.explore(concept.id)),
      button("path", "Find a path", () => this.actions.pathFrom(concept)),
    );
  }

  private sources({ evidence }: ConceptDetails): HTMLElement[] {
    if (evidence.edges.length === 0) return [];
    return [h("h3", {}, "Where this comes from"), evidenceList(evidence)];
  }

  /** Draws the relations read so far, and a button for the next ones. */
  private append(
    concept: ConceptDetails,
    page: Connection<Relation>,
    before: readonly Relation[],
    list: HTMLElement,
    more: HTMLElement,
  ): void {
    const all = [...before, ...page.edges.map((edge) => edge.node)];
    list.replaceChildren(...relationGroups(concept.id, all, this.actions.open));
    more.replaceChildren();
    if (!page.pageInfo.hasNextPage) return;
    const loadMore = async (): Promise<void> => {
      const next = await load(concept.id, page.pageInfo.endCursor, this.reading.signal);
      this.append(concept, next.relations, all, list, more);
    };
    const words = `Show more of ${page.totalCount - all.length}`;
    more.append(h("button", { type: "button", class: "chip", onclick: () => this.actions.guard(loadMore) }, words));
  }
}

/** Nobody but a language model says so: that must be seen. */
function modelOnly(): HTMLElement {
  return h("p", { class: "model-only" }, "Only a language model says so. It may be wrong.");
}
