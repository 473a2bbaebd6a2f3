// The graph on the screen: concepts, and one link for each pair of concepts with its relations.
import type { SimulationLinkDatum, SimulationNodeDatum } from "d3-force";

import type { Concept, Ends } from "../api/types";

export interface GraphNode extends SimulationNodeDatum, Concept {
  /** How many links it has on the screen. */
  degree: number;
}

export interface GraphLink extends SimulationLinkDatum<GraphNode> {
  id: string;
  source: GraphNode;
  target: GraphNode;
  relations: { type: string; from: GraphNode; to: GraphNode }[];
}

/** More than this is neither readable nor smooth; the rest is reached by search and by relations. */
export const MOST_SHOWN = 400;

export class Graph {
  readonly nodes = new Map<string, GraphNode>();
  readonly links = new Map<string, GraphLink>();
  /** The concept that all began with. */
  root: string | null = null;
  private readonly neighbours = new Map<string, Set<string>>();

  clear(): void {
    this.root = null;
    this.nodes.clear();
    this.links.clear();
    this.neighbours.clear();
  }

  /** Adds what is new, and says whether anything was. A relation counts once both its ends are there. */
  add(concepts: readonly Concept[], relations: readonly Ends[]): boolean {
    this.root ??= concepts[0]?.id ?? null;
    const arrived = concepts.filter((concept) => this.addConcept(concept));
    const related = relations.filter((relation) => this.addRelation(relation));
    for (const concept of arrived) this.placeBesideNeighbour(concept.id);
    return arrived.length + related.length > 0;
  }

  neighboursOf(id: string): ReadonlySet<string> {
    return this.neighbours.get(id) ?? new Set();
  }

  linkBetween(a: string, b: string): GraphLink | undefined {
    return this.links.get(pairOf(a, b));
  }

  private addConcept({ id, name, kind, domain }: Concept): boolean {
    if (this.nodes.has(id) || this.nodes.size >= MOST_SHOWN) return false;
    this.nodes.set(id, { id, name, kind, domain, degree: 0 });
    this.neighbours.set(id, new Set());
    return true;
  }

  private addRelation({ type, source, target }: Ends): boolean {
    const from = this.nodes.get(source.id);
    const to = this.nodes.get(target.id);
    if (!from || !to || from === to) return false;
    const link = this.linkBetween(from.id, to.id) ?? this.addLink(from, to);
    const known = link.relations.some((relation) => relation.type === type && relation.from === from);
    if (!known) link.relations.push({ type, from, to });
    return !known;
  }

  private addLink(source: GraphNode, target: GraphNode): GraphLink {
    const link = { id: pairOf(source.id, target.id), source, target, relations: [] };
    this.links.set(link.id, link);
    source.degree += 1;
    target.degree += 1;
    this.neighbours.get(source.id)?.add(target.id);
    this.neighbours.get(target.id)?.add(source.id);
    return link;
  }

  /** A concept appears beside what it was found from, not in the middle of nowhere. */
  private placeBesideNeighbour(id: string): void {
    const node = this.nodes.get(id);
    const placed = [...this.neighboursOf(id)].map((other) => this.nodes.get(other)).find((other) => other?.x);
    if (!node || placed?.x === undefined || placed.y === undefined) return;
    const angle = Math.random() * 2 * Math.PI;
    node.x = placed.x + 30 * Math.cos(angle);
    node.y = placed.y + 30 * Math.sin(angle);
  }
}

function pairOf(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
