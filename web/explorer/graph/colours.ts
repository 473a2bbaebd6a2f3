// Gives each domain one of the colours of styles/graph.css.

const COLOURS = 10;

export class Colours {
  private readonly given = new Map<string, number>();

  /** The same domain has the same colour on most graphs, and no two share one while there are enough. */
  of(domain: string): number {
    const given = this.given.get(domain);
    if (given !== undefined) return given;
    const colour = this.freeFrom(hash(domain) % COLOURS);
    this.given.set(domain, colour);
    return colour;
  }

  clear(): void {
    this.given.clear();
  }

  private freeFrom(wished: number): number {
    const taken = new Set(this.given.values());
    for (let step = 0; step < COLOURS; step++) {
      const colour = (wished + step) % COLOURS;
      if (!taken.has(colour)) return colour;
    }
    return wished;
  }
}

function hash(text: string): number {
  let value = 7;
  for (const character of text) value = (value * 31 + character.codePointAt(0)!) >>> 0;
  return value;
}
