//! How messages are written: as JSON (<https://protobuf.dev/programming-guides/json/>) or in binary.

use std::{num::NonZero, sync::LazyLock, thread::available_parallelism};

use axum::body::Bytes;
use http::{HeaderMap, header::CONTENT_TYPE};
use kit::status;
use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use proto::common::v1::ErrorReason;
use tokio::sync::Semaphore;
use tonic::{Code, Status};

/// The longest message that is written as JSON, in bytes of its binary form. It takes some ten times its room meanwhile.
pub(super) const MAX_JSON_BYTES: usize = 4 * 1024 * 1024;
/// What is longer is written beside the threads that answer calls.
const LONG_BYTES: usize = 32 * 1024;

/// So many long messages are written at once.
static PLACES: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(available_parallelism().map_or(1, NonZero::get)));

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Json,
    Binary,
}

impl Codec {
    /// How a request says that it is written.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next()?.trim();
        [Self::Json, Self::Binary].into_iter().find(|codec| kind.eq_ignore_ascii_case(codec.content_type()))
    }

    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Binary => "application/proto",
        }
    }

    /// The binary form of a request.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] if it is no JSON of this message: what is unknown, or of another kind, is named.
    pub(super) fn read(self, message: &MessageDescriptor, text: Bytes) -> Result<Bytes, Status> {
        match self {
            Self::Binary => Ok(text),
            Self::Json => {
                let mut json = serde_json::Deserializer::from_slice(&text);
                let read = DynamicMessage::deserialize(message.clone(), &mut json);
                let read = read.and_then(|read| json.end().map(|()| read)).map_err(|error| {
                    let message = format!("the request is not a {} in JSON: {error}", message.name());
                    status::refusal(Code::InvalidArgument, ErrorReason::InvalidArgument, message)
                })?;
                Ok(read.encode_to_vec().into())
            }
        }
    }

    /// An answer, from its binary form.
    ///
    /// # Errors
    /// [`Code::ResourceExhausted`] if it is too long for JSON.
    pub(super) async fn write(self, message: &MessageDescriptor, binary: Bytes) -> Result<Bytes, Status> {
        match self {
            Self::Binary => Ok(binary),
            Self::Json if binary.len() > MAX_JSON_BYTES => {
                let limit = i64::try_from(MAX_JSON_BYTES).unwrap_or(i64::MAX);
                let message =
                    format!("the answer has more than {MAX_JSON_BYTES} bytes, which is too long for JSON");
                Err(status::limit_reached(message, limit))
            }
            Self::Json if binary.len() > LONG_BYTES => {
                let _place = PLACES.acquire().await.map_err(|error| status::internal(&error))?;
                let message = message.clone();
                let written = tokio::task::spawn_blocking(move || json(message, &binary));
                written.await.map_err(|error| status::internal(&error))?
            }
            Self::Json => json(message.clone(), &binary),
        }
    }
}

fn json(message: MessageDescriptor, binary: &[u8]) -> Result<Bytes, Status> {
    let message = DynamicMessage::decode(message, binary).map_err(|error| status::internal(&error))?;
    let text = serde_json::to_vec(&message).map_err(|error| status::internal(&error))?;
    Ok(text.into())
}
