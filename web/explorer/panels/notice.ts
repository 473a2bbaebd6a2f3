// Says in words what went wrong, until it is closed or replaced.
import { ApiError } from "../api/client";
import { h } from "../dom";
import { icon } from "../icons";

export class Notice {
  private readonly words = h("p");
  readonly element = h(
    "div",
    { class: "notice", role: "alert", hidden: true },
    this.words,
    h(
      "button",
      { type: "button", class: "quiet", "aria-label": "Close this message", onclick: () => this.clear() },
      icon("close"),
    ),
  );

  show(words: string): void {
    this.words.textContent = words;
    this.element.hidden = false;
  }

  clear(): void {
    this.element.hidden = true;
  }

  /** Runs what a person asked for; its failure is shown. A request given up on purpose is none. */
  async guard(work: () => Promise<unknown>): Promise<void> {
    this.clear();
    try {
      await work();
    } catch (problem) {
      if (problem instanceof DOMException && problem.name === "AbortError") return;
      this.show(inWords(problem));
      if (!(problem instanceof ApiError)) throw problem;
    }
  }
}

export function inWords(problem: unknown): string {
  return problem instanceof ApiError
    ? problem.message
    : "Something went wrong on this page. Loading it again may help.";
}
