// The graph with what lies around it: legend, zoom buttons and the strip of pictures.
import type { Concept, Ends } from "../api/types";
import { h } from "../dom";
import { icon, type IconName } from "../icons";
import { Legend } from "../panels/legend";
import { Colours } from "./colours";
import { Graph, type GraphNode } from "./graph";
import { Picture } from "./picture";
import type { Insets } from "./viewport";

export class Stage {
  readonly graph = new Graph();
  readonly colours = new Colours();
  readonly picture: Picture;
  readonly element: HTMLElement;
  private readonly legend: Legend;
  private selected: string | null = null;
  private awaited = false;

  constructor(
    pick: (node: GraphNode) => void,
    leave: () => void,
    private readonly covering: readonly HTMLElement[],
    private readonly strip: HTMLElement,
  ) {
    this.picture = new Picture(this.graph, this.colours, { pick, leave, insets: () => this.insets() });
    this.legend = new Legend(this.graph, this.colours, (domain) => this.picture.highlightDomain(domain));
    const { viewport } = this.picture;
    const zoomButtons = h(
      "div",
      { class: "zoom", role: "group", "aria-label": "View" },
      button("plus", "Zoom in", () => viewport.zoomBy(1.4)),
      button("minus", "Zoom out", () => viewport.zoomBy(1 / 1.4)),
      button("fit", "Show the whole graph", () => this.showAll()),
    );
    this.element = h(
      "section",
      { class: "stage", "aria-label": "Graph" },
      this.picture.element,
      ...covering,
      h("div", { class: "tools" }, h("div", { class: "upper" }, zoomButtons, strip), this.legend.element),
    );
  }

  clear(): void {
    this.graph.clear();
    this.colours.clear();
    this.picture.erase();
    this.picture.markPath([]);
    this.legend.update();
  }

  /** Adds to the graph; what arrives at one moment is drawn together. */
  add(concepts: readonly Concept[], relations: readonly Ends[]): void {
    const grew = this.graph.add(concepts, relations);
    if (!grew || this.awaited) return;
    this.awaited = true;
    requestAnimationFrame(() => {
      this.awaited = false;
      this.picture.update();
      this.picture.select(this.selected);
      this.legend.update();
    });
  }

  select(id: string | null): void {
    this.selected = id;
    this.picture.select(id);
  }

  /** Brings a concept into the uncovered part of the view. */
  reveal(id: string): void {
    const node = this.graph.nodes.get(id);
    if (node && !this.picture.viewport.isVisible(node)) this.picture.viewport.centre(node);
  }

  showAll(): void {
    this.picture.viewport.follow();
    this.picture.viewport.keepInView(this.graph.nodes.values(), 1);
  }

  /**
   * A panel beside the graph covers a side of it; one as wide as the screen covers its top or bottom.
   * The card at the left covers a corner only: half its width keeps most of the graph clear of it.
   */
  private insets(): Insets {
    const foot = this.legend.element.offsetHeight + this.strip.offsetHeight;
    const insets = { top: 0, right: 0, bottom: foot, left: 0 };
    const stage = this.element.getBoundingClientRect();
    for (const element of this.covering) {
      if (element.hidden) continue;
      const { left, right, top, bottom, width } = element.getBoundingClientRect();
      const high = top + bottom < stage.top + stage.bottom;
      if (width > stage.width * 0.6) {
        if (high) insets.top = Math.max(insets.top, bottom - stage.top);
        else insets.bottom = Math.max(insets.bottom, stage.bottom - top);
      } else if (left < stage.left + stage.width / 2) insets.left = Math.max(insets.left, (right - stage.left) / 2);
      else insets.right = Math.max(insets.right, stage.right - left);
    }
    return insets;
  }
}

function button(name: IconName, words: string, action: () => void): HTMLElement {
  return h("button", { type: "button", "aria-label": words, title: words, onclick: action }, icon(name));
}
