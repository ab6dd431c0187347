//! The feeds of stories, in the form that readers of status pages know: one entry for each incident and maintenance,
//! with all that was told of it.

use std::{cmp::Reverse, collections::BTreeMap};

use atom_syndication::{Content, Entry, Feed, Link, Person, Text};
use jiff::Timestamp;
use rss::{Channel, Guid, Item, extension::Extension};

use super::{
    Story,
    story::{Telling, Told},
    teller::{Teller, atom_time, clean, escape, rss_time},
};
use crate::formats::Source;

/// So many stories are in a feed, the newest.
const STORIES: usize = 25;

/// The document of `/history.atom` (RFC 4287), for stories in the order of [`super::stories`].
pub(crate) fn atom(source: &Source, stories: &[Story<'_>]) -> String {
    let teller = Teller::new(source);
    let stories = newest(stories);
    let entries = stories.iter().map(|story| {
        let telling = story.told(&teller, usize::MAX);
        let language = telling.facts.language.clone();
        Entry {
            title: text(&telling.facts.title, language.clone()),
            id: teller.tag(&telling.facts.name),
            updated: atom_time(story.updated()),
            published: Some(atom_time(story.published())),
            links: vec![link("alternate", "text/html", teller.link(&telling.facts.place))],
            content: Some(html(&content(&teller, &telling), language)),
            ..Entry::default()
        }
    });
    Feed { entries: entries.collect(), ..feed(&teller, "history", "history", changed(&teller, &stories)) }
        .to_string()
}

/// The document of `/history.rss` (RSS 2.0), for stories in the order of [`super::stories`].
pub(crate) fn rss(source: &Source, stories: &[Story<'_>]) -> String {
    let teller = Teller::new(source);
    let stories = newest(stories);
    let items = stories.iter().map(|story| {
        let telling = story.told(&teller, usize::MAX);
        let link = teller.link(&telling.facts.place);
        Item {
            title: Some(clean(&telling.facts.title)),
            description: Some(clean(&content(&teller, &telling))),
            pub_date: Some(rss_time(story.published())),
            guid: Some(Guid { value: link.clone(), permalink: true }),
            link: Some(link),
            ..Item::default()
        }
    });
    // a feed says where it is (RSS Advisory Board, Best Practices Profile)
    let own = Extension {
        name: "atom:link".to_owned(),
        attrs: [
            ("href", teller.link("history.rss")),
            ("rel", "self".to_owned()),
            ("type", "application/rss+xml".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into(),
        ..Extension::default()
    };
    Channel {
        title: teller.title("history"),
        link: source.url.clone(),
        description: clean(&teller.head.title()),
        language: Some(teller.texts().tag().to_owned()),
        pub_date: Some(rss_time(changed(&teller, &stories))),
        items: items.collect(),
        namespaces: BTreeMap::from([("atom".to_owned(), "http://www.w3.org/2005/Atom".to_owned())]),
        extensions: BTreeMap::from([("atom".to_owned(), BTreeMap::from([("link".to_owned(), vec![own])]))]),
        ..Channel::default()
    }
    .to_string()
}

/// A feed without entries: its title is the page's and this text, its name is that of its file and of its id.
pub(super) fn feed(teller: &Teller, key: &str, name: &str, updated: Timestamp) -> Feed {
    Feed {
        title: Text::plain(teller.title(key)),
        id: teller.tag_of_feed(name),
        updated: atom_time(updated),
        authors: vec![Person { name: clean(&teller.source.page.name), ..Person::default() }],
        links: vec![
            link("alternate", "text/html", teller.source.url.clone()),
            link("self", "application/atom+xml", teller.link(&format!("{name}.atom"))),
        ],
        logo: teller.head.brand.logo.as_ref().map(|logo| teller.link(&format!("logo/{}", logo.digest))),
        lang: Some(teller.texts().tag().to_owned()),
        ..Feed::default()
    }
}

/// A plain text of Atom; `language` if it is not the page's.
pub(super) fn text(value: &str, language: Option<String>) -> Text {
    Text { lang: language, ..Text::plain(clean(value)) }
}

/// Safe HTML as the content of an entry; `language` if it is not the page's.
pub(super) fn html(value: &str, language: Option<String>) -> Content {
    Content {
        value: Some(clean(value)),
        content_type: Some("html".to_owned()),
        lang: language,
        ..Content::default()
    }
}

pub(super) fn link(rel: &str, mime_type: &str, href: String) -> Link {
    Link { href, rel: rel.to_owned(), mime_type: Some(mime_type.to_owned()), ..Link::default() }
}

/// What is going on, and what was told of last, in the order of the stories: however many maintenances are planned, an
/// incident of today is among them.
fn newest<'a>(stories: &[Story<'a>]) -> Vec<Story<'a>> {
    let mut chosen = stories.to_vec();
    chosen.sort_by_key(|story| Reverse((story.is_open_incident(), story.updated())));
    chosen.truncate(STORIES);
    super::sort(&mut chosen);
    chosen
}

fn changed(teller: &Teller, stories: &[Story<'_>]) -> Timestamp {
    teller.changed(stories.iter().map(Story::updated))
}

/// All that a story tells, the newest first, as safe HTML.
fn content(teller: &Teller, telling: &Telling) -> String {
    let facts = &telling.facts;
    let mut html = String::new();
    if let Some(planned) = &facts.planned {
        let said = teller.texts().say_of("scheduled-event", planned);
        html.push_str(&format!("<p><strong>{}</strong></p>\n", escape(&said)));
    }
    html.extend(telling.told.iter().map(|told| piece(teller, told)));
    if let Some(all) = &facts.all_updates {
        let link = teller.link(&facts.place);
        html.push_str(&format!("<p><a href=\"{link}\">{}</a></p>\n", escape(all)));
    }
    html
}

/// One entry of a story: when, the phase, and what it tells, in one paragraph with the first of its own.
fn piece(teller: &Teller, told: &Told) -> String {
    let (when, label) = (teller.when(told.published), escape(&told.label));
    let opening = format!("<p><small>{when}</small><br><strong>{label}</strong>");
    let moved = told.moved.iter().map(|line| format!("<p>{}</p>\n", escape(line))).collect::<String>();
    match told.html.strip_prefix("<p>") {
        Some(rest) => format!("{opening} - {rest}{moved}"),
        None => format!("{opening}</p>\n{}{moved}", told.html),
    }
}
