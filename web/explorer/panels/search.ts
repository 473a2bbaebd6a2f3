// The search box over everything stored: a combobox as the ARIA Authoring Practices describe it.
import { search } from "../api/queries";
import type { Concept, SearchHit } from "../api/types";
import { h } from "../dom";
import { icon } from "../icons";
import { inWords } from "./notice";

const PAUSE_MS = 180;

export class Search {
  private readonly input = h("input", {
    type: "search",
    role: "combobox",
    placeholder: "Search what is stored",
    "aria-label": "Search the stored graph",
    "aria-expanded": "false",
    "aria-controls": "hits",
    "aria-autocomplete": "list",
    autocomplete: "off",
    maxlength: 200,
    oninput: () => this.onInput(),
    onkeydown: (event: KeyboardEvent) => this.onKey(event),
    onblur: () => this.close(),
  });
  private readonly list = h("ul", {
    id: "hits",
    class: "hits",
    role: "listbox",
    "aria-label": "Concepts found",
    hidden: true,
  });
  readonly element = h("div", { class: "search", role: "search" }, icon("search"), this.input, this.list);
  /** What each option leads to. */
  private choices: (() => void)[] = [];
  private active = -1;
  private asking = new AbortController();
  private timer = 0;

  /** `explore`: what is not stored may be known elsewhere. */
  constructor(
    private readonly choose: (concept: Concept) => void,
    private readonly explore: (topic: string) => void,
  ) {}

  focus(): void {
    this.input.focus();
  }

  private onInput(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), PAUSE_MS);
  }

  private async ask(): Promise<void> {
    this.asking.abort();
    const text = this.input.value.trim();
    if (!text) return this.close();
    const { signal } = (this.asking = new AbortController());
    try {
      this.show(text, await search(text, signal));
    } catch (problem) {
      if (!signal.aborted) this.say(inWords(problem));
    }
  }

  private show(text: string, found: readonly SearchHit[]): void {
    if (found.length > 0) {
      this.choices = found.map((hit) => () => this.choose(hit.node));
      this.open(...found.map((hit, index) => this.hit(hit, index)));
    } else {
      this.choices = [() => this.explore(text)];
      const none = h("span", { class: "snippet" }, "Nothing stored matches this.");
      this.open(this.option(0, h("strong", {}, `Explore “${text}”`), none));
    }
    this.activate(0);
  }

  private say(words: string): void {
    this.choices = [];
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.open(h("li", { class: "none", role: "option", "aria-disabled": "true" }, words));
  }

  private hit({ node, snippet }: SearchHit, index: number): HTMLElement {
    const about = [node.kind, node.domain].filter(Boolean).join(" · ");
    return this.option(
      index,
      h("strong", {}, node.name),
      about ? h("span", { class: "about" }, ` ${about}`) : null,
      snippet ? h("span", { class: "snippet" }, ...marked(snippet)) : null,
    );
  }

  private option(index: number, ...content: (HTMLElement | null)[]): HTMLElement {
    return h(
      "li",
      {
        id: `hit-${index}`,
        role: "option",
        // Before the input loses its focus, which closes the list.
        onpointerdown: (event: PointerEvent) => {
          event.preventDefault();
          this.pick(index);
        },
      },
      ...content,
    );
  }

  private onKey(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const total = this.choices.length;
    if (step && total > 0) this.activate((this.active + step + total) % total);
    else if (event.key === "Enter" && this.active >= 0) this.pick(this.active);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
  }

  private activate(index: number): void {
    this.active = index;
    this.input.setAttribute("aria-activedescendant", `hit-${index}`);
    [...this.list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === index)));
    this.list.children[index]?.scrollIntoView({ block: "nearest" });
  }

  private pick(index: number): void {
    const choice = this.choices[index];
    this.input.value = "";
    this.close();
    choice?.();
  }

  private open(...options: HTMLElement[]): void {
    this.list.replaceChildren(...options);
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
  }

  private close(): void {
    clearTimeout(this.timer);
    this.asking.abort();
    this.choices = [];
    this.active = -1;
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}

/** The server puts the words that match between « and ». */
function marked(snippet: string): (HTMLElement | string)[] {
  return snippet.split(/«(.*?)»/).map((part, index) => (index % 2 === 1 ? h("mark", {}, part) : part));
}
