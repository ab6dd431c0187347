// The live part of the status pages: follows the page's versions and shows each new one in place.

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { StatusService } from "../gen/pharos/incidents/v1/status_service_pb";
import { fetchPages } from "./fetching";
import { reload } from "./reloading";
import { Showing } from "./showing";
import { Watch } from "./watch";

/** Whoever has not looked for so long, in milliseconds, is told again when they look. */
const HIDDEN = 5 * 60_000;
/** With these a call is answered the same way next time. */
const FINAL = new Set([Code.Unimplemented, Code.NotFound, Code.InvalidArgument]);

const pageId = document.body.dataset["page"];
if (pageId !== undefined) {
  follow(pageId);
}

function follow(pageId: string): void {
  const client = createClient(StatusService, createGrpcWebTransport({ baseUrl: location.origin }));
  const showing = new Showing();
  const watch = new Watch({
    async *open(signal) {
      const request = { pageId, afterVersion: BigInt(showing.version) };
      for await (const { version } of client.watchPage(request, { signal })) {
        yield Number(version);
      }
    },
    told(version, isFirst) {
      // at first it may be an older one: what was seen is undone, or comes from elsewhere
      if (isFirst ? version !== showing.version || showing.isDoubtful : version > showing.version) {
        void catchUp(version);
      }
    },
    lost: () => stopAsking(),
    isFinal: (error) => FINAL.has(ConnectError.from(error).code),
  });

  let asking: { version: number; stop: AbortController } | undefined;
  function stopAsking(): void {
    asking?.stop.abort();
    asking = undefined;
  }

  async function catchUp(version: number): Promise<void> {
    if (asking?.version === version) {
      return;
    }
    stopAsking();
    const mine = { version, stop: new AbortController() };
    asking = mine;
    try {
      for await (const next of fetchPages(version, mine.stop.signal)) {
        if (asking !== mine) {
          return;
        }
        const isOurs = next?.body.dataset["page"] === pageId;
        if (!isOurs || filesOf(next) !== filesOf(document)) {
          // what cannot be taken from who is typing: of the two, what is said counts more than how it looks
          if (reload() || !isOurs) {
            return;
          }
        }
        showing.show(next);
      }
      if (asking === mine) {
        asking = undefined;
      }
    } catch {
      if (asking === mine) {
        reload();
      }
    }
  }

  let hidden: ReturnType<typeof setTimeout> | undefined;
  function look(): void {
    clearTimeout(hidden);
    if (document.hidden) {
      hidden = setTimeout(() => watch.disconnect(), HIDDEN);
    } else {
      watch.wake();
    }
  }
  document.addEventListener("visibilitychange", look);
  addEventListener("online", () => watch.renew());
  // a page that is kept for the way back holds no connection
  addEventListener("pagehide", () => watch.disconnect());
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) {
      watch.wake();
    }
  });
  watch.connect();
  look();
}

/** The script and the style sheet that a page was made for. */
function filesOf(page: Document): string {
  const files = page.querySelectorAll("script[src], link[rel=stylesheet]");
  return [...files].map((it) => it.getAttribute("src") ?? it.getAttribute("href")).join(" ");
}
