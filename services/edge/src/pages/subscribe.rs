//! Asking for a page's mails.

use std::{sync::Arc, time::Duration};

use askama::Template;
use axum::{
    Form,
    extract::{FromRequest as _, Request, State},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use proto::subscriptions::v1::SubscribeRequest;
use serde::Deserialize;
use tonic::Code;

use super::{
    answer::{self, Frame, Message, Refused},
    heads::{Heads, Slug},
    reader::{Reader, Segments},
};
use crate::{
    peers::{self, Fault, Peers, ask},
    view::PageHead,
};

/// How long a browser may take to send what was typed.
const READ: Duration = Duration::from_secs(5);

#[derive(Template)]
#[template(path = "subscribe.html")]
struct Ask {
    frame: Frame,
    head: Arc<PageHead>,
    /// What the reader typed before.
    email: String,
    /// Whether that was no address.
    is_bad: bool,
}

/// What the form sends.
#[derive(Debug, Deserialize)]
struct Typed {
    email: String,
}

/// `GET /p/{slug}/subscribe`: the form by itself.
pub(super) async fn form(
    State(heads): State<Heads>,
    Segments(slug): Segments<Slug>,
    reader: Reader,
) -> Result<Response, Refused> {
    let head = heads.find(slug).await.map_err(|fault| reader.refuse(fault))?;
    let texts = head.texts;
    let form = Ask { frame: Frame::new(texts), head, email: String::new(), is_bad: false };
    Ok(answer::public(&form, texts, reader.has.as_ref()))
}

/// `POST /p/{slug}/subscribe`: the same answer for every address, whatever it is to the page.
pub(super) async fn subscribe(
    State(peers): State<Peers>,
    State(heads): State<Heads>,
    Segments(slug): Segments<Slug>,
    reader: Reader,
    request: Request,
) -> Result<Response, Refused> {
    let Some(email) = typed(request, READ).await else {
        return Ok(StatusCode::REQUEST_TIMEOUT.into_response());
    };
    let head = heads.find(slug).await.map_err(|fault| reader.refuse(fault))?;
    let texts = head.texts;
    let frame = Frame::new(texts);
    let asked = SubscribeRequest { page_id: head.page_id.clone(), email: email.clone(), locale: None };
    match ask(peers.subscribers().subscribe(peers::request(asked))).await {
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

/// The address that was typed, empty if the form has none; nothing if the form does not come within `limit`.
async fn typed(request: Request, limit: Duration) -> Option<String> {
    let form = tokio::time::timeout(limit, Form::<Typed>::from_request(request, &())).await.ok()?;
    Some(form.map(|Form(typed)| typed.email.trim().to_owned()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, Bytes};
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::*;

    fn sent(body: Body) -> Request {
        Request::post("/").header("content-type", "application/x-www-form-urlencoded").body(body).unwrap()
    }

    #[tokio::test]
    async fn a_form_that_does_not_come_is_not_waited_for() {
        let silence = tokio_stream::pending::<Result<Frame<Bytes>, std::convert::Infallible>>();
        let never = sent(Body::new(StreamBody::new(silence)));
        assert_eq!(typed(never, Duration::ZERO).await, None);
        let hour = Duration::from_secs(3600);
        assert_eq!(typed(sent(Body::from("email=+a%40b.c")), hour).await.as_deref(), Some("a@b.c"));
        assert_eq!(typed(sent(Body::empty()), hour).await.as_deref(), Some(""));
    }
}
