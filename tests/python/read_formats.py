"""Reads what programs read of a page, with readers that are not ours, and says what they do not read as it happened.

Usage: read_formats.py < STORY

The story is what people did, as JSON; `tests/scenarios/formats.rs` tells it. A line a reader is printed, then a line a
fault, `what was read: what is wrong`; it ends with 1 if there was any. The exporter wants Python 3.11 and is left out
on an older one.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from html import unescape
from pathlib import Path
from zoneinfo import ZoneInfo

import feedparser
import icalendar
import jsonfeed
from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
CODE = r"[0-9a-z]{12}"
UNRESOLVED = {"investigating", "identified", "monitoring"}
ENVELOPES = {
    "summary": ["page", "components", "incidents", "scheduled_maintenances", "status"],
    "status": ["page", "status"],
    "components": ["page", "components"],
    "incidents": ["page", "incidents", "next_page"],
    "incidents/unresolved": ["page", "incidents"],
    "scheduled-maintenances": ["page", "scheduled_maintenances", "next_page"],
    "scheduled-maintenances/upcoming": ["page", "scheduled_maintenances"],
    "scheduled-maintenances/active": ["page", "scheduled_maintenances"],
}
TYPES = {
    "/history.atom": "application/atom+xml",
    "/updates.atom": "application/atom+xml",
    "/history.rss": "application/rss+xml",
    "/feed.json": "application/feed+json",
    "/maintenances.ics": "text/calendar",
}
faults = {}
os.environ["NO_PROXY"] = "*"


def expect(right, what, wrong):
    if not right:
        faults[f"{what}: {wrong}"] = True
    return right


def same(found, wanted, what, of):
    expect(found == wanted, what, f"{of} should be {wanted!r}, is {found!r}")


def get(base, path):
    """A document's bytes, once the way it is served is right."""
    with urllib.request.urlopen(base + path, timeout=20) as reply:
        headers, body = reply.headers, reply.read()
    kind = TYPES.get(path, "application/json")
    same(headers.get_content_type(), kind, path, "Content-Type")
    same(headers.get_content_charset("utf-8"), "utf-8", path, "charset")
    same(headers.get("Access-Control-Allow-Origin"), "*", path, "Access-Control-Allow-Origin")
    expect("max-age=" in headers.get("Cache-Control", ""), path, "says nothing to caches")
    if expect(headers.get("ETag"), path, "has no ETag"):
        again = urllib.request.Request(base + path, headers={"If-None-Match": headers["ETag"]})
        try:
            with urllib.request.urlopen(again, timeout=20) as reply:
                expect(False, path, f"answers {reply.status} to whoever has it")
        except urllib.error.HTTPError as refused:
            same(refused.code, 304, path, "the answer to whoever has it")
    return body


def the_moments(path, value, zone, key=""):
    """Every time in the other maker's JSON has milliseconds and the offset that the page's zone has then."""
    if isinstance(value, dict):
        for inner, held in value.items():
            the_moments(path, held, zone, inner)
    elif isinstance(value, list):
        for held in value:
            the_moments(path, held, zone, key)
    elif key == "start_date":
        expect(value is None or re.fullmatch(r"\d{4}-\d\d-\d\d", value), path, f"{key} is {value!r}")
    elif key.endswith("_at") or key in {"scheduled_for", "scheduled_until"}:
        if value is None:
            expect(key in {"monitoring_at", "resolved_at", "started_at"}, path, f"{key} is null")
            return
        form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)"
        if expect(re.fullmatch(form, value), path, f"{key} is {value!r}"):
            moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
            same(moment.utcoffset(), moment.astimezone(zone).utcoffset(), path, f"the offset of {key}")


def the_json(story):
    base, page = story["url"], story["page"]
    zone = ZoneInfo(page["time_zone"])
    for name, keys in ENVELOPES.items():
        path = f"/api/v2/{name}.json"
        body = get(base, path)
        found = json.loads(body)
        same(list(found), keys, path, "its keys")
        same(found["page"]["id"], page["code"], path, "page.id")
        same(list(found["page"]), ["id", "name", "url", "time_zone", "updated_at"], path, "the page's keys")
        the_moments(path, found, zone)
        if "status" in found:
            same(found["status"], story["status"], path, "status")
        for incident in found.get("incidents", []):
            for update in incident["incident_updates"]:
                expect(re.fullmatch(CODE, update["id"]), path, f"an update's id is {update['id']!r}")
        if name == "incidents":
            told = [(it["id"], it["status"], it["impact"], [u["status"] for u in it["incident_updates"]])
                    for it in found["incidents"]]
            wanted = [(it["code"], it["status"], it["impact"], it["phases"]) for it in story["incidents"]]
            same(told, wanted, path, "the incidents")
        elif name == "incidents/unresolved":
            open_ones = [it["code"] for it in story["incidents"] if it["status"] in UNRESOLVED]
            same([it["id"] for it in found["incidents"]], open_ones, path, "the incidents")
        elif name == "scheduled-maintenances":
            # the format has no word for what was cancelled but that it is over
            wanted = {(it["code"], it["status"].replace("cancelled", "completed")) for it in story["maintenances"]}
            same({(it["id"], it["status"]) for it in found["scheduled_maintenances"]}, wanted, path, "the maintenances")
        elif name == "scheduled-maintenances/upcoming":
            upcoming = {it["code"] for it in story["maintenances"] if it["status"] == "scheduled"}
            same({it["id"] for it in found["scheduled_maintenances"]}, upcoming, path, "the maintenances")
        elif name == "scheduled-maintenances/active":
            same(found["scheduled_maintenances"], [], path, "the maintenances")
        host = urllib.request.Request(f"{story['at']}{path}", headers={"Host": story["host"]})
        with urllib.request.urlopen(host, timeout=20) as reply:
            expect(reply.read() == body, path, "is something else at the page's own host")
    print(f"urllib and json: {len(ENVELOPES)} documents, below the page's address and at its host")


def the_history(story):
    """Goes back as the collectors of past incidents do: until two lots hold nothing, then each by its code."""
    base, codes, lot, empty = story["url"], [], 0, 0
    while empty < 2 and lot < 100:
        lot += 1
        months = json.loads(get(base, f"/history.json?page={lot}"))["months"]
        incidents = [incident for month in months for incident in month["incidents"]]
        for month in months:
            expect(isinstance(month["year"], int), "/history.json", f"a month has the year {month['year']!r}")
        for incident in incidents:
            expect(re.search(r"<var data-var='date'>\d+</var>", incident["timestamp"]), "/history.json",
                   f"a timestamp is {incident['timestamp']!r}")
        codes += [incident["code"] for incident in incidents]
        empty = 0 if incidents else empty + 1
    stories = story["incidents"] + story["maintenances"]
    begun = {it["code"] for it in story["incidents"]}
    expect(begun <= set(codes) <= {it["code"] for it in stories}, "/history.json", f"holds {codes}")
    expect(len(codes) == len(set(codes)), "/history.json", f"holds one twice: {codes}")
    for told in stories:
        path = f"/incidents/{told['code']}.json"
        found = json.loads(get(base, path))
        status = told["status"].replace("cancelled", "completed")
        same((found["id"], found["name"], found["status"]), (told["code"], told["title"], status), path, "the story")
        phases = [update["status"] for update in found["incident_updates"]]
        expect(phases == told.get("phases", phases) and phases[0] == status, path, f"the phases are {phases}")
        with urllib.request.urlopen(found["shortlink"], timeout=20) as reply:
            expect(told["title"] in unescape(reply.read().decode()), path, "its link leads elsewhere")
    json.loads(get(base, "/uptime.json"))
    print(f"a collector: {len(codes)} stories in {lot} lots")


def the_exporter(story):
    if sys.version_info < (3, 11):
        print("statuspage-prometheus-exporter: left out, it wants Python 3.11")
        return
    from prometheus_client.parser import text_string_to_metric_families

    what = "statuspage-prometheus-exporter"
    with tempfile.TemporaryDirectory() as folder:
        services = {"acme": {"name": "acme", "url": f"{story['url']}/api/v2/summary.json"}}
        Path(folder, "services.json").write_text(json.dumps(services), encoding="utf-8")
        environment = {**os.environ, "RUN_MODE": "once", "METRICS_TEXTFILE_PATH": "page.prom"}
        ran = subprocess.run(
            [sys.executable, "-m", "statuspage_prometheus_exporter.status_monitoring"],
            cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False,
        )
        if not expect(ran.returncode == 0, what, f"failed: {ran.stderr}"):
            return
        text = Path(folder, "page.prom").read_text(encoding="utf-8")
    metrics = {}
    for family in text_string_to_metric_families(text):
        if family.name.startswith("statuspage_"):
            metrics[family.name[11:]] = [(sample.labels, sample.value) for sample in family.samples]
    same(metrics["probe_check"], [({"service_name": "acme"}, 1.0)], what, "probe_check")
    up = story["status"]["indicator"] == "none"
    same(metrics["service_status"], [({"service_name": "acme"}, float(up))], what, "service_status")
    shown = {it["name"]: float(it["status"] == "operational") for it in story["components"] + story["groups"]}
    found = {labels["component_name"]: value for labels, value in metrics["component_status"]}
    same(found, shown, what, "component_status")
    wanted = [(it["code"], it["title"], it["impact"], ", ".join(it["affects"]))
              for it in story["incidents"] if it["status"] in UNRESOLVED]
    told = [(labels["incident_id"], labels["incident_name"], labels["impact"], labels["affected_components"])
            for labels, value in metrics["incident_info"] if value == 1]
    same(told, wanted, what, "incident_info")
    for labels, _ in metrics["incident_info"]:
        expect(labels["shortlink"].startswith(story["url"]), what, f"an incident is at {labels['shortlink']}")
    wanted = {(it["code"], it["title"], it["start"], it["end"])
              for it in story["maintenances"] if it["status"] == "scheduled"}
    told = {(labels["maintenance_id"], labels["maintenance_name"], seconds(labels["scheduled_start"]),
             seconds(labels["scheduled_end"])) for labels, value in metrics["maintenance_info"] if value == 1}
    same(told, wanted, what, "maintenance_info")
    print(f"{what}: {len(found)} components, {len(metrics['incident_info'])} incidents, {len(told)} maintenances")


def seconds(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def the_feed(story, path, version, entries):
    """What a feed reader makes of a feed: an entry a story, or an entry an update."""
    base = story["url"]
    body = get(base, path)
    headers = {"content-type": f"{TYPES[path]}; charset=utf-8", "content-location": base + path}
    found = feedparser.parse(body, response_headers=headers)
    same((found.bozo, found.version), (False, version), path, f"what feedparser says ({found.get('bozo_exception')})")
    expect(found.feed.get("title", "").startswith(story["page"]["name"]), path, f"is called {found.feed.get('title')}")
    expect(base in [link.href for link in found.feed.get("links", [])], path, "does not name the page")
    selves = [link.href for link in found.feed.get("links", []) if link.rel == "self"]
    same(selves, [base + path], path, "its own address")
    same(len(found.entries), entries, path, "the number of entries")
    ids = [entry.get("id") for entry in found.entries]
    expect(all(ids) and len(set(ids)) == len(ids), path, f"its ids are {ids}")
    times = [entry.get("published_parsed") or entry.get("updated_parsed") for entry in found.entries]
    expect(all(times), path, "has entries without a time")
    same(times, sorted(times, reverse=True), path, "the order")
    for told in story["incidents"] + story["maintenances"]:
        link = next((entry.link for entry in found.entries if told["title"] in entry.get("title", "")), None)
        if expect(link and link.startswith(f"{base}/"), path, f"{told['title']} is at {link}"):
            with urllib.request.urlopen(link, timeout=20) as reply:
                expect(told["title"] in unescape(reply.read().decode()), path, f"{link} is not {told['title']}")
    text = " ".join(entry.content[0].value if "content" in entry else entry.get("summary", "")
                    for entry in found.entries)
    for said in story["said"]:
        expect(said in text, path, f"does not say {said!r}")
    expect("<script" not in text, path, "holds a script")
    print(f"feedparser: {path}, {len(found.entries)} entries, from {found.entries[0].title!r}")
    return body


def the_grammar(path, body):
    """RFC 4287: the grammar, and the two rules that it cannot hold."""
    schema = etree.RelaxNG(etree.parse(Path(__file__).with_name("atom.rng")))
    feed = etree.fromstring(body)
    valid = schema.validate(feed)
    expect(valid, path, f"is not Atom: {[str(error) for error in schema.error_log]}")
    for entry in feed.iter(f"{ATOM}entry"):
        authors = entry.findall(f"{ATOM}author") + feed.findall(f"{ATOM}author")
        expect(authors, path, "an entry is by nobody")
        alternates = [link for link in entry.iter(f"{ATOM}link") if link.get("rel", "alternate") == "alternate"]
        expect(alternates or entry.find(f"{ATOM}content") is not None, path, "an entry is nowhere to be read")
    print(f"lxml with the grammar of RFC 4287: {path}, {'valid' if valid else 'NOT VALID'}")


def the_rss(path, body):
    channel = etree.fromstring(body).find("channel")
    for name in ("title", "link", "description"):
        expect(channel.findtext(name), path, f"the channel has no {name}")
    for item in channel.iter("item"):
        expect(item.findtext("guid"), path, "an item has no guid")
        moment = parsedate_to_datetime(item.findtext("pubDate"))
        expect(moment.tzinfo is not None, path, f"an item is of {item.findtext('pubDate')!r}")


def the_json_feed(story, entries):
    path = "/feed.json"
    body = get(story["url"], path)
    found = json.loads(body)
    same(found.get("version"), "https://jsonfeed.org/version/1.1", path, "version")
    same((found.get("home_page_url"), found.get("feed_url")), (story["url"], story["url"] + path), path, "its addresses")
    feed = jsonfeed.Feed.parse_string(body.decode())
    expect(feed.title.startswith(story["page"]["name"]), path, f"is called {feed.title!r}")
    same(len(feed.items), entries, path, "the number of items")
    for item in feed.items:
        expect(isinstance(item.id, str) and item.id, path, f"an id is {item.id!r}")
        expect(item.content_html or item.content_text, path, f"{item.id} has no content")
        expect((item.url or "").startswith(story["url"]), path, f"{item.id} is at {item.url!r}")
        for moment in filter(None, (item.date_published, item.date_modified)):
            form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
            expect(re.fullmatch(form, moment), path, f"a date is {moment!r}")
    expect(len({item.id for item in feed.items}) == len(feed.items), path, "two items have one id")
    print(f"jsonfeed: {path}, {len(feed.items)} items")


def the_calendar(story):
    path = "/maintenances.ics"
    body = get(story["url"], path)
    expect(b"\n" not in body.replace(b"\r\n", b""), path, "has lines that do not end with CRLF")
    expect(all(len(line) <= 75 for line in body.split(b"\r\n")), path, "has lines of more than 75 octets")
    calendar = icalendar.Calendar.from_ical(body)
    same(str(calendar["VERSION"]), "2.0", path, "VERSION")
    expect(calendar.get("PRODID"), path, "has no PRODID")
    events = calendar.walk("VEVENT")
    for part in [calendar, *events]:
        expect(not part.errors, path, f"has errors: {part.errors}")
    same(len({str(event["UID"]) for event in events}), len(story["maintenances"]), path, "the number of UIDs")
    same(len(events), len(story["maintenances"]), path, "the number of events")
    for told in story["maintenances"]:
        event = next((event for event in events if told["title"] in str(event["SUMMARY"])), None)
        if not expect(event is not None, path, f"does not hold {told['title']}"):
            continue
        name = told["title"]
        for key, wanted in (("DTSTART", told["start"]), ("DTEND", told["end"])):
            moment = event[key].dt
            if expect(moment.tzinfo is not None, path, f"{key} of {name} has no zone"):
                same(int(moment.timestamp()), wanted, path, f"{key} of {name}")
        expect(event["DTSTAMP"].dt.utcoffset() == timezone.utc.utcoffset(None), path, "DTSTAMP is not in UTC")
        status = "CANCELLED" if told["status"] == "cancelled" else "CONFIRMED"
        same(str(event["STATUS"]), status, path, f"STATUS of {name}")
        changed = told["moved"] or told["status"] == "cancelled"
        expect((event.get("SEQUENCE", 0) > 0) == changed, path, f"SEQUENCE of {name} is {event.get('SEQUENCE')}")
        expect(str(event.get("URL", "")).startswith(story["url"]), path, f"{name} is at {event.get('URL')}")
        print(f"icalendar: {name}, {status}, SEQUENCE {event.get('SEQUENCE')}, {event['DTSTART'].dt.isoformat()}")


def the_subscription(story):
    """As forms of the other maker's pages send it; the scenario waits for the mail."""
    path = "/api/v2/subscribers.json"
    form = urllib.parse.urlencode({"subscriber[email]": story["subscriber"]}).encode()
    with urllib.request.urlopen(story["url"] + path, data=form, timeout=20) as reply:
        expect(reply.status in (200, 201), path, f"answers {reply.status}")
        found = json.loads(reply.read())
    found = found.get("subscriber", found)
    same(found.get("email"), story["subscriber"], path, "email")
    print(f"a form: {path}, {sorted(found)}")


def the_unknown(story):
    for path in ("/api/v2/nothing.json", "/incidents/000000000000.json"):
        try:
            with urllib.request.urlopen(story["url"] + path, timeout=20) as reply:
                expect(False, path, f"answers {reply.status}")
        except urllib.error.HTTPError as refused:
            same(refused.code, 404, path, "the answer")


told = json.load(sys.stdin)
stories = len(told["incidents"]) + len(told["maintenances"])
the_json(told)
the_history(told)
the_exporter(told)
the_grammar("/history.atom", the_feed(told, "/history.atom", "atom10", stories))
the_rss("/history.rss", the_feed(told, "/history.rss", "rss20", stories))
the_grammar("/updates.atom", the_feed(told, "/updates.atom", "atom10", told["updates"]))
the_json_feed(told, told["updates"])
the_calendar(told)
the_subscription(told)
the_unknown(told)
print("\n".join(faults), end="\n" if faults else "")
sys.exit(1 if faults else 0)
