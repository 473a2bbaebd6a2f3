// The pictures of one concept: those that are there, those that are being made, and a button for another one.
import { ApiError } from "../api/client";
import { deleteImage, paint } from "../api/queries";
import type { ConceptDetails, Image } from "../api/types";
import { painting } from "../api/watch";
import { h } from "../dom";
import { icon } from "../icons";
import { inWords } from "./notice";

const UNFINISHED = ["QUEUED", "GENERATING"];

export class ConceptImages {
  private readonly list = h("ul", { class: "images" });
  private readonly answer = h("p", { class: "about", role: "status" });
  private readonly frames = new Map<string, HTMLElement>();
  readonly element: HTMLElement;

  constructor(
    private readonly concept: ConceptDetails,
    private readonly guard: (work: () => Promise<void>) => void,
    private readonly signal: AbortSignal,
  ) {
    const make = h("button", { type: "button", onclick: () => this.guard(() => this.make()) }, icon("picture"), "Make a picture");
    this.element = h("section", { "aria-label": "Pictures" }, this.list, h("div", { class: "controls" }, make), this.answer);
    const images = concept.images.edges.map((edge) => edge.node);
    for (const image of images) this.show(image);
    this.follow(images);
  }

  private async make(): Promise<void> {
    this.answer.textContent = "";
    const images = await paint(this.concept.id, this.frames.size > 0);
    for (const image of images.reverse()) this.show(image);
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
    const words = image.fallbackReason ? `Drawn instead: ${image.fallbackReason}` : `By ${image.provider}`;
    return h("p", { class: "about" }, words, this.remove(image));
  }

  private remove({ id }: Image): HTMLElement {
    const forget = async (): Promise<void> => {
      await deleteImage(id);
      this.frames.get(id)?.remove();
      this.frames.delete(id);
    };
    return h(
      "button",
      { type: "button", class: "quiet", "aria-label": "Delete this picture", onclick: () => this.guard(forget) },
      icon("close"),
    );
  }
}
