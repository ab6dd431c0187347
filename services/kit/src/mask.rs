//! What a request changes (AIP-134, <https://google.aip.dev/134>), and of which version of it (AIP-154,
//! <https://google.aip.dev/154>).

use prost_types::FieldMask;

/// The field of a request that has its mask, for the violation.
pub const FIELD: &str = "update_mask";

/// The fields that a request changes: one at least.
#[derive(Debug)]
pub struct Mask(Vec<String>);

/// What is wrong with the mask of a request, as the violation of [`FIELD`] says it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMask {
    /// Nothing is to be changed.
    #[error("must name some of {0}")]
    Empty(String),
    /// Something is to be changed that does not change. A path may be of any length: it is not repeated.
    #[error("must name only fields that can be changed: {0}")]
    Unknown(String),
}

/// The thing was changed since the version that the request was made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it was changed since; read it again")]
pub struct EtagMismatch;

impl Mask {
    /// The mask of a request whose contract lets it change these fields.
    ///
    /// # Errors
    /// [`InvalidMask`], which says what can be changed.
    pub fn parse(mask: Option<FieldMask>, allowed: &[&str]) -> Result<Self, InvalidMask> {
        let paths = mask.unwrap_or_default().paths;
        if paths.is_empty() {
            return Err(InvalidMask::Empty(allowed.join(", ")));
        }
        if paths.iter().any(|path| !allowed.contains(&path.as_str())) {
            return Err(InvalidMask::Unknown(allowed.join(", ")));
        }
        Ok(Self(paths))
    }

    /// The request changes this field.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.0.iter().any(|path| path == field)
    }

    /// The value, if the request changes this field.
    ///
    /// # Errors
    /// Those of `value`.
    pub fn pick<T, E>(&self, field: &str, value: impl FnOnce() -> Result<T, E>) -> Result<Option<T>, E> {
        if self.has(field) { value().map(Some) } else { Ok(None) }
    }
}

/// Makes sure that the request was made on the version that there is; an empty etag is made on any.
///
/// # Errors
/// [`EtagMismatch`]
pub fn check_etag(etag: &str, revision: i64) -> Result<(), EtagMismatch> {
    if etag.is_empty() || etag == revision.to_string() { Ok(()) } else { Err(EtagMismatch) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(paths: &[&str]) -> Result<Mask, InvalidMask> {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        Mask::parse(Some(FieldMask { paths }), &["title", "body"])
    }

    #[test]
    fn only_fields_that_can_be_changed_are_taken() {
        let parsed = parse(&["title"]).unwrap();
        assert!(parsed.has("title") && !parsed.has("body"));
        assert_eq!(parsed.pick("title", || Ok::<_, ()>(1)), Ok(Some(1)));
        assert_eq!(parsed.pick("body", || Err(())), Ok::<Option<()>, _>(None));
        for bad in [&["title", "page_id"][..], &["*"], &["title.x"]] {
            let refused = parse(bad).unwrap_err();
            assert_eq!(refused.to_string(), "must name only fields that can be changed: title, body");
        }
    }

    #[test]
    fn something_is_to_be_changed() {
        for nothing in [parse(&[]), Mask::parse(None, &["title", "body"])] {
            assert_eq!(nothing.unwrap_err().to_string(), "must name some of title, body");
        }
    }

    #[test]
    fn an_etag_is_of_one_version() {
        for (etag, outcome) in
            [("", Ok(())), ("7", Ok(())), ("6", Err(EtagMismatch)), ("07", Err(EtagMismatch))]
        {
            assert_eq!(check_etag(etag, 7), outcome, "{etag}");
        }
    }
}
