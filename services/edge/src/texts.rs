//! What pages say, in the reader's language. The texts are in `locales/<language>/page.ftl`.

use fluent_templates::{StaticLoader, static_loader};
use kit::texts::Catalogue;

static_loader! {
    static TEXTS = {
        locales: "./locales",
        fallback_language: "en",
        // the isolates it would set around names show as boxes in titles of windows
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// The texts of pages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pages;

impl Catalogue for Pages {
    fn loader() -> &'static StaticLoader {
        &TEXTS
    }
}

/// The texts of one language.
pub(crate) type Texts = kit::texts::Texts<Pages>;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kit::locale::Locale;

    use super::*;

    const ENGLISH: &str = include_str!("../locales/en/page.ftl");

    fn keys(source: &str) -> BTreeSet<&str> {
        source
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
            .filter_map(|line| Some(line.split_once(" = ")?.0))
            .collect()
    }

    /// The quoted words that follow each call of this function in a source.
    fn asked<'a>(source: &'a str, function: &str) -> Vec<&'a str> {
        source
            .split(function)
            .skip(1)
            .filter_map(|rest| rest.strip_prefix('"'))
            .filter_map(|rest| Some(rest.split_once('"')?.0))
            .collect()
    }

    /// The sources in a folder of this crate, and in the folders below it.
    fn sources(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else {
                found.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn every_text_that_is_asked_for_by_its_key_is_there() {
        let known = keys(ENGLISH);
        let mut found = Vec::new();
        for folder in ["templates", "src/formats", "src/view", "src/pages"] {
            sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
        }
        let mut count = 0;
        for source in &found {
            for function in [".say(", ".say_of(", ".say_count(", ".say_with("] {
                for key in asked(source, function) {
                    assert!(known.contains(key), "{key}");
                    count += 1;
                }
            }
        }
        assert!(count > 60, "{count}");
    }

    #[test]
    fn numbers_have_their_plural() {
        for (locale, one, twelve) in [
            (Locale::En, "1 component", "12 components"),
            (Locale::PtBr, "1 componente", "12 componentes"),
            (Locale::Es, "1 componente", "12 componentes"),
            (Locale::De, "1 Komponente", "12 Komponenten"),
            (Locale::Fr, "1 composant", "12 composants"),
            (Locale::Ja, "コンポーネント1件", "コンポーネント12件"),
        ] {
            let texts = Texts::of(locale);
            assert_eq!(texts.say_count("component-count", 1), one);
            assert_eq!(texts.say_count("component-count", 12), twelve);
        }
        let none = Texts::of(Locale::Fr).say_count("component-count", 0);
        assert_eq!(none, "0 composant", "the singular, as French has it");
    }
}
