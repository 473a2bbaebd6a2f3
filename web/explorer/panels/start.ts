// The form: a topic, where to look, how far to go.
import { ApiError } from "../api/client";
import { knowledgeSources, startExploration, usualPainter } from "../api/queries";
import type { KnowledgeSource, Sense, StartInput } from "../api/types";
import { h } from "../dom";
import { sourceWord } from "../words";
import { inWords } from "./notice";

const EXAMPLES = ["Photosynthesis", "Jazz", "Printing press", "Black hole", "Silk Road"];
const DEPTHS = [1, 2, 3];
const SIZES = [20, 40, 80, 150];
const USUAL = { depth: 2, size: 40 };

/** The source that is the stored graph itself. */
const STORED = "graph";

/** Used until the server has said what it has. */
const USUAL_SOURCES: KnowledgeSource[] = [
  { name: "atlas", description: "The offline atlas that comes with Continuum", available: true, reason: null },
  { name: STORED, description: "What is stored already", available: true, reason: null },
];

/** What the server adds to its "no" for a topic. */
interface TopicProblem {
  /** Topics that the chosen source knows. */
  suggestions?: string[];
  /** Other sources that know this topic. */
  elsewhere?: string[];
  senses?: Sense[];
}

export class StartForm {
  private readonly topic = h("input", {
    id: "topic",
    name: "topic",
    type: "text",
    required: true,
    maxlength: 200,
    autocomplete: "off",
    enterkeyhint: "go",
    placeholder: "A topic, such as photosynthesis",
  });
  private readonly source = h("select", { id: "source", name: "source" });
  private readonly depth = choice("depth", DEPTHS, USUAL.depth, (depth) => (depth === 1 ? "1 relation away" : `${depth} relations away`));
  private readonly size = choice("size", SIZES, USUAL.size, (size) => `${size} concepts`);
  private readonly pictures = h("input", { id: "pictures", name: "pictures", type: "checkbox" });
  private readonly price = h("span");
  private readonly button = h("button", { type: "submit", class: "primary" }, "Explore");
  private readonly answer = h("div", { class: "answer", role: "status" });
  readonly element: HTMLFormElement;

  constructor(private readonly onStarted: (id: string) => void) {
    this.element = h(
      "form",
      { class: "start", onsubmit: (event: SubmitEvent) => this.onSubmit(event) },
      h("label", { class: "visually-hidden", for: "topic" }, "Topic"),
      h("div", { class: "topic-row" }, this.topic, this.button),
      h(
        "div",
        { class: "choices" },
        labelled("source", "Look in", this.source),
        labelled("depth", "Go", this.depth),
        labelled("size", "At most", this.size),
        h("div", { class: "choice" }, this.pictures, h("label", { for: "pictures" }, "With pictures", this.price)),
      ),
      this.answer,
      h("p", { class: "examples" }, "Try ", ...EXAMPLES.map((topic) => this.suggestion(topic))),
    );
    this.offer(USUAL_SOURCES);
  }

  /** Asks the server what it has, and what its pictures cost. */
  async load(): Promise<void> {
    this.offer(await knowledgeSources());
    const painter = await usualPainter();
    if (painter?.available && painter.costUsd > 0) this.price.textContent = `, up to $${painter.costUsd} each`;
  }

  focus(): void {
    this.topic.focus();
  }

  /** Starts from a topic that was typed or clicked elsewhere. */
  explore(topic: string): void {
    this.topic.value = topic;
    this.element.requestSubmit();
  }

  /** Starts from a stored concept: its stored neighbours count, whether or not the chosen source knows it. */
  async startFrom(conceptId: string): Promise<void> {
    const options = this.options();
    const sources = [...new Set([...options.sources, STORED])];
    this.onStarted(await startExploration({ conceptId, ...options, sources }));
  }

  private offer(sources: readonly KnowledgeSource[]): void {
    const chosen = this.source.value;
    this.source.replaceChildren(
      ...sources.map(({ name, description, available, reason }) =>
        h("option", { value: name, title: reason ?? description, disabled: !available }, sourceWord(name)),
      ),
    );
    if (sources.some(({ name }) => name === chosen)) this.source.value = chosen;
  }

  private options(): Omit<StartInput, "topic" | "conceptId"> {
    return {
      depth: Number(this.depth.value),
      budget: { concepts: Number(this.size.value) },
      sources: [this.source.value],
      ...(this.pictures.checked && { pictures: {} }),
    };
  }

  private onSubmit(event: SubmitEvent): void {
    event.preventDefault();
    const topic = this.topic.value.trim();
    if (topic) void this.start({ topic, ...this.options() });
  }

  private async start(input: StartInput): Promise<void> {
    this.answer.replaceChildren();
    this.button.disabled = true;
    try {
      this.onStarted(await startExploration(input));
      this.topic.value = "";
    } catch (problem) {
      this.explain(problem, input);
      if (!(problem instanceof ApiError)) throw problem;
    } finally {
      this.button.disabled = false;
    }
  }

  private explain(problem: unknown, { topic = "" }: StartInput): void {
    const { code, extensions } = problem instanceof ApiError ? problem : new ApiError("", "");
    const { suggestions = [], elsewhere = [], senses = [] } = extensions as TopicProblem;
    if (code === "TOPIC_UNKNOWN") {
      this.answer.replaceChildren(...this.unknown(topic, suggestions, elsewhere));
    } else if (code === "TOPIC_AMBIGUOUS") {
      this.answer.replaceChildren(...this.ambiguous(topic, senses));
    } else {
      this.answer.replaceChildren(h("p", { class: "problem" }, inWords(problem)));
    }
  }

  private unknown(topic: string, suggestions: readonly string[], elsewhere: readonly string[]): HTMLElement[] {
    const place = this.source.selectedOptions[0]?.text ?? "";
    const words = `“${topic}” is not known here (looked in: ${place}).`;
    const chips = [
      ...elsewhere.map((source) => this.otherSource(source, topic)),
      ...suggestions.map((suggestion) => this.suggestion(suggestion)),
    ];
    if (chips.length === 0) return [h("p", {}, `${words} Try another word, or another place to look.`)];
    return [h("p", {}, `${words} What comes nearest:`), h("p", { class: "chips" }, ...chips)];
  }

  private ambiguous(topic: string, senses: readonly Sense[]): HTMLElement[] {
    return [
      h("p", {}, `“${topic}” has ${senses.length} meanings. Which one?`),
      h("ul", { class: "senses" }, ...senses.map((sense) => h("li", {}, this.sense(sense)))),
    ];
  }

  private sense({ conceptId, topic, name, kind, summary }: Sense): HTMLElement {
    const chosen = conceptId ? { conceptId } : { topic };
    return h(
      "button",
      { type: "button", onclick: () => this.start({ ...chosen, ...this.options() }) },
      h("strong", {}, kind ? `${name} (${kind})` : name),
      h("span", {}, summary),
    );
  }

  private otherSource(source: string, topic: string): HTMLElement {
    const choose = (): void => {
      this.source.value = source;
      this.explore(topic);
    };
    return h("button", { type: "button", class: "chip", onclick: choose }, `${topic}, in: ${sourceWord(source)}`);
  }

  private suggestion(topic: string): HTMLElement {
    return h("button", { type: "button", class: "chip", onclick: () => this.explore(topic) }, topic);
  }
}

function labelled(id: string, words: string, control: HTMLElement): HTMLElement {
  return h("div", { class: "choice" }, h("label", { for: id }, words), control);
}

function choice(id: string, values: number[], usual: number, words: (value: number) => string): HTMLSelectElement {
  return h(
    "select",
    { id, name: id },
    ...values.map((value) => h("option", { value, selected: value === usual }, words(value))),
  );
}
