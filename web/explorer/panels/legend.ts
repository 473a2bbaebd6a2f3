// The domains on the screen with their colours; pressing one brings it forward.
import type { Colours } from "../graph/colours";
import type { Graph } from "../graph/graph";
import { h } from "../dom";
import { domainWord } from "../words";

const MOST = 10;

export class Legend {
  readonly element = h("div", { class: "legend", role: "group", "aria-label": "Domains" });
  private readonly entries = new Map<string, HTMLElement>();
  private pressed: string | null = null;

  constructor(
    private readonly graph: Graph,
    private readonly colours: Colours,
    private readonly onPress: (domain: string | null) => void,
  ) {}

  update(): void {
    const counts = new Map<string, number>();
    for (const { domain } of this.graph.nodes.values()) counts.set(domain, (counts.get(domain) ?? 0) + 1);
    if (this.pressed !== null && !counts.has(this.pressed)) this.press(null);
    const largest = [...counts].sort((a, b) => b[1] - a[1]).slice(0, MOST);
    this.entries.clear();
    for (const [domain, number] of largest) this.entries.set(domain, this.entry(domain, number));
    this.element.replaceChildren(...this.entries.values());
  }

  private entry(domain: string, number: number): HTMLElement {
    return h(
      "button",
      {
        type: "button",
        "aria-pressed": String(domain === this.pressed),
        onclick: () => this.press(domain === this.pressed ? null : domain),
      },
      h("span", { class: `dot colour-${this.colours.of(domain)}` }),
      domainWord(domain),
      h("span", { class: "number" }, String(number)),
    );
  }

  private press(domain: string | null): void {
    this.pressed = domain;
    this.onPress(domain);
    for (const [own, entry] of this.entries) entry.setAttribute("aria-pressed", String(own === domain));
  }
}
