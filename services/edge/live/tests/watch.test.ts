import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Watch } from "../src/watch";

/** A server whose streams a test opens, feeds and breaks. */
class Server {
  streams: Stream[] = [];
  told: [number, boolean][] = [];
  lost = 0;
  watch = new Watch(
    {
      open: (signal) => {
        const stream = new Stream(signal);
        this.streams.push(stream);
        return stream.versions();
      },
      told: (version, isFirst) => this.told.push([version, isFirst]),
      lost: () => (this.lost += 1),
      isFinal: (error) => error === "never",
    },
    () => 1,
  );

  get last(): Stream {
    const stream = this.streams.at(-1);
    assert.ok(stream);
    return stream;
  }
}

class Stream {
  #queue: (number | string)[] = [];
  #wake: () => void = () => {};

  constructor(readonly signal: AbortSignal) {
    signal.addEventListener("abort", () => this.#wake());
  }

  async *versions(): AsyncGenerator<number> {
    for (;;) {
      const next = this.#queue.shift();
      if (this.signal.aborted) {
        throw new Error("aborted");
      } else if (typeof next === "string") {
        throw next;
      } else if (next !== undefined) {
        yield next;
      } else {
        await new Promise<void>((done) => (this.#wake = done));
      }
    }
  }

  async send(...all: (number | string)[]): Promise<void> {
    this.#queue.push(...all);
    this.#wake();
    await settled();
  }
}

/** All that waits for nothing but its turn has had it. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) {
    await Promise.resolve();
  }
}

/** Timers that are due when a test says so. */
let now = 0;
let timers: { at: number; call: () => void }[] = [];

async function pass(time: number): Promise<void> {
  now += time;
  const due = timers.filter(({ at }) => at <= now);
  timers = timers.filter(({ at }) => at > now);
  due.forEach(({ call }) => call());
  await settled();
}

beforeEach(() => {
  timers = [];
  Date.now = () => now;
  globalThis.setTimeout = ((call: () => void, time: number) => {
    const timer = { at: now + time, call };
    timers.push(timer);
    return timer;
  }) as unknown as typeof setTimeout;
  globalThis.clearTimeout = ((timer: unknown) => {
    timers = timers.filter((it) => it !== timer);
  }) as typeof clearTimeout;
});

test("versions are told as they come, the first of each stream as such", async () => {
  const server = new Server();
  server.watch.connect();
  await server.last.send(3, 4);
  await server.last.send("broken");
  await pass(1000);
  await server.last.send(4, 5);
  assert.deepEqual(server.told, [[3, true], [4, false], [4, true], [5, false]]);
});

test("a server that drops everybody is asked ever more rarely, also if it answers once each time", async () => {
  const server = new Server();
  server.watch.connect();
  for (const wait of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
    await server.last.send(1, "broken");
    const count = server.streams.length;
    await pass(wait - 1);
    assert.equal(server.streams.length, count, `${wait}`);
    await pass(1);
    assert.equal(server.streams.length, count + 1, `${wait}`);
  }
});

test("after a stream that was good the next try is a first one", async () => {
  for (const good of ["a second message", "half a minute"]) {
    const server = new Server();
    server.watch.connect();
    for (const wait of [1000, 2000, 4000]) {
      await server.last.send("broken");
      await pass(wait);
    }
    if (good === "half a minute") {
      await pass(30_000);
      await server.last.send("broken");
    } else {
      await server.last.send(1, 1, "broken");
    }
    await pass(1000);
    assert.equal(server.streams.length, 5, good);
  }
});

test("a stream without a heartbeat is given up, one with it is kept", async () => {
  const server = new Server();
  server.watch.connect();
  for (let beat = 0; beat < 10; beat += 1) {
    await server.last.send(1);
    await pass(44_000);
  }
  assert.equal(server.streams.length, 1);
  await pass(1000);
  assert.ok(server.last.signal.aborted);
  await pass(1000);
  assert.equal(server.streams.length, 2);
});

test("what fails for good is not tried again, by whatever", async () => {
  const server = new Server();
  server.watch.connect();
  await server.last.send("never");
  await pass(120_000);
  server.watch.wake();
  server.watch.renew();
  server.watch.connect();
  assert.equal(server.streams.length, 1);
});

test("whoever stopped looking is told nothing until they look again", async () => {
  const server = new Server();
  server.watch.connect();
  await server.last.send(1);
  server.watch.disconnect();
  await settled();
  assert.ok(server.last.signal.aborted);
  server.watch.renew();
  await pass(600_000);
  assert.equal(server.streams.length, 1, "neither time nor a network is a reader");
  server.watch.wake();
  assert.equal(server.streams.length, 2);
  server.watch.wake();
  assert.equal(server.streams.length, 2, "there is a stream already");
});

test("a network that is back ends the pause, and a stream over the old one", async () => {
  const server = new Server();
  server.watch.connect();
  await server.last.send("broken");
  server.watch.renew();
  assert.equal(server.streams.length, 2);
  server.watch.renew();
  assert.equal(server.streams.length, 3);
  assert.deepEqual(server.streams.slice(1).map((it) => it.signal.aborted), [true, false]);
  await pass(600);
  assert.equal(server.streams.length, 3);
});
