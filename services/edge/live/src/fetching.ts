// Gets the page that is open anew, once its snapshot is as new as what was announced.

import { Backoff } from "./backoff";

const PAUSES = { first: 100, most: 5000, least: 0.5 };

/**
 * Asks for this address until what comes is of this version or a newer one, and is known to be right; answers each page
 * on the way there that may be shown, and nothing where there is no page of ours any more.
 *
 * Fails when the signal says so, and only then.
 */
export async function* fetchPages(version: number, signal: AbortSignal): AsyncGenerator<Document | undefined> {
  const pauses = new Backoff(PAUSES);
  let doubtful: string | undefined;
  for (;;) {
    const answer = await ask(version, signal);
    if (answer === undefined || (answer !== "later" && !isDoubtful(answer))) {
      yield answer;
      return;
    }
    // one that may be outdated is better than an older one, once
    if (answer !== "later" && answer.body.dataset["version"] !== doubtful) {
      doubtful = answer.body.dataset["version"];
      yield answer;
    }
    await pause(pauses.next(), signal);
  }
}

/** Whether a page says that it may not be the newest, because what is behind it cannot be asked. */
export function isDoubtful(page: Document): boolean {
  return noticeOf(page) !== null;
}

/** What a page says of that, above all that it shows. */
export function noticeOf(page: Document): Element | null {
  return page.querySelector("body > .as-of");
}

async function ask(version: number, signal: AbortSignal): Promise<Document | "later" | undefined> {
  try {
    const response = await fetch(location.href, { cache: "no-cache", credentials: "same-origin", signal });
    if (isPassing(response.status)) {
      return "later";
    }
    const header = response.headers.get("pharos-version");
    if (!response.ok || header === null) {
      return undefined;
    }
    if (Number(header) < version) {
      return "later";
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return page.body.dataset["page"] === undefined ? undefined : page;
  } catch (error) {
    if (signal.aborted) {
      throw error;
    }
    return "later";
  }
}

/** Whether who answers so may answer otherwise soon. */
export function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}

function pause(time: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, fail) => {
    const over = (): void => {
      clearTimeout(timer);
      fail(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", over);
      done();
    }, time);
    signal.addEventListener("abort", over, { once: true });
  });
}
