// Makes the page that is open look like another version of it, in place.

import { Idiomorph } from "idiomorph";
import { isDoubtful, noticeOf } from "./fetching";
import { mayChange, mayMorph, unseen } from "./rules";
import { titleTimes } from "./zones";

const BANNER = ".overall";
const UPDATES = ".update[id]";
/** Where white space between children is nothing to see. */
const LISTS = "main, section, article, details, ol, ul, dl";
/** Marks what is new since the reader last looked; goes with the next version. */
const FRESH = "fresh";

/** Shows versions of a page in one document. */
export class Showing {
  /** What the reader has folded or unfolded. */
  readonly #touched = new WeakSet<Node>();
  readonly #region: HTMLElement;

  /** Begins with the page as it is. */
  constructor() {
    titleTimes(document);
    dropGaps(document);
    this.#region = document.createElement("div");
    this.#region.className = "unseen";
    this.#region.setAttribute("role", "status");
    this.#region.setAttribute("aria-live", "polite");
    document.body.append(this.#region);
    // keys and voices make clicks too; when the page unfolds something there is none
    document.addEventListener("click", ({ target }) => {
      const details = target instanceof Element && target.closest("summary")?.parentElement;
      if (details) {
        this.#touched.add(details);
      }
    });
  }

  /** The version that is shown. */
  get version(): number {
    return Number(document.body.dataset["version"] ?? 0);
  }

  /** Whether what is shown may not be the newest. */
  get isDoubtful(): boolean {
    return isDoubtful(document);
  }

  /** Shows another version. */
  show(next: Document): void {
    const [shown, wanted] = [document.querySelector(".page"), next.querySelector(".page")];
    if (!shown || !wanted) {
      throw new Error("a page without its frame");
    }
    const heading = bannerOf(next);
    const isChanged = heading !== bannerOf(document);
    markFresh(next, isChanged);
    titleTimes(next);
    dropGaps(next);
    const settle = holdScroll();
    Idiomorph.morph(shown, wanted, {
      callbacks: {
        beforeNodeMorphed: (node) => mayMorph(node),
        beforeAttributeUpdated: (name, element, change) =>
          mayChange(name, element, change, this.#touched.has(element)),
      },
    });
    noticeOf(document)?.remove();
    const notice = noticeOf(next);
    if (notice) {
      shown.before(notice);
    }
    settle();
    document.title = next.title;
    document.documentElement.lang = next.documentElement.lang;
    document.body.dataset["version"] = next.body.dataset["version"] ?? "";
    if (isChanged) {
      this.#region.textContent = heading;
    }
  }
}

function bannerOf(page: Document): string {
  return page.querySelector(`${BANNER} h2`)?.textContent ?? "";
}

function markFresh(next: Document, isChanged: boolean): void {
  const ids = (page: Document): string[] => [...page.querySelectorAll(UPDATES)].map((it) => it.id);
  for (const id of unseen(ids(document), ids(next))) {
    next.getElementById(id)?.classList.add(FRESH);
  }
  if (isChanged) {
    next.querySelector(BANNER)?.classList.add(FRESH);
  }
}

/** Takes white space out of lists: a gap looks like any other, and moves what is between it and its like. */
function dropGaps(page: Document): void {
  for (const list of page.querySelectorAll(LISTS)) {
    for (const child of [...list.childNodes]) {
      if (child instanceof Text && child.data.trim() === "") {
        child.remove();
      }
    }
  }
}

/** Keeps what is in sight in its place, where the browser does not do it by itself. */
function holdScroll(): () => void {
  if (scrollY === 0 || CSS.supports("overflow-anchor", "auto")) {
    return () => {};
  }
  const held = document.elementFromPoint(innerWidth / 2, innerHeight / 3);
  const before = held?.getBoundingClientRect().top ?? 0;
  return () => {
    if (held?.isConnected) {
      scrollBy({ top: held.getBoundingClientRect().top - before, behavior: "instant" });
    }
  };
}
