// Pauses between tries.

/** How long the pauses may get, in milliseconds, and how much of each is left to chance. */
export interface Pauses {
  /** The ceiling of the first pause. */
  readonly first: number;
  /** What the ceiling doubles up to. */
  readonly most: number;
  /** The share of the ceiling that a pause has at least; 0 is full jitter. */
  readonly least: number;
}

/** Pauses that grow with each failure, drawn anew each time: who failed together does not come back together. */
export class Backoff {
  #failures = 0;
  readonly #pauses: Pauses;
  readonly #random: () => number;

  /** `random` answers from 0 up to 1. */
  constructor(pauses: Pauses, random: () => number = Math.random) {
    this.#pauses = pauses;
    this.#random = random;
  }

  /** The next pause, in milliseconds. */
  next(): number {
    const { first, most, least } = this.#pauses;
    const ceiling = Math.min(most, first * 2 ** this.#failures);
    this.#failures += 1;
    return ceiling * (least + (1 - least) * this.#random());
  }

  /** All is well again: the next pause is a first one. */
  reset(): void {
    this.#failures = 0;
  }
}
