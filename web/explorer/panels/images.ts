// The pictures of one concept: those that are there, those that are being made, and a button for another one.
import { ApiError } from "../api/client";
import { deleteImage, furtherImages, paint } from "../api/queries";
import type { ConceptDetails, Connection, Image } from "../api/types";
import { painting } from "../api/watch";
import { h } from "../dom";
import { icon } from "../icons";
import { painterWord } from "../words";
import { inWords } from "./notice";

const UNFINISHED = ["QUEUED", "GENERATING"];

export class ConceptImages {
  private readonly list = h("ul", { class: "images" });
  private readonly answer = h("p", { class: "about", role: "status" });
  private readonly more = h("div");
  private readonly frames = new Map<string, HTMLElement>();
  private readonly button: HTMLElement;
  readonly element: HTMLElement;

  constructor(
    private readonly concept: ConceptDetails,
    private readonly guard: (work: () => Promise<void>) => void,
    private readonly deleted: (id: string) => void,
    private readonly signal: AbortSignal,
  ) {
    const make = (): void => this.guard(() => this.make());
    this.button = h("button", { type: "button", onclick: make }, icon("picture"), "Make a picture");
    const controls = h("div", { class: "controls" }, this.button);
    this.element = h("section", { "aria-label": "Pictures" }, controls, this.answer, this.list, this.more);
    this.append(concept.images);
  }

  /** Draws those read so far, and a button for the next ones. */
  private append({ edges, pageInfo }: Connection<Image>): void {
    const images = edges.map((edge) => edge.node);
    for (const image of images) this.show(image);
    this.follow(images);
    this.more.replaceChildren();
    if (!pageInfo.hasNextPage) return;
    const further = async (): Promise<void> =>
      this.append(await furtherImages(this.concept.id, pageInfo.endCursor, this.signal));
    this.more.append(
      h("button", { type: "button", class: "chip", onclick: () => this.guard(further) }, "Show more pictures"),
    );
  }

  private async make(): Promise<void> {
    this.answer.textContent = "";
    const images = await paint(this.concept.id, this.frames.size > 0);
    for (const image of images) this.show(image);
    this.follow(images);
  }

  private follow(images: readonly Image[]): void {
    const ids = images.filter(({ status }) => UNFINISHED.includes(status)).map(({ id }) => id);
    if (ids.length === 0) return;
    void this.update(ids).catch((problem: unknown) => {
      this.answer.textContent = inWords(problem);
      if (!(problem instanceof ApiError)) throw problem;
    });
  }

  private async update(ids: readonly string[]): Promise<void> {
    for await (const image of painting(ids, this.signal)) this.show(image);
  }

  /** Draws an image in its place, or before all others when it is new. */
  private show(image: Image): void {
    const frame = h("li", {}, ...this.content(image));
    const before = this.frames.get(image.id);
    if (before) before.replaceWith(frame);
    else if (UNFINISHED.includes(image.status)) this.list.prepend(frame);
    else this.list.append(frame);
    this.frames.set(image.id, frame);
  }

  private content(image: Image): (HTMLElement | string)[] {
    if (image.status === "READY" && image.url) return [this.picture(image, image.url), this.caption(image)];
    if (image.status === "FAILED") {
      return [h("p", { class: "problem" }, image.error?.message ?? "It could not be made."), this.remove(image)];
    }
    if (image.status === "CANCELLED") return [h("p", { class: "about" }, "Cancelled."), this.remove(image)];
    const words = image.status === "QUEUED" ? "Waiting to be made" : "Being made";
    const progress = h("progress", { max: 1, value: image.progress, "aria-label": words });
    return [h("div", { class: "blank" }, words, progress)];
  }

  private picture(image: Image, url: string): HTMLElement {
    const shown = h("img", {
      src: image.thumbnailUrl ?? url,
      alt: `A picture of ${this.concept.name}`,
      width: 356,
      height: 356,
      loading: "lazy",
    });
    return h("a", { href: url, target: "_blank", rel: "noopener" }, shown);
  }

  private caption(image: Image): HTMLElement {
    const words = image.fallbackReason ? `Drawn instead: ${image.fallbackReason}` : painterWord(image.provider);
    return h("p", { class: "about" }, words, this.remove(image));
  }

  /** What is there may have been paid for: the first press asks, the second deletes, looking away takes it back. */
  private remove({ id, status }: Image): HTMLElement {
    const words = "Delete this picture";
    const forget = async (): Promise<void> => {
      await deleteImage(id);
      this.button.focus(); // what had the focus goes
      this.frames.get(id)?.remove();
      this.frames.delete(id);
      this.deleted(id);
    };
    let asked = status !== "READY";
    const press = (): void => {
      if (asked) return this.guard(forget);
      asked = true;
      button.replaceChildren("Delete it?");
      button.setAttribute("aria-label", "Delete this picture for good");
    };
    const takeBack = (): void => {
      asked = status !== "READY";
      button.replaceChildren(icon("close"));
      button.setAttribute("aria-label", words);
    };
    const button = h(
      "button",
      { type: "button", class: "quiet", "aria-label": words, title: words, onclick: press, onblur: takeBack },
      icon("close"),
    );
    return button;
  }
}
