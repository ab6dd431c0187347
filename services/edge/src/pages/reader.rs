//! Who reads: the language that a browser asks for, and what it has already.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, Path},
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT_LANGUAGE, IF_NONE_MATCH},
    request::Parts,
};
use kit::locale::Locale;
use serde::de::DeserializeOwned;

use super::{answer::Refused, document::Document, formats::is_for_program, slug::Slug, snapshots::Snapshots};
use crate::{peers::Fault, texts::Texts};

/// How whoever asks is told that there is nothing to show.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    locale: Option<Locale>,
    is_for_program: bool,
}

impl Manner {
    fn of(parts: &Parts) -> Self {
        let is_for_program = is_for_program(parts.uri.path());
        Self { locale: preferred(&parts.headers), is_for_program }
    }

    fn texts(self) -> Texts {
        Texts::of(self.locale.unwrap_or(Locale::En))
    }

    pub(super) fn refuse(self, fault: Fault) -> Refused {
        Refused { fault, texts: self.texts(), is_for_program: self.is_for_program }
    }
}

impl<S: Sync> FromRequestParts<S> for Manner {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

/// What a browser says of its reader.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    /// The language that the browser likes best of those that we speak, if it likes any.
    pub(super) locale: Option<Locale>,
    /// The texts for pages that belong to nobody: those have the browser's language.
    pub(super) texts: Texts,
    /// All that it says.
    pub(super) headers: HeaderMap,
    manner: Manner,
}

impl Reader {
    /// The versions of the page that the browser has.
    pub(super) fn has(&self) -> Option<&HeaderValue> {
        self.headers.get(IF_NONE_MATCH)
    }

    pub(super) fn refuse(&self, fault: Fault) -> Refused {
        self.manner.refuse(fault)
    }

    /// Shows this reader a document of a page.
    pub(super) async fn show(
        &self,
        snapshots: &Snapshots,
        slug: &Slug,
        document: &Document,
    ) -> Result<Response, Refused> {
        snapshots.show(slug, document, &self.headers).await.map_err(|fault| self.refuse(fault))
    }
}

impl<S: Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let manner = Manner::of(parts);
        Ok(Self { locale: manner.locale, texts: manner.texts(), headers: parts.headers.clone(), manner })
    }
}

/// Segments of the path. Those that are not UTF-8 name nothing.
pub(super) struct Segments<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Sync + Send> FromRequestParts<S> for Segments<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(segments)) => Ok(Self(segments)),
            Err(_) => Err(Manner::of(parts).refuse(Fault::NotFound).into_response()),
        }
    }
}

/// The language that we speak and the browser likes best (RFC 9110, section 12.5.4).
fn preferred(headers: &HeaderMap) -> Option<Locale> {
    let mut best = (0.0, None);
    let ranges = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
    for range in ranges.flat_map(|list| list.split(',')) {
        let (tag, weight) = range.split_once(';').unwrap_or((range, ""));
        let weight = match weight.trim().strip_prefix("q=") {
            Some(weight) => weight.trim().parse().unwrap_or(0.0),
            None => 1.0,
        };
        if let Some(locale) = Locale::parse(tag.trim())
            && weight > best.0
        {
            best = (weight, Some(locale));
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_liked_language_that_we_speak_is_chosen() {
        for (asked, locale) in [
            ("", None),
            ("it", None),
            ("de-AT,de;q=0.9,en;q=0.8", Some(Locale::De)),
            ("pt-PT,pt;q=0.9,en;q=0.8", Some(Locale::PtBr)),
            ("en;q=0.5, pt-BR", Some(Locale::PtBr)),
            ("it, en-GB;q=0.9, pt;q=0.8", Some(Locale::En)),
            ("pt;q=0, en;q=0.1", Some(Locale::En)),
            ("pt;q=banana", None),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, asked.parse().unwrap())]);
            assert_eq!(preferred(&headers), locale, "{asked}");
        }
        assert_eq!(preferred(&HeaderMap::new()), None);
    }
}
