//! Asking for a page's mails.

use std::{
    collections::HashSet,
    sync::{Arc, LazyLock},
    time::Duration,
};

use askama::Template;
use axum::{
    Form,
    extract::{FromRequest as _, Request, State},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use jiff::tz::TimeZoneDatabase;
use kit::locale::Locale;
use proto::subscriptions::v1::SubscribeRequest;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::{
    answer::{self, Frame, Message, Refused},
    reader::{Reader, Segments},
    slug::Slug,
    snapshots::Snapshots,
};
use crate::{
    peers::{self, Fault, Peers, ask},
    view::{Offer, PageHead},
};

/// How long a browser may take to send what was typed.
pub(super) const READ: Duration = Duration::from_secs(5);

/// The time zones that a reader is offered: those named after a place, and UTC. Others are taken too.
static ZONES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let database = TimeZoneDatabase::bundled();
    let names = database.available().map(|name| name.to_string());
    names.filter(|name| name == "UTC" || (name.contains('/') && !name.starts_with("Etc/"))).collect()
});

#[derive(Template)]
#[template(path = "subscribe.html")]
struct Ask {
    frame: Frame,
    head: Arc<PageHead>,
    zones: &'static [String],
    /// The language that is chosen.
    locale: Locale,
    /// What the reader typed before, or what we take for granted.
    typed: Typed,
    bad: Bad,
}

/// What the form sends.
#[derive(Debug, Default, PartialEq, Eq)]
struct Typed {
    email: String,
    /// The page's if there is none.
    locale: Option<Locale>,
    /// Empty for the page's.
    time_zone: String,
    /// In the order of the form; empty for the whole page.
    component_ids: Vec<String>,
}

/// Which fields of the form are not good.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Bad {
    email: bool,
    time_zone: bool,
    components: bool,
}

impl Ask {
    fn new(head: Arc<PageHead>, typed: Typed, bad: Bad) -> Self {
        let locale = typed.locale.unwrap_or(head.zone.locale);
        Self { frame: Frame::of(&head), head, zones: ZONES.as_slice(), locale, typed, bad }
    }

    /// What may be chosen, each component with whether it is.
    fn offers(&self) -> impl Iterator<Item = (&Offer, Vec<bool>)> {
        let chosen = self.typed.component_ids.iter().map(String::as_str).collect::<HashSet<_>>();
        self.head.offers.iter().map(move |offer| {
            (offer, offer.components.iter().map(|each| chosen.contains(each.component_id.as_str())).collect())
        })
    }
}

/// `GET /p/{slug}/subscribe`: the form with all its choices.
pub(super) async fn form(
    State(snapshots): State<Snapshots>,
    Segments(slug): Segments<Slug>,
    reader: Reader,
) -> Result<Response, Refused> {
    let source = snapshots.source(&slug).await.map_err(|fault| reader.refuse(fault))?;
    let head = Arc::clone(&source.head);
    let texts = head.texts;
    let typed = Typed { locale: reader.locale, time_zone: zone_of(&head).to_owned(), ..Typed::default() };
    let form = Ask::new(head, typed, Bad::default());
    Ok(answer::by_language(answer::public(&form, texts, reader.has())))
}

/// `POST /p/{slug}/subscribe`: the same answer for every address, whatever it is to the page.
pub(super) async fn subscribe(
    State(peers): State<Peers>,
    State(snapshots): State<Snapshots>,
    Segments(slug): Segments<Slug>,
    reader: Reader,
    request: Request,
) -> Result<Response, Refused> {
    let Some(typed) = read(request, READ).await else {
        return Ok(StatusCode::REQUEST_TIMEOUT.into_response());
    };
    let source = snapshots.source(&slug).await.map_err(|fault| reader.refuse(fault))?;
    let head = Arc::clone(&source.head);
    let texts = head.texts;
    // What is the page's stays the page's, also when the page has another one.
    let own_zone = !typed.time_zone.is_empty() && typed.time_zone != zone_of(&head);
    let asked = SubscribeRequest {
        page_id: head.page_id.clone(),
        email: typed.email.clone(),
        locale: typed.locale.map(|locale| locale.tag().to_owned()),
        time_zone: own_zone.then(|| typed.time_zone.clone()),
        component_ids: typed.component_ids.clone(),
    };
    match ask(peers.subscribers().subscribe(peers::request(asked))).await {
        Ok(_) => {
            let message = Message {
                frame: Frame::new(texts),
                look: "mail",
                heading: texts.say("subscribed"),
                text: texts.say("subscribed-text"),
                link: Some((format!("/p/{}", head.slug), head.title())),
            };
            Ok(answer::private(StatusCode::OK, &message, texts))
        }
        Err(status) if status.code() == Code::InvalidArgument => {
            let form = Ask::new(head, typed, Bad::of(&status));
            Ok(answer::private(StatusCode::UNPROCESSABLE_ENTITY, &form, texts))
        }
        Err(status) => Err(reader.refuse(Fault::from(status))),
    }
}

/// The page's time zone by its name.
fn zone_of(head: &PageHead) -> &str {
    head.zone.time_zone.iana_name().unwrap_or("UTC")
}

impl Bad {
    /// The fields that a refusal names. The page's id and the language are right, so it is the address if it names none.
    fn of(refused: &Status) -> Self {
        let named = refused.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
        let is_named = |field: &str| named.iter().any(|violation| violation.field.starts_with(field));
        let (time_zone, components) = (is_named("time_zone"), is_named("component_ids"));
        Self { email: is_named("email") || !(time_zone || components), time_zone, components }
    }
}

/// What was typed, empty if it is no form of ours; nothing if the form does not come within `limit`.
async fn read(request: Request, limit: Duration) -> Option<Typed> {
    let form = Form::<Vec<(String, String)>>::from_request(request, &());
    let form = tokio::time::timeout(limit, form).await.ok()?;
    Some(form.map(|Form(fields)| Typed::from(fields)).unwrap_or_default())
}

impl From<Vec<(String, String)>> for Typed {
    fn from(fields: Vec<(String, String)>) -> Self {
        let mut typed = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "email" => value.trim().clone_into(&mut typed.email),
                "locale" => typed.locale = Locale::parse(&value),
                // as people write it
                "time_zone" => typed.time_zone = value.trim().replace(' ', "_"),
                "component_id" => typed.component_ids.push(value),
                _ => {}
            }
        }
        typed
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, Bytes};
    use http_body_util::StreamBody;
    use hyper::body::Frame;
    use kit::status::{invalid_field, unavailable};

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn sent(body: Body) -> Request {
        Request::post("/").header("content-type", "application/x-www-form-urlencoded").body(body).unwrap()
    }

    #[tokio::test]
    async fn a_form_that_does_not_come_is_not_waited_for() {
        let silence = tokio_stream::pending::<Result<Frame<Bytes>, std::convert::Infallible>>();
        let never = sent(Body::new(StreamBody::new(silence)));
        assert_eq!(read(never, Duration::ZERO).await, None);
    }

    #[tokio::test]
    async fn what_was_typed_is_read_field_by_field() {
        let form =
            "email=+a%40b.c&locale=de&time_zone=America%2FSao+Paulo+&component_id=cmp_1&component_id=cmp_2";
        let typed = Typed {
            email: "a@b.c".into(),
            locale: Some(Locale::De),
            time_zone: "America/Sao_Paulo".into(),
            component_ids: vec!["cmp_1".into(), "cmp_2".into()],
        };
        assert_eq!(read(sent(Body::from(form)), HOUR).await, Some(typed));
        for nothing in ["", "mail=a%40b.c"] {
            assert_eq!(read(sent(Body::from(nothing)), HOUR).await, Some(Typed::default()), "{nothing}");
        }
    }

    #[test]
    fn a_refusal_is_shown_at_the_field_that_it_names() {
        let of = |field: &str| Bad::of(&invalid_field(field, "is not good"));
        let none = Bad::default();
        assert_eq!(of("email"), Bad { email: true, ..none });
        assert_eq!(of("time_zone"), Bad { time_zone: true, ..none });
        assert_eq!(of("component_ids[3]"), Bad { components: true, ..none });
        assert_eq!(of("component_ids"), Bad { components: true, ..none });
        assert_eq!(Bad::of(&unavailable(&std::fmt::Error)), Bad { email: true, ..none });
    }

    #[test]
    fn the_time_zones_of_places_are_offered() {
        for name in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Kolkata"] {
            assert!(ZONES.iter().any(|zone| zone == name), "{name}");
        }
        assert!(ZONES.iter().all(|zone| !zone.starts_with("Etc/") && zone.len() <= 64));
    }
}
