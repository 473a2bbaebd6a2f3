// Arrow keys: which concept lies in that direction.
import type { GraphNode } from "./graph";

const DIRECTIONS: Record<string, readonly [number, number]> = {
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};

export const isArrow = (key: string): boolean => key in DIRECTIONS;

/** The nearest concept within 60 degrees of the arrow, what lies aside counting as farther. */
export function nextTowards(key: string, from: GraphNode, nodes: Iterable<GraphNode>): GraphNode | undefined {
  const [dx, dy] = DIRECTIONS[key] ?? [0, 0];
  let best: GraphNode | undefined;
  let least = Infinity;
  for (const node of nodes) {
    const x = (node.x ?? 0) - (from.x ?? 0);
    const y = (node.y ?? 0) - (from.y ?? 0);
    const along = x * dx + y * dy;
    const aside = Math.abs(x * dy) + Math.abs(y * dx);
    if (node === from || along <= 0 || aside > 1.75 * along) continue;
    if (along + 2 * aside < least) {
      least = along + 2 * aside;
      best = node;
    }
  }
  return best;
}
