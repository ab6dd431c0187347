//! The links in mails: a page with one button, which a mail scanner may open as often as it likes, and what
//! pressing the button does.
//!
//! A token cannot be looked up without using it, so these pages know no page and speak the browser's language.

use askama::Template;
use axum::{Extension, extract::State, response::Response};
use http::StatusCode;
use kit::listener::PeerAddress;
use proto::subscriptions::v1::{ConfirmRequest, UnsubscribeRequest};

use super::{
    answer::{self, Frame, Message, Refused},
    journal::Journal,
    reader::{Reader, Segments},
};
use crate::{
    peers::{Fault, Peers, ask, request},
    texts::Texts,
};

/// A question with one button, which posts to the page's own address.
#[derive(Template)]
#[template(path = "button.html")]
struct Question {
    frame: Frame,
    heading: String,
    text: String,
    button: String,
}

/// `GET /c/{token}`
pub(super) async fn ask_confirm(reader: Reader) -> Response {
    question(reader.texts, "confirm", "confirm-text", "confirm-button")
}

/// `GET /u/{token}`
pub(super) async fn ask_unsubscribe(reader: Reader) -> Response {
    question(reader.texts, "unsubscribe", "unsubscribe-text", "unsubscribe-button")
}

/// `POST /c/{token}`
pub(super) async fn confirm(
    State(peers): State<Peers>,
    Segments(token): Segments<String>,
    reader: Reader,
) -> Result<Response, Refused> {
    let told = ask(peers.subscribers().confirm(request(ConfirmRequest { token }))).await;
    outcome(&reader, told.err().map(Fault::from), StatusCode::OK, ("confirmed", "confirmed-text"))
}

/// `POST /u/{token}`: by the button, or by the reader's mail program in one click (RFC 8058). What the body
/// says and how it is encoded does not matter, so it is not looked at. What cannot be passed on is kept until it can be,
/// and 202.
pub(super) async fn unsubscribe(
    State(peers): State<Peers>,
    State(journal): State<Option<Journal>>,
    Segments(token): Segments<String>,
    peer: Option<Extension<PeerAddress>>,
    reader: Reader,
) -> Result<Response, Refused> {
    let asked = UnsubscribeRequest { token: token.clone() };
    let told = ask(peers.subscribers().unsubscribe(request(asked))).await;
    match (told.map_err(Fault::from), journal) {
        (Err(Fault::Away), Some(journal)) => {
            let from = peer.map(|Extension(PeerAddress(address))| address);
            let fault = journal.note(&token, from).await.err();
            let noted = ("unsubscribed", "unsubscribe-noted-text");
            outcome(&reader, fault, StatusCode::ACCEPTED, noted)
        }
        (told, _) => outcome(&reader, told.err(), StatusCode::OK, ("unsubscribed", "unsubscribed-text")),
    }
}

fn question(texts: Texts, heading: &str, text: &str, button: &str) -> Response {
    let question = Question {
        frame: Frame::new(texts),
        heading: texts.say(heading),
        text: texts.say(text),
        button: texts.say(button),
    };
    answer::by_language(answer::private(StatusCode::OK, &question, texts))
}

fn outcome(
    reader: &Reader,
    fault: Option<Fault>,
    done: StatusCode,
    (heading, text): (&str, &str),
) -> Result<Response, Refused> {
    let (status, look, heading, text) = match fault {
        None => (done, "good", heading, text),
        Some(Fault::NotFound) => (StatusCode::NOT_FOUND, "unknown", "link-bad", "link-bad-text"),
        Some(Fault::Away) => return Err(reader.refuse(Fault::Away)),
    };
    let texts = reader.texts;
    let message = Message {
        frame: Frame::new(texts),
        look,
        heading: texts.say(heading),
        text: texts.say(text),
        link: None,
    };
    Ok(answer::by_language(answer::private(status, &message, texts)))
}
