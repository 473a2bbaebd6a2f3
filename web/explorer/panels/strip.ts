// The pictures that an exploration makes, in the order of their coming, along the lower edge of the graph.
import type { Concept, NewPicture } from "../api/types";
import { h } from "../dom";

/** Older ones leave: each has its place in its concept's panel. */
const MOST = 60;

export class PictureStrip {
  readonly element = h("div", { class: "strip", role: "group", "aria-label": "Pictures", hidden: true });
  private readonly shown = new Set<string>();

  constructor(private readonly pick: (concept: Concept) => void) {}

  clear(): void {
    this.element.replaceChildren();
    this.element.hidden = true;
    this.shown.clear();
  }

  add({ id, thumbnailUrl, concept }: NewPicture): void {
    if (!thumbnailUrl || this.shown.has(id)) return;
    this.shown.add(id);
    const picture = h("img", { src: thumbnailUrl, alt: "", width: 72, height: 72, loading: "lazy" });
    const open = (): void => this.pick(concept);
    this.element.prepend(h("button", { type: "button", title: concept.name, "aria-label": concept.name, onclick: open }, picture));
    this.element.hidden = false;
    if (this.element.childElementCount > MOST) this.element.lastElementChild?.remove();
  }
}
