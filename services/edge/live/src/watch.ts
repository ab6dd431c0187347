// Keeps a stream of versions open for as long as somebody may be looking.

import { Backoff } from "./backoff";

/** Nothing for so long, not even a heartbeat (every 20 s), and the other side is taken for gone. */
const SILENCE = 45_000;
/** A stream that lasted so long was a good one. */
const STEADY = 30_000;
const PAUSES = { first: 1000, most: 60_000, least: 0 };

/** What a watch is made of. */
export interface Watching {
  /** Opens a stream of versions that ends when the signal says so. */
  open(signal: AbortSignal): AsyncIterable<number>;
  /** A version came; the first one of a stream says what is, whatever was seen before. */
  told(version: number, isFirst: boolean): void;
  /** There is no stream now. */
  lost(): void;
  /** This failure will be the same next time. */
  isFinal(error: unknown): boolean;
}

/** Follows versions over streams that break: each is replaced after a pause. */
export class Watch {
  readonly #how: Watching;
  readonly #pauses: Backoff;
  #stream: AbortController | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #heard = 0;
  #isOver = false;

  constructor(how: Watching, random: () => number = Math.random) {
    this.#how = how;
    this.#pauses = new Backoff(PAUSES, random);
  }

  /** Opens a stream now, in place of the one that there may be. */
  connect(): void {
    this.disconnect();
    if (!this.#isOver) {
      this.#stream = new AbortController();
      this.#heard = Date.now();
      void this.#follow(this.#stream);
    }
  }

  /** Ends the stream; there is no other before `connect` or `wake`. */
  disconnect(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.abort();
    this.#how.lost();
  }

  /** Connects, unless a stream is there that was heard of lately: timers may have slept. */
  wake(): void {
    if (!this.#stream || Date.now() - this.#heard > SILENCE) {
      this.connect();
    }
  }

  /** The network is another one: what is open, or about to be, is opened anew. */
  renew(): void {
    if (this.#stream || this.#retry !== undefined) {
      this.connect();
    }
  }

  async #follow(stream: AbortController): Promise<void> {
    const began = Date.now();
    const giveUp = (): void => stream.abort();
    let silence = setTimeout(giveUp, SILENCE);
    let count = 0;
    try {
      for await (const version of this.#how.open(stream.signal)) {
        if (this.#stream !== stream) {
          return;
        }
        clearTimeout(silence);
        silence = setTimeout(giveUp, SILENCE);
        this.#heard = Date.now();
        count += 1;
        // the first comes even from a server that drops everybody right after it
        if (count > 1) {
          this.#pauses.reset();
        }
        this.#how.told(version, count === 1);
      }
    } catch (error) {
      this.#isOver ||= this.#how.isFinal(error);
    } finally {
      clearTimeout(silence);
    }
    if (this.#stream !== stream) {
      return;
    }
    this.disconnect();
    if (Date.now() - began >= STEADY) {
      this.#pauses.reset();
    }
    if (!this.#isOver) {
      this.#retry = setTimeout(() => this.connect(), this.#pauses.next());
    }
  }
}
