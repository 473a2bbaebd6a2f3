// Our own icons, drawn on a 20 by 20 grid with one stroke.
import { s } from "./dom";

const PATHS = {
  search: "M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12Zm4.5-1.500L17 17",
  close: "M5 5l10 10M15 5L5 15",
  pause: "M7 5v10M13 5v10",
  resume: "M7 4.500v11l8.500-5.500Z",
  stop: "M5.500 5.500h9v9h-9Z",
  plus: "M10 4.500v11M4.500 10h11",
  minus: "M4.500 10h11",
  fit: "M4 7.500V4h3.500M12.500 4H16v3.500M16 12.500V16h-3.500M7.500 16H4v-3.500",
  path: "M5 16.500a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3ZM15 6.500a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3ZM6.500 15H12a2.500 2.500 0 0 0 0-5H8a2.500 2.500 0 0 1 0-5h5.500",
  grow: "M10 12.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5ZM10 7.500V3M10 17v-4.500M12.500 10H17M3 10h4.500",
  into: "M4 10h11M11 5.500l4.500 4.500-4.500 4.500",
  from: "M16 10H5M9 5.500L4.500 10 9 14.500",
  picture: "M3 4.500h14v11H3ZM3 13l4-4 3.500 3.500L13 10l4 4M12.500 8.500a1 1 0 1 0 0-2 1 1 0 0 0 0 2Z",
  list: "M4 6h12M4 10h12M4 14h8",
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGSVGElement {
  return s(
    "svg",
    { class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true", focusable: "false" },
    s("path", { d: PATHS[name] }),
  );
}

/** The start page's picture: concepts of many domains along two curves. */
export function horizon(): SVGSVGElement {
  const concepts = [
    [60, 34, 4, 7],
    [148, 62, 6, 1],
    [236, 118, 9, 0],
    [330, 92, 5, 5],
    [424, 58, 7, 3],
    [318, 204, 7, 2],
    [404, 286, 12, 1],
    [478, 372, 6, 4],
    [520, 466, 4, 6],
    [486, 198, 5, 0],
  ] as const;
  return s(
    "svg",
    { class: "horizon", viewBox: "0 0 560 520", "aria-hidden": "true", focusable: "false" },
    s("path", {
      d: "M60 34C110 34 148 48 148 62S210 96 236 118 292 176 318 204 372 246 404 286 462 336 478 372 512 430 520 466",
    }),
    s("path", { d: "M236 118C266 124 300 108 330 92S392 64 424 58M404 286C420 262 452 214 486 198" }),
    ...concepts.map(([cx, cy, r, colour]) => s("circle", { cx, cy, r, class: `colour-${colour}` })),
  );
}

/** The mark: three concepts on one curve. */
export function mark(): SVGSVGElement {
  return s(
    "svg",
    { class: "mark", viewBox: "0 0 32 32", "aria-hidden": "true", focusable: "false" },
    s("path", { d: "M6 23.500C11 24 13.500 19.500 15.500 15.500S20.500 7.500 25.500 8" }),
    s("circle", { cx: 6, cy: 23.5, r: 3 }),
    s("circle", { cx: 15.5, cy: 15.5, r: 4 }),
    s("circle", { cx: 25.5, cy: 8, r: 5 }),
  );
}
