//! What can be asked of a page: each document by its address, which is all that it is kept by.

use std::{fmt::Write as _, sync::Arc};

use kit::code::Code;
use serde::Deserialize;

use super::{
    formats::{Format, Place},
    slug::Slug,
};

/// A document of a page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Document {
    /// Its front.
    Front,
    /// A lot of its history: the one behind this token, or the newest.
    History { page_token: String },
    /// An incident, by its id.
    Incident(String),
    /// A maintenance, by its id.
    Maintenance(String),
    /// The uptime of the months before this one, or of the newest.
    Uptime { before: Option<String> },
    /// The page for programs.
    Format(Format, Place),
    /// A story for programs, by its code.
    Story(Code),
    /// The colours of its company, as a style sheet.
    Brand,
    /// A picture that stands for one of them.
    Preview(Subject),
}

/// What a picture is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    /// The page as it is.
    Page,
    /// An incident, by its id.
    Incident(String),
    /// A maintenance, by its id.
    Maintenance(String),
}

impl Document {
    /// The address below the edge's, which only this document of this page has.
    pub(super) fn address(&self, slug: &Slug) -> Arc<str> {
        let mut address = format!("/p/{slug}");
        let written = match self {
            Self::Front => Ok(()),
            Self::History { page_token } if page_token.is_empty() => write!(address, "/history"),
            Self::History { page_token } => write!(address, "/history?page_token={page_token}"),
            Self::Incident(id) => write!(address, "/incidents/{id}"),
            Self::Maintenance(id) => write!(address, "/maintenances/{id}"),
            Self::Uptime { before: None } => write!(address, "/uptime"),
            Self::Uptime { before: Some(before) } => write!(address, "/uptime?before={before}"),
            Self::Format(format, place) => write!(address, "{}{place}", format.path()),
            Self::Story(code) => write!(address, "/incidents/{code}.json"),
            Self::Preview(Subject::Page) => write!(address, "/preview.png"),
            Self::Preview(Subject::Incident(id)) => write!(address, "/incidents/{id}/preview.png"),
            Self::Preview(Subject::Maintenance(id)) => write!(address, "/maintenances/{id}/preview.png"),
            Self::Brand => write!(address, "/brand.css"),
        };
        // a `String` takes every write
        debug_assert!(written.is_ok(), "{address}");
        address.into()
    }

    /// Whether it tells a single story, of which a page has any number.
    pub(super) fn is_story(&self) -> bool {
        match self {
            Self::Incident(_) | Self::Maintenance(_) | Self::Story(_) | Self::Preview(_) => true,
            Self::Front | Self::History { .. } | Self::Uptime { .. } | Self::Format(..) | Self::Brand => {
                false
            }
        }
    }

    /// Whether it is the beginning of something. A further lot or the months of another year are apart from those, in
    /// memory alone: whoever makes places up drives nothing else out.
    pub(super) fn is_beginning(&self) -> bool {
        match self {
            Self::Front
            | Self::Incident(_)
            | Self::Maintenance(_)
            | Self::Story(_)
            | Self::Brand
            | Self::Preview(_) => true,
            Self::History { page_token } => page_token.is_empty(),
            Self::Uptime { before } => before.is_none(),
            Self::Format(_, place) => *place == Place::default(),
        }
    }
}

/// The id of a story as addresses have it. Anything else is the id of nothing, and could be taken for the address of
/// something else.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct StoryId(pub(super) String);

impl TryFrom<String> for StoryId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if text.bytes().all(is_good) { Ok(Self(text)) } else { Err("not the id of a story") }
    }
}
