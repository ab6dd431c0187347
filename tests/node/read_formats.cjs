// Reads a page with npm's readers of status pages, which are not ours, and says what they do not read as it happened.
//
// node read_formats.cjs < STORY, what people did, as JSON; tests/scenarios/formats.rs tells it. A line a reader is
// printed, then a line a fault; it ends with 1 if there was any. NODE_PATH says where the packages are.
"use strict";
const dns = require("node:dns");
const http = require("node:http");
const https = require("node:https");
const { readFileSync } = require("node:fs");
const { isDeepStrictEqual } = require("node:util");

process.env.NO_PROXY = "*";
const UNRESOLVED = new Set(["investigating", "identified", "monitoring"]);
const PATIENCE = 20_000;
const faults = [];

function same(found, wanted, what) {
  if (!isDeepStrictEqual(found, wanted)) {
    faults.push(`${what} should be ${JSON.stringify(wanted)}, is ${JSON.stringify(found)}`);
  }
}

// RFC 6761, 6.3: whatever ends in localhost is this machine. Not every system's resolver knows.
function resolveLocalhost() {
  const lookup = dns.lookup;
  dns.lookup = (name, ...rest) => lookup(name.endsWith(".localhost") ? "127.0.0.1" : name, ...rest);
}

// The client knows one place, https://<page>.statuspage.io; there, it meets our page's host.
function standInFor(domain, at, host) {
  const { hostname, port } = new URL(at);
  const request = https.request;
  https.request = (options, ...rest) => {
    if (!options.hostname?.endsWith(domain)) {
      return request(options, ...rest);
    }
    const headers = { ...options.headers, Host: host };
    const ours = { ...options, protocol: "http:", hostname, port, headers, agent: undefined, agents: undefined };
    return http.request({ ...ours, host: hostname, servername: undefined }, ...rest);
  };
}

async function readWithTheClient(page, story, what) {
  const { api } = page;
  const summary = await api.getSummary();
  const { code: id, name, time_zone } = story.page;
  const pageOf = (found) => ({ id: found.page.id, name: found.page.name, time_zone: found.page.time_zone });
  const open = story.incidents.filter((incident) => UNRESOLVED.has(incident.status));
  const upcoming = story.maintenances.filter((maintenance) => maintenance.status === "scheduled");
  const ids = (list) => list.map((one) => one.id).sort();
  const codes = (list) => list.map((one) => one.code).sort();

  same(pageOf(summary), { id, name, time_zone }, `${what}: getSummary().page`);
  same(summary.status, story.status, `${what}: getSummary().status`);
  same(ids(summary.incidents), codes(open), `${what}: getSummary().incidents`);
  same(ids(summary.scheduled_maintenances), codes(upcoming), `${what}: getSummary().scheduled_maintenances`);
  same((await api.getStatus()).status, story.status, `${what}: getStatus().status`);

  const { components } = await api.getComponents();
  same(components, summary.components, `${what}: getComponents().components`);
  const one = (code) => components.find((component) => component.id === code) ?? {};
  const all = [...story.components, ...story.groups];
  same(ids(components), codes(all), `${what}: getComponents().components`);
  for (const { code, name, status, group } of all) {
    const found = { name: one(code).name, status: one(code).status, group_id: one(code).group_id };
    same(found, { name, status, group_id: group ?? null }, `${what}: component ${name}`);
  }
  for (const { code, name } of story.groups) {
    const members = story.components.filter((component) => component.group === code);
    same([...(one(code).components ?? [])].sort(), codes(members), `${what}: members of ${name}`);
  }

  const incidents = (await api.incidents.getAll()).incidents;
  const shown = incidents.map(({ id, name, status, impact, incident_updates }) => [
    id, name, status, impact, incident_updates.map((update) => update.status),
  ]);
  const wanted = story.incidents.map(({ code, title, status, impact, phases }) => [code, title, status, impact, phases]);
  same(shown, wanted, `${what}: incidents.getAll()`);
  same(ids((await api.incidents.getUnresolved()).incidents), codes(open), `${what}: incidents.getUnresolved()`);

  const planned = (await api.scheduledMaintenances.getUpcoming()).scheduled_maintenances;
  const times = planned.map((it) => [it.id, it.name, it.status, it.impact, Date.parse(it.scheduled_for) / 1000,
    Date.parse(it.scheduled_until) / 1000]);
  const announced = upcoming.map((it) => [it.code, it.title, it.status, "maintenance", it.start, it.end]);
  same(times.sort(), announced.sort(), `${what}: scheduledMaintenances.getUpcoming()`);
  const { indicator, description } = summary.status;
  console.log(`${what}: ${summary.page.id}, ${indicator}, "${description}", ${components.length} components, ` +
    `${incidents.length} incidents, ${open.length} unresolved, ${planned.length} maintenances to come`);
  return { summary, components, incidents, planned };
}

// On a customer's page, which is of another origin: the browser asks whether it may be read there.
async function readWithTheWidget(story, appearance) {
  const { JSDOM, VirtualConsole } = require("jsdom");
  const console_ = new VirtualConsole();
  console_.on("jsdomError", (error) => faults.push(`widget: ${error.message}`));
  const dom = new JSDOM("<!doctype html>", {
    url: "https://customer.example/",
    runScripts: "outside-only",
    virtualConsole: console_,
  });
  const { document, MutationObserver } = dom.window;
  dom.window.eval(readFileSync(require.resolve("@statuspage/status-widget/dist/index.js"), "utf8"));
  const widget = document.createElement("statuspage-widget");
  widget.setAttribute("src", `http://${story.host}/`);
  widget.setAttribute("appearance", appearance);
  document.body.append(widget);
  const shown = await new Promise((resolve) => {
    const look = () => widget.shadowRoot?.querySelector(".status-indicator") && resolve(widget.shadowRoot);
    // the root is there as soon as the widget has drawn itself without an answer
    const drawn = dom.window.setInterval(() => {
      if (widget.shadowRoot) {
        dom.window.clearInterval(drawn);
        new MutationObserver(look).observe(widget.shadowRoot, { childList: true, subtree: true });
        look();
      }
    }, 5);
    dom.window.setTimeout(() => resolve(null), PATIENCE);
  });
  const indicator = shown?.querySelector(".status-indicator").className.trim();
  const text = shown?.querySelector(".status-container").textContent.replace(/\s+/g, " ").trim();
  const wanted = appearance === "badge" ? `system status ${story.status.description}` : story.status.description;
  same([indicator, text], [`status-indicator ${story.status.indicator}`, wanted], `status-widget as ${appearance}`);
  console.log(`@statuspage/status-widget as ${appearance}: ${indicator}, "${text}"`);
  dom.window.close();
}

async function main() {
  const story = JSON.parse(readFileSync(0, "utf8"));
  resolveLocalhost();
  standInFor(".statuspage.io", story.at, story.host);
  const { Statuspage } = require("statuspage.io");
  const moved = new Statuspage(story.page.code);
  moved.setApiUrl(story.url);
  const below = await readWithTheClient(moved, story, "statuspage.io, told the page's address");
  const atHome = new Statuspage(story.page.code);
  const host = await readWithTheClient(atHome, story, "statuspage.io, at the page's host");
  same(host, below, "what is read at the page's host");
  await readWithTheWidget(story, "basic");
  await readWithTheWidget(story, "badge");
  faults.forEach((fault) => console.log(fault));
  process.exitCode = faults.length ? 1 : 0;
}

main();
