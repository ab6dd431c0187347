//! `page_size` and `page_token` (AIP-158, <https://google.aip.dev/158>).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use tonic::Status;
use uuid::Uuid;

use crate::status;

/// How many rows to answer, if the request does not say.
#[must_use]
pub fn size(asked: i32, default: i64) -> i64 {
    if asked == 0 { default } else { i64::from(asked) }
}

/// The place to go on from: a time in microseconds since 1970 and an id, the key that a list is sorted by.
/// A list that is sorted by id alone leaves the time 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// The id of the last row answered.
    pub id: Uuid,
}

impl Cursor {
    /// Reads a token; `None` for the empty one, which begins.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` naming `page_token`, if it was not given out here.
    pub fn parse(token: &str) -> Result<Option<Self>, Status> {
        if token.is_empty() {
            return Ok(None);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| <[u8; 24]>::try_from(bytes).ok());
        let Some(bytes) = bytes else {
            return Err(status::invalid_field(
                "page_token",
                "must be a `next_page_token` of an earlier answer",
            ));
        };
        let (mut at, mut id) = ([0; 8], [0; 16]);
        at.copy_from_slice(&bytes[..8]);
        id.copy_from_slice(&bytes[8..]);
        Ok(Some(Self { at: i64::from_be_bytes(at), id: Uuid::from_bytes(id) }))
    }

    /// The token that stands for this place.
    #[must_use]
    pub fn token(self) -> String {
        let mut bytes = self.at.to_be_bytes().to_vec();
        bytes.extend_from_slice(self.id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// Cuts a list that was read one row longer than asked for, and says where the next one begins.
pub fn cut<T>(rows: &mut Vec<T>, size: i64, cursor: impl FnOnce(&T) -> Cursor) -> String {
    let size = usize::try_from(size).unwrap_or(0);
    if rows.len() <= size {
        return String::new();
    }
    rows.truncate(size);
    rows.last().map(cursor).map(Cursor::token).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_from_its_token() {
        let cursor = Cursor { at: -5, id: Uuid::max() };
        assert_eq!(Cursor::parse(&cursor.token()).unwrap(), Some(cursor));
        assert_eq!(Cursor::parse("").unwrap(), None);
    }

    #[test]
    fn a_token_of_somebody_else_is_refused_by_name() {
        let refused = Cursor::parse("bm90IG91cnM").unwrap_err();
        assert_eq!(refused.code(), tonic::Code::InvalidArgument);
        assert!(refused.message().contains("page_token"));
    }

    #[test]
    fn only_a_list_with_more_rows_has_a_next_token() {
        let cursor = |row: &i64| Cursor { at: *row, id: Uuid::nil() };
        let mut rows = vec![1, 2, 3];
        assert_eq!(Cursor::parse(&cut(&mut rows, 2, cursor)).unwrap().unwrap().at, 2);
        assert_eq!(rows, [1, 2]);
        assert_eq!(cut(&mut rows, 2, cursor), "");
    }
}
