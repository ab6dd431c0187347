//! How messages are written: as JSON (<https://protobuf.dev/programming-guides/json/>) or in binary.

use axum::body::Bytes;
use http::{HeaderMap, header::CONTENT_TYPE};
use kit::status;
use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use proto::common::v1::ErrorReason;
use tonic::{Code, Status};

use super::{super::body::MAX_ANSWER_BYTES, desk::Desk};

/// The longest message that is written as JSON, in bytes of its binary form. Until it is written it takes many times that.
const MAX_JSON_BYTES: usize = 4 * 1024 * 1024;

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

    /// How long an answer may be, in bytes of its binary form.
    pub(super) const fn max_bytes(self) -> usize {
        match self {
            Self::Json => MAX_JSON_BYTES,
            Self::Binary => MAX_ANSWER_BYTES,
        }
    }

    /// The binary form of a request.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] if it is no JSON of this message: what is unknown, or of another kind, is named.
    pub(super) async fn read(
        self,
        desk: &Desk,
        message: &MessageDescriptor,
        text: Bytes,
    ) -> Result<Bytes, Status> {
        match self {
            Self::Binary => Ok(text),
            Self::Json => {
                let message = message.clone();
                desk.run(text.len(), move || binary(message, &text)).await
            }
        }
    }

    /// An answer, from its binary form.
    ///
    /// # Errors
    /// [`Code::ResourceExhausted`] if too many are being written.
    pub(super) async fn write(
        self,
        desk: &Desk,
        message: &MessageDescriptor,
        binary: Bytes,
    ) -> Result<Bytes, Status> {
        match self {
            Self::Binary => Ok(binary),
            Self::Json => {
                let message = message.clone();
                desk.run(binary.len(), move || json(message, &binary)).await
            }
        }
    }
}

fn binary(message: MessageDescriptor, text: &[u8]) -> Result<Bytes, Status> {
    let name = message.name().to_owned();
    let mut json = serde_json::Deserializer::from_slice(text);
    let read = DynamicMessage::deserialize(message, &mut json);
    let read = read.and_then(|read| json.end().map(|()| read)).map_err(|error| {
        let message = format!("the request is not a {name} in JSON: {error}");
        status::refusal(Code::InvalidArgument, ErrorReason::InvalidArgument, message)
    })?;
    Ok(read.encode_to_vec().into())
}

fn json(message: MessageDescriptor, binary: &[u8]) -> Result<Bytes, Status> {
    let message = DynamicMessage::decode(message, binary).map_err(|error| status::internal(&error))?;
    let text = serde_json::to_vec(&message).map_err(|error| status::internal(&error))?;
    Ok(text.into())
}
