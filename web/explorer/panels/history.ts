// Past explorations, newest first, to open again.
import { explorations } from "../api/queries";
import type { PastExploration } from "../api/types";
import { h } from "../dom";
import { ago, count, statusWord } from "../words";

const PAGE = 8;

export class History {
  private readonly list = h("ul", { class: "explorations" });
  private readonly more = h(
    "button",
    { type: "button", class: "chip", hidden: true, onclick: () => this.onMore(() => this.loadMore()) },
    "Show more",
  );
  readonly element = h(
    "section",
    { class: "history", "aria-labelledby": "history-title", hidden: true },
    h("h2", { id: "history-title" }, "Past explorations"),
    this.list,
    this.more,
  );
  private cursor: string | null = null;

  constructor(
    private readonly open: (id: string) => void,
    private readonly onMore: (work: () => Promise<void>) => void,
  ) {}

  async refresh(): Promise<void> {
    const page = await explorations(PAGE, null);
    this.list.replaceChildren();
    this.show(page);
  }

  private async loadMore(): Promise<void> {
    this.show(await explorations(PAGE, this.cursor));
  }

  private show({ edges, pageInfo }: Awaited<ReturnType<typeof explorations>>): void {
    this.list.append(...edges.map(({ node }) => this.entry(node)));
    this.cursor = pageInfo.endCursor;
    this.more.hidden = !pageInfo.hasNextPage;
    this.element.hidden = this.list.childElementCount === 0;
  }

  private entry({ id, topic, status, createdAt, progress }: PastExploration): HTMLElement {
    const about = `${count(progress.conceptsFound, "concept")}, ${ago(createdAt)}`;
    return h(
      "li",
      {},
      h(
        "a",
        { href: `?exploration=${encodeURIComponent(id)}`, onclick: this.opener(id) },
        h("span", { class: "topic" }, topic),
        h("span", { class: "about" }, about),
        h("span", { class: `status status-${status.toLowerCase()}` }, statusWord(status)),
      ),
    );
  }

  /** Follows the link within the page, unless a new tab was asked for. */
  private opener(id: string): (event: MouseEvent) => void {
    return (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.open(id);
    };
  }
}
