//! Mail providers' webhooks, handed on to notifications as they came: `POST /hooks/{provider}`.
//!
//! Whether a call is genuine is found out behind the edge. The answer says no more than its status.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    response::{IntoResponse as _, Response},
    routing::post,
};
use http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kit::{deadline, peer::Peer};
use proto::internal::v1::{
    MailProvider, ReceiveWebhookRequest, feedback_service_client::FeedbackServiceClient,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Code, Status};

/// The longest call; those of the providers have some thousand bytes, with a mail that came back some ten thousand.
const MAX_BYTES: usize = 256 * 1024;
/// How long a call may take to come, and how long to be worked off.
const PATIENCE: Duration = Duration::from_secs(5);

/// So many calls at once; beyond it they are to come again. Each holds up to 256 KiB.
const MAX_AT_ONCE: usize = 64;

/// What the calls share.
#[derive(Clone)]
struct Hooks {
    feedback: FeedbackServiceClient<Peer>,
    places: Arc<Semaphore>,
}

/// The route. Without a way to notifications there are no webhooks.
pub(crate) fn router(feedback: Option<FeedbackServiceClient<Peer>>) -> Router {
    match feedback {
        Some(feedback) => {
            let places = Arc::new(Semaphore::new(MAX_AT_ONCE));
            Router::new().route("/hooks/{provider}", post(receive)).with_state(Hooks { feedback, places })
        }
        None => Router::new(),
    }
}

async fn receive(
    State(Hooks { feedback, places }): State<Hooks>,
    Path(provider): Path<String>,
    request: Request,
) -> Response {
    let provider = match provider.as_str() {
        "ses" => MailProvider::Ses,
        "postmark" => MailProvider::Postmark,
        "mailgun" => MailProvider::Mailgun,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let place = match place(places) {
        Ok(place) => place,
        Err(refused) => return refused.into_response(),
    };
    let authorization = match authorization(request.headers()) {
        Ok(authorization) => authorization,
        Err(refused) => return refused.into_response(),
    };
    let body = match text(request.into_body(), PATIENCE).await {
        Ok(body) => body,
        Err(refused) => return refused.into_response(),
    };
    let request = ReceiveWebhookRequest { provider: provider.into(), authorization, body };
    // In a task, because a provider that goes away must not reset the call of a connection that all share.
    let call = deadline::within(PATIENCE, async move {
        let _place = place;
        feedback.clone().receive_webhook(request).await
    });
    match tokio::time::timeout(PATIENCE, tokio::spawn(call)).await {
        Ok(Ok(Ok(_))) => StatusCode::NO_CONTENT,
        Ok(Ok(Err(status))) => status_of(&status),
        Ok(Err(fault)) => {
            tracing::error!(error = %fault, "a webhook failed by a fault of ours");
            StatusCode::SERVICE_UNAVAILABLE
        }
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
    .into_response()
}

/// A place, if there is one.
fn place(places: Arc<Semaphore>) -> Result<OwnedSemaphorePermit, StatusCode> {
    places.try_acquire_owned().map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
}

/// The header as it came, empty if there is none.
fn authorization(headers: &HeaderMap) -> Result<String, StatusCode> {
    match headers.get(AUTHORIZATION).map(|value| value.to_str()) {
        None => Ok(String::new()),
        Some(Ok(text)) if text.len() <= 500 => Ok(text.to_owned()),
        Some(_) => Err(StatusCode::FORBIDDEN),
    }
}

/// The body, if it comes in time and is text.
async fn text(body: Body, limit: Duration) -> Result<String, StatusCode> {
    let whole = tokio::time::timeout(limit, Limited::new(body, MAX_BYTES).collect()).await;
    let whole = whole.map_err(|_| StatusCode::REQUEST_TIMEOUT)?.map_err(|error| {
        if error.is::<LengthLimitError>() { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST }
    })?;
    String::from_utf8(whole.to_bytes().into()).map_err(|_| StatusCode::BAD_REQUEST)
}

/// What the provider is told: whatever is not its fault, it tells again.
fn status_of(refused: &Status) -> StatusCode {
    match refused.code() {
        Code::InvalidArgument => StatusCode::BAD_REQUEST,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::DeadlineExceeded
        | Code::AlreadyExists
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss
        | Code::Unauthenticated => {
            tracing::warn!(error = refused as &dyn std::error::Error, "a webhook was not taken");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::*;

    #[tokio::test]
    async fn a_call_is_read_up_to_its_limit_and_in_time() {
        let hour = Duration::from_secs(3600);
        assert_eq!(text(Body::from(vec![b'x'; MAX_BYTES]), hour).await.unwrap().len(), MAX_BYTES);
        let long = Body::from(vec![b'x'; MAX_BYTES + 1]);
        assert_eq!(text(long, hour).await, Err(StatusCode::PAYLOAD_TOO_LARGE));
        assert_eq!(text(Body::from(vec![0xff]), hour).await, Err(StatusCode::BAD_REQUEST));
        let silence = tokio_stream::pending::<Result<Frame<Bytes>, std::convert::Infallible>>();
        let never = Body::new(StreamBody::new(silence));
        assert_eq!(text(never, Duration::ZERO).await, Err(StatusCode::REQUEST_TIMEOUT));
    }

    #[test]
    fn a_call_beyond_the_places_is_to_come_again() {
        let places = Arc::new(Semaphore::new(1));
        let first = place(Arc::clone(&places)).unwrap();
        assert_eq!(place(Arc::clone(&places)).unwrap_err(), StatusCode::SERVICE_UNAVAILABLE);
        drop(first);
        assert!(place(places).is_ok());
    }

    #[test]
    fn a_header_that_is_too_long_proves_nothing() {
        let read =
            |value: &str| authorization(&HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]));
        assert_eq!(authorization(&HeaderMap::new()), Ok(String::new()));
        assert_eq!(read("Basic eDp5"), Ok("Basic eDp5".to_owned()));
        assert_eq!(read(&"x".repeat(500)).unwrap().len(), 500);
        assert_eq!(read(&"x".repeat(501)), Err(StatusCode::FORBIDDEN));
    }

    #[test]
    fn a_fault_of_ours_is_told_again() {
        for (code, status) in [
            (Code::InvalidArgument, 400),
            (Code::PermissionDenied, 403),
            (Code::NotFound, 404),
            (Code::Unavailable, 503),
            (Code::Internal, 503),
            (Code::DeadlineExceeded, 503),
        ] {
            assert_eq!(status_of(&Status::new(code, "")).as_u16(), status, "{code:?}");
        }
    }
}
