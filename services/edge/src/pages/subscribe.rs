//! Asking for a page's mails.

use askama::Template;
use axum::{
    Form,
    extract::{State, rejection::FormRejection},
    response::Response,
};
use http::StatusCode;
use proto::subscriptions::v1::SubscribeRequest;
use serde::Deserialize;
use tonic::Code;

use super::{
    answer::{self, Frame, Message, Refused},
    front,
    reader::{Reader, Segments},
};
use crate::{
    peers::{Fault, Peers, ask, request},
    view::PageHead,
};

#[derive(Template)]
#[template(path = "subscribe.html")]
struct Ask {
    frame: Frame,
    head: PageHead,
    /// What the reader typed before.
    email: String,
    /// Whether that was no address.
    is_bad: bool,
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(super) struct Typed {
    email: String,
}

/// `GET /p/{slug}/subscribe`: the form by itself.
pub(super) async fn form(
    State(peers): State<Peers>,
    Segments(slug): Segments<String>,
    reader: Reader,
) -> Result<Response, Refused> {
    let head = front::find(&peers, slug).await.map_err(|fault| reader.refuse(fault))?.head;
    let texts = head.texts;
    let form = Ask { frame: Frame::new(texts), head, email: String::new(), is_bad: false };
    Ok(answer::public(&form, texts, reader.has.as_ref()))
}

/// `POST /p/{slug}/subscribe`: the same answer for every address, whatever it is to the page.
pub(super) async fn subscribe(
    State(peers): State<Peers>,
    Segments(slug): Segments<String>,
    reader: Reader,
    typed: Result<Form<Typed>, FormRejection>,
) -> Result<Response, Refused> {
    let head = front::find(&peers, slug).await.map_err(|fault| reader.refuse(fault))?.head;
    let texts = head.texts;
    let frame = Frame::new(texts);
    let email = typed.map(|Form(typed)| typed.email.trim().to_owned()).unwrap_or_default();
    let asked = SubscribeRequest { page_id: head.page_id.clone(), email: email.clone(), locale: None };
    match ask(peers.subscribers().subscribe(request(asked))).await {
        Ok(_) => {
            let message = Message {
                frame,
                look: "mail",
                heading: texts.say("subscribed"),
                text: texts.say("subscribed-text"),
                link: Some((format!("/p/{}", head.slug), head.title())),
            };
            Ok(answer::private(StatusCode::OK, &message, texts))
        }
        // the page's id is right, so it is the address that breaks its rule
        Err(status) if status.code() == Code::InvalidArgument => {
            let form = Ask { frame, head, email, is_bad: true };
            Ok(answer::private(StatusCode::UNPROCESSABLE_ENTITY, &form, texts))
        }
        Err(status) => Err(reader.refuse(Fault::from(status))),
    }
}
