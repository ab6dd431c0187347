//! The feeds of updates: an entry for each, with an id of its own, so that readers miss none and see none twice.

use std::cmp::Reverse;

use atom_syndication::{Category, Entry, Feed};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    Story,
    history::{feed, html, link, text},
    story::{Facts, Told},
    teller::{Teller, atom_time, clean, json_time},
};
use crate::formats::Source;

/// So many updates are in a feed, the newest of all stories.
const UPDATES: usize = 50;

/// The document of `/updates.atom` (RFC 4287).
pub(crate) fn updates_atom(source: &Source, stories: &[Story<'_>]) -> String {
    let teller = Teller::new(source);
    let updates = newest(&teller, stories);
    let updated = changed(&teller, &updates);
    let entries = updates.into_iter().map(|(facts, told)| Entry {
        title: text(&title(&teller, &facts, &told), facts.language.clone()),
        id: teller.tag(&told.name),
        updated: atom_time(told.updated),
        published: Some(atom_time(told.published)),
        categories: facts
            .tags
            .iter()
            .map(|(term, label)| Category {
                term: (*term).to_owned(),
                scheme: None,
                label: Some(clean(label)),
            })
            .collect(),
        links: vec![
            link("alternate", "text/html", teller.link(&told.place)),
            link("related", "text/html", teller.link(&facts.place)),
        ],
        content: Some(html(&told.whole_html(), facts.language)),
        ..Entry::default()
    });
    Feed { entries: entries.collect(), ..feed(&teller, "updates", "updates", updated) }.to_string()
}

/// The document of `/feed.json`: JSON Feed 1.1 (<https://www.jsonfeed.org/version/1.1/>).
pub(crate) fn json_feed(source: &Source, stories: &[Story<'_>]) -> String {
    let teller = Teller::new(source);
    let items = newest(&teller, stories).into_iter().map(|(facts, told)| JsonItem {
        id: teller.tag(&told.name),
        url: teller.link(&told.place),
        title: clean(&title(&teller, &facts, &told)),
        content_html: clean(&told.whole_html()),
        content_text: clean(&told.whole_text()),
        date_published: json_time(told.published),
        date_modified: json_time(told.updated),
        tags: facts.tags.iter().map(|(term, _)| *term).collect(),
        language: facts.language,
    });
    let document = JsonFeed {
        version: "https://jsonfeed.org/version/1.1",
        title: teller.title("updates"),
        home_page_url: &source.url,
        feed_url: teller.link("feed.json"),
        language: teller.texts().tag(),
        authors: [JsonAuthor { name: clean(&source.page.name), url: &source.url }],
        items: items.collect(),
    };
    serde_json::to_string(&document).expect("texts and lists become JSON")
}

#[derive(Serialize)]
struct JsonFeed<'a> {
    version: &'static str,
    title: String,
    home_page_url: &'a str,
    feed_url: String,
    language: &'static str,
    authors: [JsonAuthor<'a>; 1],
    items: Vec<JsonItem>,
}

#[derive(Serialize)]
struct JsonAuthor<'a> {
    name: String,
    url: &'a str,
}

#[derive(Serialize)]
struct JsonItem {
    id: String,
    url: String,
    title: String,
    content_html: String,
    content_text: String,
    date_published: String,
    date_modified: String,
    tags: Vec<&'static str>,
    /// If it is not the feed's.
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
}

/// The newest updates of all stories, each with what holds for its story.
fn newest(teller: &Teller, stories: &[Story<'_>]) -> Vec<(Facts, Told)> {
    let mut times = stories.iter().flat_map(Story::times).collect::<Vec<_>>();
    times.sort_by_key(|at| Reverse(*at));
    // texts are rendered only for those that are in the feed
    let oldest = times.get(UPDATES - 1).copied().unwrap_or(Timestamp::MIN);
    let mut updates = Vec::new();
    for story in stories {
        let most = story.times().into_iter().filter(|at| *at >= oldest).count();
        if most > 0 {
            let telling = story.told(teller, most);
            updates.extend(telling.told.into_iter().map(|told| (telling.facts.clone(), told)));
        }
    }
    updates.sort_by_key(|(_, told)| Reverse(told.published));
    updates.truncate(UPDATES);
    updates
}

fn changed(teller: &Teller, updates: &[(Facts, Told)]) -> Timestamp {
    teller.changed(updates.iter().map(|(_, told)| told.updated))
}

/// "Checkout is slow: Identified".
fn title(teller: &Teller, facts: &Facts, told: &Told) -> String {
    teller.labelled(&facts.title, &told.label)
}
