const reduced = matchMedia("(prefers-reduced-motion: reduce)");

/** Whether the person asked for things to be there at once instead of moving there. */
export const calm = (): boolean => reduced.matches;
