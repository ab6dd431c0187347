//! Rooms: files that one person can hold in mind, finished before they are shown, each crate with its description.

use std::path::Path;

use crate::tree::{files, packages, text};

/// Longer files are two rooms.
const MOST_LINES: usize = 400;
/// Put together here, so that this file does not hold them.
const UNFINISHED: [&str; 4] =
    [concat!("to", "do!"), concat!("unimpl", "emented!"), concat!("FIX", "ME"), concat!("TO", "DO")];

fn is_source(file: &Path) -> bool {
    file.extension()
        .is_some_and(|extension| ["rs", "proto", "sql", "ts"].iter().any(|known| extension == *known))
}

#[test]
fn no_source_file_is_longer_than_400_lines() {
    let long: Vec<_> = files()
        .into_iter()
        .filter(|file| is_source(file))
        .filter_map(|file| {
            let lines = text(&file)?.lines().count();
            (lines > MOST_LINES).then(|| format!("{} ({lines})", file.display()))
        })
        .collect();
    assert!(long.is_empty(), "split these by what they are about: {}", long.join(", "));
}

#[test]
fn nothing_in_the_tree_says_that_it_is_unfinished() {
    let mut found = Vec::new();
    for file in files() {
        for (index, line) in text(&file).unwrap_or_default().lines().enumerate() {
            if UNFINISHED.iter().any(|word| line.contains(word)) {
                found.push(format!("{}:{}", file.display(), index + 1));
            }
        }
    }
    assert!(found.is_empty(), "finish or remove what is at {}", found.join(", "));
}

#[test]
fn every_crate_has_a_readme() {
    let without: Vec<_> = packages()
        .into_iter()
        .filter(|package| !package.manifest_path.with_file_name("README.md").is_file())
        .map(|package| package.name)
        .collect();
    assert!(without.is_empty(), "tell in a README.md what these own and promise: {without:?}");
}
