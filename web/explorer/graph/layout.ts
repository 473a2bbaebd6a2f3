// Where the concepts lie: d3's force simulation, warmed up again when something arrives.
import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY, type Simulation } from "d3-force";

import type { Graph, GraphLink, GraphNode } from "./graph";
import { calm } from "./motion";

const STEPS_AT_ONCE = 150;

export const radiusOf = (node: GraphNode): number => 6 + Math.min(14, 2.2 * Math.sqrt(node.degree));

/** Names lie below their concept; the long ones need room at both sides. */
const roomForName = (node: GraphNode): number => 12 + Math.min(24, 1.2 * node.name.length);

export class Layout {
  private readonly springs = forceLink<GraphNode, GraphLink>([]);
  private readonly simulation: Simulation<GraphNode, GraphLink>;

  constructor(
    private readonly graph: Graph,
    private readonly onTick: () => void,
  ) {
    this.springs.distance((link) => 80 + 5 * Math.sqrt(Math.max(link.source.degree, link.target.degree)));
    this.simulation = forceSimulation<GraphNode>([])
      .force("springs", this.springs)
      .force("charge", forceManyBody<GraphNode>().strength(-520).distanceMax(700))
      .force(
        "collide",
        forceCollide<GraphNode>((node) => radiusOf(node) + roomForName(node)),
      )
      .force("x", forceX<GraphNode>().strength(0.045))
      .force("y", forceY<GraphNode>().strength(0.06))
      .on("tick", onTick)
      .stop();
  }

  /** Takes up what the graph holds now; a few newcomers move the others little. */
  update(): void {
    const arrived = this.graph.nodes.size - this.simulation.nodes().length;
    this.simulation.nodes([...this.graph.nodes.values()]);
    this.springs.links([...this.graph.links.values()]);
    this.warm(arrived > 3 ? 0.6 : 0.25);
  }

  warm(alpha: number): void {
    this.simulation.alpha(Math.max(alpha, this.simulation.alpha()));
    if (calm()) {
      this.simulation.tick(STEPS_AT_ONCE).stop();
      this.onTick();
    } else this.simulation.restart();
  }

  /** While a concept is dragged the others give way. */
  hold(alpha: number): void {
    this.simulation.alphaTarget(alpha);
    if (alpha > 0) this.simulation.restart();
  }
}
