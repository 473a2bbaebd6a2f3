// Draws the graph as SVG and tells what a person does with it.
import { drag, type D3DragEvent } from "d3-drag";
import { select } from "d3-selection";

import { s } from "../dom";
import { relationWord } from "../words";
import type { Colours } from "./colours";
import { Graph, type GraphLink, type GraphNode } from "./graph";
import { Layout, radiusOf } from "./layout";
import { isArrow, nextTowards } from "./steering";
import { type Insets, Viewport } from "./viewport";

export interface PictureEvents {
  pick(node: GraphNode): void;
  leave(): void;
  insets(): Insets;
}

/** How many names are shown from far away, and how many from near; pointing at a concept shows its own. */
const NAMED_FROM_FAR = 14;
const NAMED = 60;

interface DrawnLink {
  group: SVGGElement;
  lines: SVGLineElement[];
  word: SVGTextElement;
}

export class Picture {
  readonly element: SVGSVGElement;
  readonly viewport: Viewport;
  private readonly layout: Layout;
  private readonly scene = s("g");
  private readonly linkLayer = s("g", { class: "links" });
  private readonly nodeLayer = s("g", { class: "nodes" });
  private readonly drawnNodes = new Map<string, SVGGElement>();
  private readonly drawnLinks = new Map<string, DrawnLink>();
  private focusable: SVGGElement | undefined;

  constructor(
    private readonly graph: Graph,
    private readonly colours: Colours,
    private readonly events: PictureEvents,
  ) {
    this.scene.append(this.linkLayer, this.nodeLayer);
    this.element = s(
      "svg",
      {
        class: "picture",
        role: "group",
        "aria-label": "The graph. Arrow keys move between concepts, Enter opens one, plus and minus zoom.",
        onclick: () => events.leave(),
        onkeydown: (event: KeyboardEvent) => this.onKey(event),
      },
      this.scene,
    );
    this.viewport = new Viewport(this.element, events.insets, (transform) => {
      this.scene.setAttribute("transform", transform.toString());
      this.element.classList.toggle("far", transform.k < 0.6);
      // Names grow and shrink less than the graph, so that they stay readable.
      this.element.style.setProperty("--name-scale", String(1 / Math.sqrt(transform.k)));
    });
    this.layout = new Layout(graph, () => this.place());
  }

  /** Draws what the graph gained, or starts anew after it was cleared. */
  update(): void {
    if (this.graph.nodes.size < this.drawnNodes.size) this.erase();
    for (const link of this.graph.links.values()) this.drawLink(link);
    for (const node of this.graph.nodes.values()) this.drawNode(node);
    this.nameTheImportant();
    this.layout.update();
  }

  erase(): void {
    this.linkLayer.replaceChildren();
    this.nodeLayer.replaceChildren();
    this.drawnNodes.clear();
    this.drawnLinks.clear();
    this.focusable = undefined;
    this.viewport.follow();
  }

  /** Brings one concept and its neighbours forward. */
  select(id: string | null): void {
    const near = id ? this.graph.neighboursOf(id) : new Set<string>();
    this.element.classList.toggle("has-selection", id !== null && this.drawnNodes.has(id));
    for (const [other, drawn] of this.drawnNodes) {
      drawn.classList.toggle("selected", other === id);
      drawn.classList.toggle("near", near.has(other));
      drawn.setAttribute("aria-pressed", String(other === id));
    }
    for (const [linkId, drawn] of this.drawnLinks) {
      drawn.group.classList.toggle("near", id !== null && linkId.split(" ").includes(id));
    }
    const drawn = id ? this.drawnNodes.get(id) : undefined;
    if (drawn) this.letTabReach(drawn);
  }

  /** Marks a way through the graph; an empty one unmarks. */
  markPath(ids: readonly string[]): void {
    const pairs = new Set(ids.slice(1).map((id, i) => this.graph.linkBetween(ids[i]!, id)?.id));
    this.element.classList.toggle("has-path", ids.length > 0);
    for (const [id, drawn] of this.drawnNodes) drawn.classList.toggle("on-path", ids.includes(id));
    for (const [id, { group }] of this.drawnLinks) group.classList.toggle("on-path", pairs.has(id));
  }

  /** Dims every domain but this one. */
  highlightDomain(domain: string | null): void {
    this.element.classList.toggle("has-domain", domain !== null);
    for (const [id, drawn] of this.drawnNodes) {
      drawn.classList.toggle("in-domain", this.graph.nodes.get(id)?.domain === domain);
    }
  }

  focusOn(id: string): void {
    this.drawnNodes.get(id)?.focus({ preventScroll: true });
  }

  private drawNode(node: GraphNode): void {
    const drawn = this.drawnNodes.get(node.id) ?? this.newNode(node);
    const radius = radiusOf(node);
    drawn.classList.toggle("root", node.id === this.graph.root);
    drawn.querySelector(".grip")?.setAttribute("r", String(radius + 7));
    drawn.querySelector(".disc")?.setAttribute("r", String(radius));
    drawn.querySelector("text")?.setAttribute("y", String(radius + 3));
  }

  private newNode(node: GraphNode): SVGGElement {
    const label = [node.name, node.kind, node.domain].filter(Boolean).join(", ");
    const drawn = s(
      "g",
      {
        class: `node colour-${this.colours.of(node.domain)}`,
        role: "button",
        tabindex: -1,
        "aria-label": label,
        "data-id": node.id,
        onclick: (event: MouseEvent) => {
          event.stopPropagation();
          this.events.pick(node);
        },
        onfocus: () => this.letTabReach(drawn),
        onpointerenter: () => this.hover(node.id, true),
        onpointerleave: () => this.hover(node.id, false),
      },
      // The first circle is invisible and wide: a small one is hard to hit with a finger.
      s("circle", { class: "grip" }),
      s("circle", { class: "disc" }),
      s("text", {}, shorten(node.name)),
    );
    this.makeDraggable(drawn, node);
    this.drawnNodes.set(node.id, drawn);
    this.nodeLayer.append(drawn);
    if (!this.focusable) this.letTabReach(drawn);
    return drawn;
  }

  private drawLink(link: GraphLink): void {
    const sentence = link.relations
      .map(({ type, from, to }) => `${from.name} ${relationWord(type)} ${to.name}`)
      .join("\n");
    const words = [...new Set(link.relations.map(({ type }) => relationWord(type)))].join(", ");
    const drawn = this.drawnLinks.get(link.id) ?? this.newLink(link);
    drawn.word.textContent = words;
    drawn.group.querySelector("title")!.textContent = sentence;
  }

  private newLink(link: GraphLink): DrawnLink {
    // The second line is invisible and wide: a thin one is hard to point at.
    const lines = [s("line", { class: "line" }), s("line", { class: "grip" })];
    const word = s("text");
    const drawn = { group: s("g", { class: "link" }, s("title"), ...lines, word), lines, word };
    this.drawnLinks.set(link.id, drawn);
    this.linkLayer.append(drawn.group);
    return drawn;
  }

  private place(): void {
    for (const [id, drawn] of this.drawnNodes) {
      const { x = 0, y = 0 } = this.graph.nodes.get(id) ?? {};
      drawn.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    }
    for (const [id, { lines, word }] of this.drawnLinks) {
      const link = this.graph.links.get(id);
      if (link) placeLink(link, lines, word);
    }
    this.viewport.keepInView(this.graph.nodes.values());
  }

  private nameTheImportant(): void {
    const byDegree = [...this.graph.nodes.values()].sort((a, b) => b.degree - a.degree);
    byDegree.forEach((node, rank) => {
      const drawn = this.drawnNodes.get(node.id);
      drawn?.classList.toggle("named", rank < NAMED);
      drawn?.classList.toggle("first", rank < NAMED_FROM_FAR);
    });
  }

  private hover(id: string, on: boolean): void {
    for (const other of this.graph.neighboursOf(id)) {
      this.drawnNodes.get(other)?.classList.toggle("beside", on);
      const link = this.graph.linkBetween(id, other);
      if (link) this.drawnLinks.get(link.id)?.group.classList.toggle("beside", on);
    }
  }

  private makeDraggable(drawn: SVGGElement, node: GraphNode): void {
    const behaviour = drag<SVGGElement, unknown>()
      .clickDistance(4)
      .on("start", () => this.layout.hold(0.2))
      .on("drag", (event: D3DragEvent<SVGGElement, unknown, unknown>) => {
        node.fx = (node.fx ?? node.x ?? 0) + event.dx;
        node.fy = (node.fy ?? node.y ?? 0) + event.dy;
      })
      .on("end", () => {
        this.layout.hold(0);
        node.fx = null;
        node.fy = null;
      });
    behaviour.container(() => this.scene)(select(drawn));
  }

  /** One concept at a time is in the tab order; arrows do the rest. */
  private letTabReach(drawn: SVGGElement): void {
    this.focusable?.setAttribute("tabindex", "-1");
    drawn.setAttribute("tabindex", "0");
    this.focusable = drawn;
  }

  private onKey(event: KeyboardEvent): void {
    const id = (event.target as Element).getAttribute("data-id");
    const node = id ? this.graph.nodes.get(id) : undefined;
    if (event.key === "+" || event.key === "=") this.viewport.zoomBy(1.25);
    else if (event.key === "-") this.viewport.zoomBy(0.8);
    else if (node && (event.key === "Enter" || event.key === " ")) this.events.pick(node);
    else if (node && isArrow(event.key)) this.moveFocus(event.key, node);
    else return;
    event.preventDefault();
  }

  private moveFocus(key: string, from: GraphNode): void {
    const next = nextTowards(key, from, this.graph.nodes.values());
    if (!next) return;
    if (!this.viewport.isVisible(next)) this.viewport.centre(next);
    this.focusOn(next.id);
  }
}

function placeLink({ source, target }: GraphLink, lines: SVGLineElement[], word: SVGTextElement): void {
  const [x1, y1, x2, y2] = [source.x ?? 0, source.y ?? 0, target.x ?? 0, target.y ?? 0];
  for (const line of lines) {
    line.setAttribute("x1", x1.toFixed(1));
    line.setAttribute("y1", y1.toFixed(1));
    line.setAttribute("x2", x2.toFixed(1));
    line.setAttribute("y2", y2.toFixed(1));
  }
  word.setAttribute("x", ((x1 + x2) / 2).toFixed(1));
  word.setAttribute("y", ((y1 + y2) / 2 - 3).toFixed(1));
}

function shorten(name: string): string {
  return name.length > 28 ? `${name.slice(0, 27)}…` : name;
}
