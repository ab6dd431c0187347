//! What a request changes (AIP-134, <https://google.aip.dev/134>), and of which version of it (AIP-154).

use prost_types::FieldMask;

use crate::error::Error;

/// The fields that a request changes.
#[derive(Debug)]
pub(crate) struct Mask(Vec<String>);

impl Mask {
    /// The mask of a request whose contract lets it change these fields.
    ///
    /// # Errors
    /// A violation of `update_mask` that names what cannot be changed, or if nothing is to be changed.
    pub(crate) fn parse(mask: Option<FieldMask>, allowed: &[&str]) -> Result<Self, Error> {
        let paths = mask.unwrap_or_default().paths;
        if paths.is_empty() {
            return Err(Error::invalid("update_mask", format!("must name some of {}", allowed.join(", "))));
        }
        match paths.iter().find(|path| !allowed.contains(&path.as_str())) {
            // A path may be of any length: it is not repeated.
            Some(_) => Err(Error::invalid(
                "update_mask",
                format!("must name only fields that can be changed: {}", allowed.join(", ")),
            )),
            None => Ok(Self(paths)),
        }
    }

    /// The request changes this field.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.0.iter().any(|path| path == field)
    }

    /// The value, if the request changes this field.
    pub(crate) fn pick<T>(
        &self,
        field: &str,
        value: impl FnOnce() -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        if self.has(field) { value().map(Some) } else { Ok(None) }
    }
}

/// Makes sure that the request was made on the version that there is; an empty etag is made on any.
///
/// # Errors
/// [`Error::EtagMismatch`]
pub(crate) fn check_etag(etag: &str, revision: i64) -> Result<(), Error> {
    if etag.is_empty() || etag == revision.to_string() { Ok(()) } else { Err(Error::EtagMismatch) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(paths: &[&str]) -> Option<FieldMask> {
        Some(FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() })
    }

    #[test]
    fn only_fields_that_can_be_changed_are_taken() {
        let parsed = Mask::parse(mask(&["title"]), &["title", "body"]).unwrap();
        assert!(parsed.has("title") && !parsed.has("body"));
        for bad in [None, mask(&[]), mask(&["title", "page_id"]), mask(&["*"]), mask(&["title.x"])] {
            assert!(matches!(Mask::parse(bad, &["title", "body"]), Err(Error::Invalid(_))));
        }
    }

    #[test]
    fn an_etag_is_of_one_version() {
        assert!(check_etag("", 7).is_ok());
        assert!(check_etag("7", 7).is_ok());
        assert!(matches!(check_etag("6", 7), Err(Error::EtagMismatch)));
        assert!(matches!(check_etag("07", 7), Err(Error::EtagMismatch)));
    }
}
