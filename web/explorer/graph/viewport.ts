// Panning and zooming; follows the growing graph until the person moves the view.
import { select, type Selection } from "d3-selection";
import { zoom, zoomIdentity, type D3ZoomEvent, type ZoomBehavior, type ZoomTransform } from "d3-zoom";

import type { GraphNode } from "./graph";
import { calm } from "./motion";

const MARGIN = 70;
const CLOSEST_FIT = 1.4;
const EASE = 0.15;

/** How much of the picture is covered by panels, in pixels. */
export interface Insets {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

export class Viewport {
  private readonly picture: Selection<SVGSVGElement, unknown, null, undefined>;
  private readonly behaviour: ZoomBehavior<SVGSVGElement, unknown>;
  private transform: ZoomTransform = zoomIdentity;
  private following = true;

  constructor(
    private readonly svg: SVGSVGElement,
    private readonly insets: () => Insets,
    onMove: (transform: ZoomTransform) => void,
  ) {
    this.behaviour = zoom<SVGSVGElement, unknown>()
      .scaleExtent([0.15, 4])
      .on("zoom", (event: D3ZoomEvent<SVGSVGElement, unknown>) => {
        if (event.sourceEvent) this.following = false;
        this.transform = event.transform;
        onMove(event.transform);
      });
    this.picture = select(svg);
    this.picture.call(this.behaviour).on("dblclick.zoom", null);
  }

  follow(): void {
    this.following = true;
  }

  zoomBy(factor: number): void {
    this.following = false;
    this.behaviour.scaleBy(this.picture, factor);
  }

  /** One step of the way towards showing all of them. */
  keepInView(nodes: Iterable<GraphNode>, ease = calm() ? 1 : EASE): void {
    if (!this.following) return;
    const goal = this.fitting([...nodes]);
    if (!goal) return;
    const { x, y, k } = this.transform;
    const blend = (from: number, to: number): number => from + (to - from) * ease;
    this.behaviour.transform(
      this.picture,
      zoomIdentity.translate(blend(x, goal.x), blend(y, goal.y)).scale(blend(k, goal.k)),
    );
  }

  /** Moves the view so that this concept lies in its uncovered middle. */
  centre(node: GraphNode): void {
    this.following = false;
    const { x, y } = this.middle();
    const { k } = this.transform;
    const goal = zoomIdentity.translate(x - (node.x ?? 0) * k, y - (node.y ?? 0) * k).scale(k);
    this.behaviour.transform(this.picture, goal);
  }

  isVisible(node: GraphNode): boolean {
    const { left, right, top, bottom, width, height } = this.free();
    const [x, y] = this.transform.apply([node.x ?? 0, node.y ?? 0]);
    return x > left && x < width - right && y > top && y < height - bottom;
  }

  private fitting(nodes: readonly GraphNode[]): ZoomTransform | undefined {
    if (nodes.length === 0) return undefined;
    const xs = nodes.map((node) => node.x ?? 0);
    const ys = nodes.map((node) => node.y ?? 0);
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const free = this.free();
    const width = free.width - free.left - free.right;
    const height = free.height - free.top - free.bottom;
    const margin = Math.min(MARGIN, width / 6);
    const k = Math.min(CLOSEST_FIT, width / (right - left + 2 * margin), height / (bottom - top + 2 * margin));
    const { x, y } = this.middle();
    return zoomIdentity.translate(x - (k * (left + right)) / 2, y - (k * (top + bottom)) / 2).scale(k);
  }

  private free(): Insets & { width: number; height: number } {
    const { width, height } = this.svg.getBoundingClientRect();
    return { ...this.insets(), width, height };
  }

  private middle(): { x: number; y: number } {
    const { left, right, top, bottom, width, height } = this.free();
    return { x: (left + width - right) / 2, y: (top + height - bottom) / 2 };
  }
}
