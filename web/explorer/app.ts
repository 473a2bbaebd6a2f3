// Puts the page together, and decides what each click and each event leads to.
import { ApiError } from "./api/client";
import * as api from "./api/queries";
import { type Concept, type ExplorationEvent, hasEnded, type Named } from "./api/types";
import { watch } from "./api/watch";
import { addressOf, currentPlace, HOME, type Place } from "./address";
import { h } from "./dom";
import { horizon } from "./icons";
import { MOST_SHOWN } from "./graph/graph";
import { Stage } from "./graph/stage";
import { ConceptPanel } from "./panels/concept";
import { History } from "./panels/history";
import { inWords, Notice } from "./panels/notice";
import { PathPanel } from "./panels/path";
import { ProgressCard } from "./panels/progress";
import { Search } from "./panels/search";
import { StartForm } from "./panels/start";
import { PictureStrip } from "./panels/strip";
import { topBar } from "./top";
import { count, statusWord } from "./words";

export class App {
  private place = HOME;
  private pathFrom: Concept | null = null;
  /** Aborted when the graph on the screen gives way to another. */
  private watching = new AbortController();

  private readonly notice = new Notice();
  private readonly news = h("p", { class: "visually-hidden", role: "status" });
  private readonly form = new StartForm((id) => this.go({ exploration: id, concept: null }));
  private readonly history = new History(
    (id) => this.go({ exploration: id, concept: null }),
    (work) => void this.notice.guard(work),
  );
  private readonly search = new Search(
    (concept) => this.pickFound(concept),
    (topic) => this.exploreTopic(topic),
  );
  private readonly progress = new ProgressCard({
    pause: () => this.command(api.pauseExploration),
    resume: () => this.command(api.resumeExploration),
    cancel: () => this.command(api.cancelExploration),
    extend: (concepts) => this.extend(concepts),
  });
  private readonly concept = new ConceptPanel({
    close: () => this.closeConcept(),
    explore: (id) => void this.notice.guard(() => this.form.startFrom(id)),
    pathFrom: (concept) => this.startPath(concept),
    open: (concept, relation) => {
      this.stage.add([concept], [relation]);
      this.pick(concept);
    },
    pictureDeleted: (id) => this.strip.remove(id),
    guard: (work) => void this.notice.guard(work),
    colourOf: (domain) => this.stage.colours.of(domain),
  });
  private readonly path = new PathPanel(
    () => this.endPath(),
    (concept) => this.leavePathFor(concept),
  );
  private readonly strip = new PictureStrip((concept) => this.pick(concept));
  private readonly stage = new Stage(
    (node) => this.pick(node),
    () => this.closeConcept(),
    [this.progress.element, this.concept.element, this.path.element],
    this.strip.element,
  );

  async start(): Promise<void> {
    document.body.append(
      topBar(this.search.element, () => this.go(HOME)),
      h("main", {}, this.home(), this.stage.element),
      this.notice.element,
      this.news,
    );
    addEventListener("popstate", () => void this.show(currentPlace()));
    addEventListener("keydown", (event) => this.onKey(event));
    void this.form.load().catch(() => undefined);
    await this.show(currentPlace());
  }

  private home(): HTMLElement {
    return h(
      "section",
      { class: "home", "aria-label": "Start" },
      horizon(),
      h(
        "div",
        { class: "hero" },
        h("h1", {}, "Follow a thought wherever it leads"),
        h(
          "p",
          { class: "lead" },
          "Give a topic. A graph of what it connects to grows in front of you, and every fact in it says where it comes from.",
        ),
        this.form.element,
      ),
      this.history.element,
    );
  }

  private go(place: Place): void {
    if (addressOf(place) !== addressOf(currentPlace())) history.pushState(null, "", addressOf(place));
    void this.show(place);
  }

  private async show(place: Place): Promise<void> {
    const before = this.place;
    this.place = place;
    await this.notice.guard(async () => {
      if (!place.exploration && !place.concept) return this.showHome();
      const sameGraph = document.body.dataset["view"] === "graph" && place.exploration === before.exploration;
      const known = place.concept !== null && this.stage.graph.nodes.has(place.concept);
      if (!sameGraph || (!place.exploration && !known)) await this.openGraph(place);
      if (place.concept) await this.openConcept(place.concept);
      else this.hideConcept();
    });
  }

  private async showHome(): Promise<void> {
    this.watching.abort();
    document.body.dataset["view"] = "home";
    document.title = "Continuum";
    this.hideConcept();
    this.form.focus();
    await this.history.refresh();
  }

  private async openGraph({ exploration, concept }: Place): Promise<void> {
    this.watching.abort();
    this.watching = new AbortController();
    this.stage.clear();
    this.strip.clear();
    this.endPath();
    this.hideConcept();
    this.progress.hide();
    document.body.dataset["view"] = "graph";
    if (exploration) await this.openExploration(exploration, this.watching.signal);
    else if (concept) await this.openNeighbourhood(concept, this.watching.signal);
  }

  private async openNeighbourhood(id: string, signal: AbortSignal): Promise<void> {
    const { centre, concepts, relations, totalCount, truncated } = await api.neighbourhood(id, signal);
    this.stage.graph.root = centre.id;
    this.stage.add(concepts, relations);
    document.title = `${centre.name} · Continuum`;
    const shown = concepts.length;
    const most = truncated ? `${shown} of ` : "";
    this.progress.showTitle(centre.name, `${most}${count(truncated ? totalCount : shown, "concept")}`);
  }

  private async openExploration(id: string, signal: AbortSignal): Promise<void> {
    const exploration = await api.exploration(id, signal);
    document.title = `${exploration.topic} · Continuum`;
    this.progress.show(exploration);
    if (exploration.root) this.stage.graph.root = exploration.root.id;
    const watcher = {
      event: (event: ExplorationEvent) => this.onEvent(event, id, signal),
      connection: (alive: boolean) => this.progress.showConnection(alive),
    };
    watch(id, watcher, signal).catch((problem: unknown) => {
      this.notice.show(inWords(problem));
      if (!(problem instanceof ApiError)) throw problem;
    });
  }

  private onEvent(event: ExplorationEvent, id: string, signal: AbortSignal): void {
    if (signal.aborted) return;
    if (event.__typename === "HistoryTrimmed") return void this.notice.guard(() => this.loadMembers(id, signal));
    this.progress.showProgress(event.progress);
    if (event.__typename === "GraphGrew") this.grow(event.concepts, event.relations);
    if (event.__typename === "ImageReady" && event.image) this.strip.add(event.image);
    if (event.__typename === "StatusChanged") {
      this.progress.showStatus(event.status, event.reason);
      const found = hasEnded(event.status) ? `, ${count(event.progress.conceptsFound, "concept")} found` : "";
      this.news.textContent = `${statusWord(event.status)}${found}.`;
    }
  }

  private grow(concepts: readonly Concept[], relations: Parameters<Stage["add"]>[1]): void {
    this.stage.add(concepts, relations);
    if (this.stage.graph.nodes.size >= MOST_SHOWN) this.progress.showLimit(MOST_SHOWN);
  }

  /** Old events are gone after a while; the concepts that they told of are not. */
  private async loadMembers(id: string, signal: AbortSignal): Promise<void> {
    for await (const page of api.members(id, signal)) {
      const relations = page.flatMap((member) => member.relations.edges.map((edge) => edge.node));
      this.grow(page, relations);
    }
  }

  private async openConcept(id: string): Promise<void> {
    const concept = await this.concept.show(id);
    const relations = concept.relations.edges.map((edge) => edge.node);
    this.stage.add([concept], relations);
    this.stage.select(concept.id);
    this.stage.reveal(concept.id);
  }

  private hideConcept(): void {
    this.concept.hide();
    this.stage.select(null);
  }

  private closeConcept(): void {
    if (!this.place.concept) return;
    const { concept, exploration } = this.place;
    this.hideConcept();
    this.stage.picture.focusOn(concept);
    // A place without a concept and an exploration would be the start page.
    if (exploration) this.go({ exploration, concept: null });
  }

  private pick(concept: Concept): void {
    if (this.pathFrom && concept.id !== this.pathFrom.id) void this.findPath(this.pathFrom, concept);
    else this.go({ exploration: this.place.exploration, concept: concept.id });
  }

  /** What the graph on the screen does not have is shown with its own neighbours. */
  private pickFound(concept: Concept): void {
    if (this.pathFrom || this.stage.graph.nodes.has(concept.id)) this.pick(concept);
    else this.go({ exploration: null, concept: concept.id });
  }

  /** From the start page, which has the answer when no source knows it. */
  private exploreTopic(topic: string): void {
    this.go(HOME);
    this.form.explore(topic);
  }

  private startPath(from: Concept): void {
    this.pathFrom = from;
    this.concept.hide();
    this.path.askForTheOther(from);
    this.search.focus();
  }

  private async findPath(from: Concept, to: Concept): Promise<void> {
    this.pathFrom = null;
    await this.notice.guard(async () => {
      const path = await api.path(from.id, to.id);
      const concepts = path.hops.map((hop) => hop.concept);
      this.stage.add(
        [from, to, ...concepts],
        path.hops.map((hop) => hop.relation),
      );
      this.stage.select(null);
      this.path.show(from, to, path);
      const ids = path.found ? [from.id, ...concepts.map(({ id }) => id)] : [];
      // After the frame in which what was added is drawn.
      requestAnimationFrame(() => this.stage.picture.markPath(ids));
    });
  }

  private leavePathFor({ id }: Named): void {
    this.endPath();
    this.go({ ...this.place, concept: id });
  }

  private endPath(): void {
    this.pathFrom = null;
    this.path.hide();
    this.stage.picture.markPath([]);
  }

  private extend(concepts: number): void {
    const { exploration } = this.place;
    if (!exploration) return;
    void this.notice.guard(async () => {
      await api.extendExploration(exploration, concepts);
      this.go({ exploration, concept: null });
      // The old stream has ended with the exploration; opening it again follows it anew.
      await this.openGraph({ exploration, concept: null });
    });
  }

  private command(send: (id: string) => Promise<unknown>): void {
    const { exploration } = this.place;
    if (exploration) void this.notice.guard(() => send(exploration));
  }

  private onKey(event: KeyboardEvent): void {
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (event.key === "/" && !typing) {
      event.preventDefault();
      this.search.focus();
    }
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (this.path.element.hidden) this.closeConcept();
    else this.endPath();
  }
}
