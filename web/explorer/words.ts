// How the server's words read to a person.
import type { Status } from "./api/types";

const STATUS: Record<Status, string> = {
  QUEUED: "Waiting",
  RUNNING: "Growing",
  PAUSED: "Paused",
  COMPLETED: "Complete",
  BUDGET_REACHED: "Budget reached",
  CANCELLED: "Stopped",
  FAILED: "Failed",
};

const SOURCES: Record<string, string> = { atlas: "Atlas", graph: "What is stored", openai: "A language model" };
const PAINTERS: Record<string, string> = {
  mock: "Drawn by Continuum",
  openai: "By OpenAI",
  "stable-diffusion": "By Stable Diffusion",
};

export const statusWord = (status: Status): string => STATUS[status];

/** How a relation reads from its other end. */
const FROM_THE_OTHER_END: Record<string, string> = {
  CAUSES: "caused by",
  CONTRASTS_WITH: "contrasts with",
  CREATED_BY: "created",
  DEPENDS_ON: "needed by",
  DISCOVERED_BY: "discovered",
  EXPLAINS: "explained by",
  HAS_MEMBER: "member of",
  HAS_PART: "part of",
  INFLUENCED: "influenced by",
  INSTANCE_OF: "examples",
  IS_A: "kinds",
  LOCATED_IN: "place of",
  MADE_OF: "material of",
  MEASURES: "measured by",
  PART_OF: "parts",
  PRACTISED_BY: "practises",
  PRECEDES: "comes after",
  PREVENTS: "prevented by",
  PRODUCES: "produced by",
  STUDIES: "studied by",
  USED_FOR: "makes use of",
  USES: "used by",
};

export const inverseWord = (type: string): string => FROM_THE_OTHER_END[type] ?? `${relationWord(type)} (from)`;

/** HAS_PART is "has part". */
export const relationWord = (type: string): string => type.toLowerCase().replaceAll("_", " ");

export const sourceWord = (name: string): string => SOURCES[name] ?? name;

export const painterWord = (name: string): string => PAINTERS[name] ?? `By ${name}`;

export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

/** A domain may be missing; colours and the legend still need a word for it. */
export const domainWord = (domain: string): string => domain || "other";

const AGES: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

export function ago(moment: string, now = Date.now()): string {
  const seconds = (now - Date.parse(moment)) / 1000;
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const [unit, length] of AGES) {
    if (seconds >= length) return format.format(-Math.floor(seconds / length), unit);
  }
  return "just now";
}
