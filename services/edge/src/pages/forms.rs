//! The bytes of a document in the encodings that readers ask for, made once.

use std::io::{Read as _, Write as _};

use axum::body::Bytes;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, VARY},
};

/// What is shorter is not worth compressing: it fits into one packet beside its headers.
const WORTH_PACKING: usize = 860;
/// What is no longer is kept as it is too: it is what programs mostly ask for, and told to many at once.
const SHORT: usize = 8 * 1024;
/// Of brotli: 5 is where a page is smaller than with gzip and takes no longer; 11 would take fifty times that.
const BROTLI_QUALITY: i32 = 5;
/// 4 MiB, the largest window that every reader takes (RFC 7932, section 9.1, allows 16 MiB).
const BROTLI_WINDOW: i32 = 22;
const BY_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");

/// The same bytes in each encoding. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Forms {
    /// Too short to be packed.
    Plain(Bytes),
    /// What few ask for is unpacked for them, unless it is short: it would be the most of the memory.
    Packed { gzip: Bytes, brotli: Bytes, plain: Option<Bytes> },
}

/// How a body is encoded (RFC 9110, section 8.4.1; RFC 7932).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Gzip,
    Brotli,
}

impl Forms {
    /// Packs bytes, which takes a processor for about a millisecond for each 30 KiB.
    pub(super) fn new(plain: Vec<u8>) -> Self {
        if plain.len() < WORTH_PACKING {
            return Self::Plain(plain.into());
        }
        match (gzip(&plain), brotli(&plain)) {
            (Ok(gzip), Ok(brotli)) => {
                let short = (plain.len() <= SHORT).then(|| plain.into());
                Self::Packed { gzip: gzip.into(), brotli: brotli.into(), plain: short }
            }
            // a `Vec` takes every write
            (Err(_), _) | (_, Err(_)) => Self::Plain(plain.into()),
        }
    }

    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Plain(plain) => plain.len(),
            Self::Packed { gzip, brotli, plain } => {
                gzip.len() + brotli.len() + plain.as_ref().map_or(0, Bytes::len)
            }
        }
    }

    /// Whether they are there as they were before they were packed.
    pub(super) fn has_plain(&self) -> bool {
        matches!(self, Self::Plain(_) | Self::Packed { plain: Some(_), .. })
    }

    /// The bytes as they were before they were packed.
    pub(super) fn plain(&self) -> Bytes {
        match self {
            Self::Plain(plain) | Self::Packed { plain: Some(plain), .. } => plain.clone(),
            // they were packed here, or looked at when they were read from the disk
            Self::Packed { gzip, .. } => gunzipped(gzip).unwrap_or_default(),
        }
    }

    /// The same, if every form unpacks to it.
    pub(super) fn unpacked(&self) -> Option<Bytes> {
        match self {
            Self::Plain(plain) => Some(plain.clone()),
            Self::Packed { gzip, brotli, plain } => {
                let unpacked = gunzipped(gzip).ok()?;
                let mut other = Vec::new();
                brotli::BrotliDecompress(&mut brotli.as_ref(), &mut other).ok()?;
                let is_same = other == unpacked && plain.as_ref().is_none_or(|plain| *plain == unpacked);
                is_same.then_some(unpacked)
            }
        }
    }

    /// How the body is for a reader who takes these encodings, as `accept-encoding` lists them.
    pub(super) fn encoding<'a>(&self, lists: impl Iterator<Item = &'a str>) -> Encoding {
        match self {
            Self::Plain(_) => Encoding::Identity,
            Self::Packed { .. } => accepted(lists),
        }
    }

    /// The body in this encoding.
    pub(super) fn body(&self, encoding: Encoding) -> Bytes {
        match (self, encoding) {
            (Self::Packed { brotli, .. }, Encoding::Brotli) => brotli.clone(),
            (Self::Packed { gzip, .. }, Encoding::Gzip) => gzip.clone(),
            (Self::Packed { .. } | Self::Plain(_), _) => self.plain(),
        }
    }
}

/// What a reader says of encodings.
pub(super) fn lists(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers.get_all(ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok())
}

impl Encoding {
    /// Says so in the headers of an answer.
    pub(super) fn describe(self, headers: &mut HeaderMap) {
        let name = match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        };
        if let Some(name) = name {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        vary(headers);
    }
}

/// Says that another reader may get another encoding.
pub(super) fn vary(headers: &mut HeaderMap) {
    headers.insert(VARY, BY_ENCODING);
}

/// Whether an answer's encoding was chosen here.
pub(super) fn is_chosen(headers: &HeaderMap) -> bool {
    headers.get(VARY) == Some(&BY_ENCODING)
}

fn gunzipped(gzip: &[u8]) -> std::io::Result<Bytes> {
    let mut plain = Vec::new();
    GzDecoder::new(gzip).read_to_end(&mut plain)?;
    Ok(plain.into())
}

fn gzip(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::default());
    packer.write_all(plain)?;
    packer.finish()
}

fn brotli(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packed = Vec::with_capacity(plain.len() / 4);
    let settings = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: BROTLI_WINDOW,
        size_hint: plain.len(),
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &plain[..], &mut packed, &settings)?;
    Ok(packed)
}

/// The best of our encodings that a reader takes (RFC 9110, section 12.5.3): what is not named is not taken, as clients
/// that do not know brotli say nothing of it.
fn accepted<'a>(lists: impl Iterator<Item = &'a str>) -> Encoding {
    let mut best = Encoding::Identity;
    for range in lists.flat_map(|list| list.split(',')) {
        let (name, weight) = range.split_once(';').unwrap_or((range, ""));
        let (name, weight) = (name.trim(), weight.trim());
        let is_refused = weight.strip_prefix("q=").is_some_and(|q| q.trim().parse() == Ok(0.0_f32));
        if is_refused {
            continue;
        }
        if name.eq_ignore_ascii_case("br") {
            return Encoding::Brotli;
        }
        if name.eq_ignore_ascii_case("gzip") || name == "*" {
            best = Encoding::Gzip;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(list: &'static str) -> impl Iterator<Item = &'static str> {
        std::iter::once(list)
    }

    #[test]
    fn the_best_encoding_that_a_reader_takes_is_chosen() {
        for (list, encoding) in [
            ("gzip, deflate, br, zstd", Encoding::Brotli),
            ("gzip", Encoding::Gzip),
            ("x, GZIP;q=0.5", Encoding::Gzip),
            ("br;q=0, gzip", Encoding::Gzip),
            ("br; q=0.0,gzip;q=0", Encoding::Identity),
            ("*", Encoding::Gzip),
            ("identity", Encoding::Identity),
            ("brotli", Encoding::Identity),
            ("", Encoding::Identity),
        ] {
            assert_eq!(accepted(asking(list)), encoding, "{list}");
        }
        assert_eq!(accepted(lists(&HeaderMap::new())), Encoding::Identity);
    }

    #[test]
    fn every_form_unpacks_to_the_same_bytes() {
        let plain = "A page. ".repeat(4000).into_bytes();
        let forms = Forms::new(plain.clone());
        assert_eq!(forms.plain(), plain);
        assert!(forms.bytes() < plain.len() / 10);
        assert_eq!(forms.encoding(asking("br")), Encoding::Brotli);
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut forms.body(Encoding::Brotli).as_ref(), &mut unpacked).unwrap();
        assert_eq!(unpacked, plain);
        assert_eq!(forms.body(Encoding::Identity), plain);
    }

    #[test]
    fn what_fits_into_a_packet_is_not_packed() {
        for (bytes, is_packed) in [(WORTH_PACKING - 1, false), (WORTH_PACKING, true)] {
            let forms = Forms::new(vec![b'a'; bytes]);
            assert_eq!(matches!(forms, Forms::Packed { .. }), is_packed, "{bytes}");
            assert_eq!(forms.encoding(asking("br")) == Encoding::Brotli, is_packed, "{bytes}");
        }
    }
}
