//! The copy on disk: what a process that begins anew can show while nothing behind it answers.
//!
//! A file for each document, under the hash of its address. Nothing is synced: what a crash leaves half written is not
//! taken, and made anew.

use std::{
    collections::HashSet,
    fs,
    hash::{BuildHasher as _, RandomState},
    io,
    path::{Path, PathBuf},
    process,
    sync::{Arc, LazyLock},
    time::{Duration, SystemTime},
};

use http::HeaderValue;
use jiff::Timestamp;
use prost::Message;

use super::{
    content::{Content, Kind},
    snapshot::Snapshot,
};
use crate::pages::{answer::hash_of, forms::Forms, slug::Slug};

/// How long a copy is good for anything.
pub(super) const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// The folder with the ways from pages' ids to their folders.
const IDS: &str = "ids";
/// What a file's name ends with that is being written.
const HALF: &str = "half";
/// The same with what tells this process from another that has the folder too while it takes over from this one: its id,
/// and a number, for in containers all may have the same id.
static OWN_HALF: LazyLock<String> =
    LazyLock::new(|| format!("{}-{:x}.{HALF}", process::id(), RandomState::new().hash_one(())));
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

/// What leads from a page's id to its copies.
#[derive(Clone, PartialEq, Message)]
struct WayFile {
    #[prost(string, tag = "1")]
    slug: String,
    /// Microseconds since 1970.
    #[prost(int64, tag = "2")]
    asked_at: i64,
}

/// The way from a page's id to its copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) slug: Slug,
    /// When anything of the page was last asked for, to a few minutes.
    pub(super) asked_at: Timestamp,
}

/// A document as the disk has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) version: i64,
    pub(super) as_of: Timestamp,
    pub(super) notice: String,
    pub(super) content: Content,
}

/// The folder of copies, one in it for each page. All its work waits for the disk.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: PathBuf,
    max_bytes: u64,
}

impl Folder {
    /// This folder, made if there is none, with so many bytes of copies at most.
    pub(super) fn open(path: &Path, max_bytes: u64) -> io::Result<Self> {
        fs::create_dir_all(path.join(IDS))?;
        Ok(Self { path: path.to_owned(), max_bytes })
    }

    /// How many bytes of copies there may be.
    pub(super) fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    fn page(&self, slug: &Slug) -> PathBuf {
        let name = hash_of(slug.to_string().as_bytes());
        self.path.join(&name[..2]).join(&name[2..])
    }

    /// Where the way from a page's id to its copies is.
    fn way_file(&self, page_id: &str) -> PathBuf {
        self.path.join(IDS).join(hash_of(page_id.as_bytes()))
    }

    /// The copy of a document, if there is one that can be read.
    pub(super) fn read(&self, slug: &Slug, address: &str) -> Option<Read> {
        let copy = match Copy::open(&self.page(slug).join(hash_of(address.as_bytes()))) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            copy => copy,
        };
        let read = copy.and_then(|copy| copy.read(address));
        read.inspect_err(|error| tracing::warn!(%error, address, "the copy of a page cannot be read")).ok()
    }

    /// Writes the copy of a document, in the place of an older one; answers how long it is.
    pub(super) fn write(&self, address: &str, snapshot: &Snapshot) -> io::Result<u64> {
        let bytes = Copy::of(address, snapshot).encode_to_vec();
        let folder = self.page(&snapshot.page.slug);
        if !folder.exists() {
            fs::create_dir_all(&folder)?;
        }
        let file = folder.join(hash_of(address.as_bytes()));
        put(&file, &bytes)?;
        Ok(bytes.len() as u64)
    }

    /// The way from a page's id to its copies, if anything of it was copied.
    pub(super) fn way(&self, page_id: &str) -> Option<Way> {
        Way::open(&self.way_file(page_id)).ok()
    }

    /// Writes the way from a page's id to its copies.
    pub(super) fn note(&self, page_id: &str, way: &Way) -> io::Result<()> {
        let file = WayFile { slug: way.slug.to_string(), asked_at: way.asked_at.as_microsecond() };
        put(&self.way_file(page_id), &file.encode_to_vec())
    }

    /// Forgets a document.
    pub(super) fn remove(&self, slug: &Slug, address: &str) -> io::Result<()> {
        removed(fs::remove_file(self.page(slug).join(hash_of(address.as_bytes()))))
    }

    /// Forgets what a page's documents were before this version, but for those at these addresses.
    pub(super) fn forget(&self, slug: &Slug, before: i64, but: &[Arc<str>]) -> io::Result<()> {
        let files = match entries(&self.page(slug)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            files => files?,
        };
        let but: HashSet<_> = but.iter().map(|address| hash_of(address.as_bytes())).collect();
        let is_kept = |file: &Path| {
            file.file_name().and_then(|name| name.to_str()).is_some_and(|name| but.contains(name))
        };
        for file in files.into_iter().filter(|file| !is_kept(file) && !is_half(file)) {
            // what cannot be read cannot be shown either
            if Copy::open(&file).map_or(true, |copy| copy.version < before) {
                removed(fs::remove_file(file))?;
            }
        }
        Ok(())
    }

    /// Removes the copies that are too old, and the oldest of those that are too many.
    pub(super) fn tidy(&self, now: SystemTime) -> io::Result<()> {
        let mut files = Vec::new();
        for file in entries(&self.path)?.iter().flat_map(|some| entries(some)).flatten() {
            for file in entries(&file).unwrap_or_default() {
                if let Ok(told) = fs::metadata(&file) {
                    files.push((told.modified()?, told.len(), file));
                }
            }
        }
        files.sort();
        let mut left: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        for (modified, bytes, file) in files {
            let is_old = now.duration_since(modified).is_ok_and(|age| age > KEPT);
            if !is_old && left <= self.max_bytes {
                break;
            }
            removed(fs::remove_file(file))?;
            left -= bytes;
        }
        for folder in entries(&self.path)?.iter().flat_map(|some| entries(some)).flatten() {
            // where anything is left this does nothing
            let _left = fs::remove_dir(folder);
        }
        for file in entries(&self.path.join(IDS))? {
            let is_gone = if is_half(&file) {
                // what a crash left, and not what another process is at
                let modified = fs::metadata(&file).and_then(|told| told.modified());
                modified.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > KEPT))
            } else {
                Way::open(&file).map_or(true, |way| !self.page(&way.slug).exists())
            };
            if is_gone {
                removed(fs::remove_file(file))?;
            }
        }
        Ok(())
    }
}

/// Whether a file is being written, by this process or another.
fn is_half(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == HALF)
}

/// What is in a folder, but for the ways from ids.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let all = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let all = all.collect::<io::Result<Vec<_>>>()?;
    Ok(all.into_iter().filter(|path| !path.ends_with(IDS)).collect())
}

/// Puts a file in the place of another at once.
fn put(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let half = file.with_extension(&*OWN_HALF);
    fs::write(&half, bytes)?;
    fs::rename(half, file)
}

/// That there was nothing to remove is no fault.
fn removed(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

impl Way {
    fn open(file: &Path) -> io::Result<Self> {
        let WayFile { slug, asked_at } =
            WayFile::decode(bytes::Bytes::from(fs::read(file)?)).map_err(io::Error::other)?;
        Ok(Self {
            slug: Slug::try_from(slug).map_err(io::Error::other)?,
            asked_at: Timestamp::from_microsecond(asked_at).map_err(io::Error::other)?,
        })
    }
}

impl Copy {
    fn open(file: &Path) -> io::Result<Self> {
        Self::decode(bytes::Bytes::from(fs::read(file)?)).map_err(io::Error::other)
    }

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
        if !content.is_whole() {
            return Err(io::Error::other("it is not what was written"));
        }
        let as_of = Timestamp::from_microsecond(self.as_of).map_err(io::Error::other)?;
        Ok(Read { version: self.version, as_of, notice: self.notice, content })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_a_page_goes_with_the_last_of_its_copies() {
        let path = tempfile::tempdir().unwrap();
        let folder = Folder::open(path.path(), 1024).unwrap();
        let way = |slug: &str| Way {
            slug: Slug::try_from(slug.to_owned()).unwrap(),
            asked_at: Timestamp::from_second(1_800_000_000).unwrap(),
        };
        for slug in ["here", "gone"] {
            folder.note(slug, &way(slug)).unwrap();
            assert_eq!(folder.way(slug), Some(way(slug)));
        }
        let here = folder.page(&way("here").slug);
        let copy = here.join("copy");
        fs::create_dir_all(&here).unwrap();
        fs::write(&copy, "a copy").unwrap();
        let written = fs::metadata(&copy).unwrap().modified().unwrap();
        folder.tidy(written).unwrap();
        assert_eq!((folder.way("here"), folder.way("gone")), (Some(way("here")), None));
        folder.tidy(written + KEPT + Duration::from_secs(1)).unwrap();
        assert!(folder.way("here").is_none() && !here.exists());
    }

    #[test]
    fn what_another_process_is_writing_is_left_to_it() {
        let path = tempfile::tempdir().unwrap();
        let folder = Folder::open(path.path(), 1024).unwrap();
        let slug = Slug::try_from("demo".to_owned()).unwrap();
        let page = folder.page(&slug);
        fs::create_dir_all(&page).unwrap();
        let ours = page.join("copy").with_extension(&*OWN_HALF);
        assert!(ours.to_str().unwrap().contains(&format!("copy.{}-", process::id())), "{ours:?}");
        let halves = [page.join("copy.1-a.half"), path.path().join(IDS).join("page.1-a.half")];
        for half in &halves {
            assert!(is_half(half) && is_half(&ours));
            fs::write(half, "ha").unwrap();
        }
        fs::write(page.join("copy"), "not a copy").unwrap();
        folder.forget(&slug, i64::MAX, &[]).unwrap();
        assert!(!page.join("copy").exists());
        let written = fs::metadata(&halves[0]).unwrap().modified().unwrap();
        folder.tidy(written).unwrap();
        assert!(halves.iter().all(|half| half.exists()));
        folder.tidy(written + KEPT + Duration::from_secs(1)).unwrap();
        assert!(halves.iter().all(|half| !half.exists()));
    }
}
