// How an exploration fares, and its pause, resume and stop.
import type { Exploration, Progress, Status } from "../api/types";
import { hasEnded } from "../api/types";
import { h } from "../dom";
import { icon, type IconName } from "../icons";
import { count, statusWord } from "../words";

export interface Controls {
  pause(): void;
  resume(): void;
  cancel(): void;
  extend(concepts: number): void;
}

/** By how many concepts a person goes on after the budget. */
const MORE = 40;

export class ProgressCard {
  private readonly title = h("h1");
  private readonly status = h("span", { class: "status" });
  private readonly bar = h("progress", { "aria-label": "Concepts found, of those allowed" });
  private readonly found = h("p", { class: "found" });
  private readonly steps = h("p", { class: "steps" });
  private readonly reason = h("p", { class: "reason", hidden: true });
  private readonly hint = h("p", { class: "hint" }, "Press a concept to read what it is and who says so.");
  private readonly limit = h("p", { class: "limit", hidden: true });
  private readonly lost = h("p", { class: "problem", role: "status", hidden: true }, "Connection lost. Trying again …");
  private readonly buttons: Record<"pause" | "resume" | "cancel" | "extend", HTMLButtonElement>;
  readonly element: HTMLElement;
  private budget: number | null = null;

  constructor(controls: Controls) {
    this.buttons = {
      pause: control("pause", "Pause", controls.pause),
      resume: control("resume", "Resume", controls.resume),
      cancel: control("stop", "Stop", controls.cancel),
      extend: control("grow", `Find ${MORE} more`, () => controls.extend((this.budget ?? 0) + MORE)),
    };
    this.element = h(
      "section",
      { class: "card progress", "aria-label": "Exploration", hidden: true },
      this.title,
      this.bar,
      h("div", { class: "standing" }, this.found, this.status),
      this.steps,
      this.reason,
      this.hint,
      this.limit,
      this.lost,
      h("div", { class: "controls" }, ...Object.values(this.buttons)),
    );
  }

  show({ topic, status, reason, budget, progress }: Exploration): void {
    this.title.textContent = topic;
    this.budget = budget.concepts;
    this.bar.hidden = this.budget === null;
    if (this.budget !== null) this.bar.max = this.budget;
    this.limit.hidden = true;
    this.showConnection(true);
    this.showStatus(status, reason);
    this.showProgress(progress);
    this.element.classList.remove("without-progress");
    this.element.hidden = false;
  }

  /** For a part of the graph that no exploration is open for. */
  showTitle(title: string, note: string): void {
    this.title.textContent = title;
    this.status.textContent = "";
    this.status.className = "status";
    this.found.textContent = note;
    this.element.classList.add("without-progress");
    this.element.hidden = false;
  }

  hide(): void {
    this.element.hidden = true;
  }

  showStatus(status: Status, reason: string | null): void {
    this.status.textContent = statusWord(status);
    this.status.className = `status status-${status.toLowerCase()}`;
    this.reason.textContent = reasonFor(status, reason);
    this.reason.hidden = !reason || reason.startsWith("concepts:"); // the bar says that already
    this.buttons.pause.hidden = status !== "RUNNING" && status !== "QUEUED";
    this.buttons.resume.hidden = status !== "PAUSED";
    this.buttons.cancel.hidden = hasEnded(status);
    this.buttons.extend.hidden = status !== "BUDGET_REACHED" || this.budget === null;
  }

  showProgress({ conceptsFound, stepsDone, stepsPending, stepsFailed }: Progress): void {
    this.bar.value = conceptsFound;
    this.found.textContent =
      this.budget === null
        ? count(conceptsFound, "concept")
        : `${conceptsFound.toLocaleString("en")} of ${count(this.budget, "concept")}`;
    const failed = stepsFailed > 0 ? `, ${stepsFailed} failed` : "";
    this.steps.textContent = `${count(stepsDone, "step")} done, ${stepsPending} left${failed}`;
  }

  /** The picture has no room for more. */
  showLimit(shown: number): void {
    this.limit.textContent = `The picture shows the first ${shown}; the search finds all of them.`;
    this.limit.hidden = false;
  }

  showConnection(alive: boolean): void {
    this.lost.hidden = alive;
  }
}

/** The reason of a used up budget begins with that budget's name, for programs. */
function reasonFor(status: Status, reason: string | null): string | null {
  return status === "BUDGET_REACHED" ? (reason?.replace(/^\w+: /, "") ?? null) : reason;
}

function control(name: IconName, words: string, action: () => void): HTMLButtonElement {
  return h("button", { type: "button", onclick: action }, icon(name), words);
}
