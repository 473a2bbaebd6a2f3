// The pictures that an exploration makes, the newest first, along the lower edge of the graph.
import type { Concept, NewPicture } from "../api/types";
import { h } from "../dom";

/** Older ones leave: each has its place in its concept's panel. */
const MOST = 60;

export class PictureStrip {
  readonly element = h("div", { class: "strip", role: "group", "aria-label": "Pictures", hidden: true });
  private readonly shown = new Map<string, HTMLElement>();

  constructor(private readonly pick: (concept: Concept) => void) {}

  clear(): void {
    this.element.replaceChildren();
    this.element.hidden = true;
    this.shown.clear();
  }

  add({ id, thumbnailUrl, concept }: NewPicture): void {
    if (!thumbnailUrl || this.shown.has(id)) return;
    const picture = h("img", { src: thumbnailUrl, alt: "", width: 72, height: 72, loading: "lazy" });
    const open = (): void => this.pick(concept);
    const { name } = concept;
    const button = h("button", { type: "button", title: name, "aria-label": name, onclick: open }, picture);
    this.shown.set(id, button);
    this.element.prepend(button);
    this.element.hidden = false;
    if (this.element.childElementCount > MOST) this.element.lastElementChild?.remove();
  }

  remove(id: string): void {
    this.shown.get(id)?.remove();
    this.element.hidden = this.element.childElementCount === 0;
  }
}
