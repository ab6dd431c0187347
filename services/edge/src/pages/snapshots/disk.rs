//! The copy on disk: what a process that begins anew can show while nothing behind it answers.
//!
//! A file for each document, under the hash of its address. Nothing is synced: what a crash leaves half written is not
//! taken, and made anew.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use aws_lc_rs::digest::{SHA256, digest};
use http::HeaderValue;
use jiff::Timestamp;
use prost::Message;

use super::snapshot::{Content, Kind, Snapshot};
use crate::pages::{answer::hex, forms::Forms};

/// How long a copy is good for anything.
pub(super) const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// The way in which files are written; others are not read.
const FORMAT: u32 = 1;

/// What a file holds.
#[derive(Clone, PartialEq, Message)]
struct Copy {
    #[prost(uint32, tag = "1")]
    format: u32,
    #[prost(string, tag = "2")]
    address: String,
    #[prost(int64, tag = "3")]
    version: i64,
    /// Microseconds since 1970.
    #[prost(int64, tag = "4")]
    as_of: i64,
    #[prost(string, tag = "5")]
    content_type: String,
    #[prost(string, tag = "6")]
    language: String,
    #[prost(string, tag = "7")]
    tag: String,
    #[prost(string, tag = "8")]
    notice: String,
    #[prost(bytes = "bytes", tag = "9")]
    plain: bytes::Bytes,
    #[prost(bytes = "bytes", tag = "10")]
    gzip: bytes::Bytes,
    #[prost(bytes = "bytes", tag = "11")]
    brotli: bytes::Bytes,
}

/// A document as the disk has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) version: i64,
    pub(super) as_of: Timestamp,
    pub(super) notice: String,
    pub(super) content: Content,
}

/// The folder of copies. All its work waits for the disk.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: PathBuf,
    max_bytes: u64,
}

impl Folder {
    /// This folder, made if there is none, with so many bytes of copies at most.
    pub(super) fn open(path: &Path, max_bytes: u64) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self { path: path.to_owned(), max_bytes })
    }

    fn file(&self, address: &str) -> PathBuf {
        let name = hex(&digest(&SHA256, address.as_bytes()).as_ref()[..16]);
        self.path.join(&name[..2]).join(&name[2..])
    }

    /// The copy of a document, if there is one that can be read.
    pub(super) fn read(&self, address: &str) -> Option<Read> {
        let copy = match fs::read(self.file(address)) {
            Ok(bytes) => Copy::decode(bytes::Bytes::from(bytes)).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => Err(error),
        };
        let read = copy.and_then(|copy| copy.read(address));
        read.inspect_err(|error| tracing::warn!(%error, address, "the copy of a page cannot be read")).ok()
    }

    /// Writes the copy of a document, in the place of an older one.
    pub(super) fn write(&self, address: &str, snapshot: &Snapshot) -> io::Result<()> {
        let copy = Copy::of(address, snapshot);
        let file = self.file(address);
        let folder = file.parent().unwrap_or(&self.path);
        fs::create_dir_all(folder)?;
        let half = file.with_extension("half");
        fs::write(&half, copy.encode_to_vec())?;
        fs::rename(half, file)
    }

    /// Forgets a document.
    pub(super) fn remove(&self, address: &str) {
        match fs::remove_file(self.file(address)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(%error, address, "the copy of a page cannot be removed"),
        }
    }

    /// Removes the copies that are too old, and the oldest of those that are too many.
    pub(super) fn tidy(&self, now: SystemTime) -> io::Result<()> {
        let mut files = Vec::new();
        for folder in fs::read_dir(&self.path)? {
            let folder = folder?;
            if !folder.file_type()?.is_dir() {
                continue;
            }
            for file in fs::read_dir(folder.path())? {
                let file = file?;
                let told = file.metadata()?;
                files.push((told.modified()?, told.len(), file.path()));
            }
        }
        files.sort();
        let mut left: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        for (modified, bytes, file) in files {
            let is_old = now.duration_since(modified).is_ok_and(|age| age > KEPT);
            if !is_old && left <= self.max_bytes {
                break;
            }
            fs::remove_file(file)?;
            left -= bytes;
        }
        Ok(())
    }
}

impl Copy {
    fn of(address: &str, snapshot: &Snapshot) -> Self {
        let (content_type, language) = snapshot.content.kind.clone().into();
        let (plain, gzip, brotli) = match snapshot.content.forms.clone() {
            Forms::Plain(plain) => (plain, bytes::Bytes::new(), bytes::Bytes::new()),
            Forms::Packed { gzip, brotli, plain } => (plain.unwrap_or_default(), gzip, brotli),
        };
        Self {
            format: FORMAT,
            address: address.to_owned(),
            version: snapshot.version,
            as_of: snapshot.as_of.as_microsecond(),
            content_type,
            language,
            tag: snapshot.content.tag.to_str().unwrap_or_default().to_owned(),
            notice: snapshot.notice.clone(),
            plain,
            gzip,
            brotli,
        }
    }

    fn read(self, address: &str) -> io::Result<Read> {
        if self.format != FORMAT || self.address != address {
            return Err(io::Error::other("it is of another format or document"));
        }
        let forms = if self.gzip.is_empty() {
            Forms::Plain(self.plain)
        } else {
            let plain = Some(self.plain).filter(|plain| !plain.is_empty());
            Forms::Packed { gzip: self.gzip, brotli: self.brotli, plain }
        };
        let content = Content {
            kind: Kind::try_from((self.content_type, self.language))?,
            forms,
            tag: HeaderValue::try_from(self.tag).map_err(io::Error::other)?,
        };
        let as_of = Timestamp::from_microsecond(self.as_of).map_err(io::Error::other)?;
        Ok(Read { version: self.version, as_of, notice: self.notice, content })
    }
}
