// The way from one concept to another: picking the second one, and the steps between.
import type { Concept, Hop, Named, Path } from "../api/types";
import { h } from "../dom";
import { icon } from "../icons";
import { count, relationWord } from "../words";

export class PathPanel {
  private readonly body = h("div");
  readonly element: HTMLElement;

  constructor(
    close: () => void,
    private readonly open: (concept: Named) => void,
  ) {
    this.element = h(
      "aside",
      { class: "panel", "aria-label": "Path", hidden: true },
      h(
        "header",
        {},
        icon("path"),
        h("h2", {}, "Path"),
        h("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: close }, icon("close")),
      ),
      this.body,
    );
  }

  hide(): void {
    this.element.hidden = true;
  }

  askForTheOther(from: Named): void {
    this.say(
      h(
        "p",
        { role: "status" },
        "From ",
        h("strong", {}, from.name),
        " to … Pick a concept in the graph, or find one with the search.",
      ),
    );
  }

  show(from: Concept, to: Concept, { found, reason, hops }: Path): void {
    const ends = h("p", {}, h("strong", {}, from.name), " to ", h("strong", {}, to.name), ": ");
    if (!found) {
      ends.append(reason ?? "no way was found.");
      this.say(ends);
      return;
    }
    ends.append(count(hops.length, "step"));
    const steps = h("ol", { class: "way" }, h("li", {}, this.link(from)), ...hops.map((hop) => this.step(hop)));
    this.say(ends, steps);
  }

  private say(...content: HTMLElement[]): void {
    this.body.replaceChildren(...content);
    this.element.hidden = false;
  }

  private step({ relation, concept }: Hop): HTMLElement {
    const forward = relation.target.id === concept.id;
    return h(
      "li",
      {},
      h("span", { class: "hop" }, icon(forward ? "into" : "from"), relationWord(relation.type)),
      this.link(concept),
    );
  }

  private link(concept: Named): HTMLElement {
    return h("button", { type: "button", class: "link", onclick: () => this.open(concept) }, concept.name);
  }
}
