//! What pages say, in the reader's language. The texts are in `locales/<language>/page.ftl`.

use std::{borrow::Cow, collections::HashMap};

use fluent_templates::{LanguageIdentifier, Loader as _, fluent_bundle::FluentValue, langid, static_loader};
use kit::locale::Locale;

static_loader! {
    static LOCALES = {
        locales: "./locales",
        fallback_language: "en",
        // the isolates it would set around names show as boxes in titles of windows
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

static EN: LanguageIdentifier = langid!("en");
static PT_BR: LanguageIdentifier = langid!("pt-BR");

/// The texts of one language.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Texts(Locale);

impl Texts {
    pub(crate) const fn of(locale: Locale) -> Self {
        Self(locale)
    }

    /// The language as a BCP 47 tag.
    pub(crate) const fn tag(self) -> &'static str {
        self.0.tag()
    }

    /// A text as it stands.
    pub(crate) fn say(self, key: &str) -> String {
        LOCALES.lookup(self.language(), key)
    }

    /// A text that names something: a page, a place, a time zone.
    pub(crate) fn say_of(self, key: &str, name: &str) -> String {
        self.say_with(key, [("name", name.into())])
    }

    /// A text that depends on a number of things.
    pub(crate) fn say_count(self, key: &str, count: usize) -> String {
        self.say_with(key, [("count", count.into())])
    }

    /// A text that depends on several things.
    pub(crate) fn say_with<const N: usize>(
        self,
        key: &str,
        values: [(&'static str, FluentValue<'_>); N],
    ) -> String {
        let values = HashMap::from(values.map(|(name, value)| (Cow::Borrowed(name), value)));
        LOCALES.lookup_with_args(self.language(), key, &values)
    }

    fn language(self) -> &'static LanguageIdentifier {
        match self.0 {
            Locale::En => &EN,
            Locale::PtBr => &PT_BR,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const SOURCES: [&str; 2] =
        [include_str!("../locales/en/page.ftl"), include_str!("../locales/pt-BR/page.ftl")];

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

    #[test]
    fn every_language_says_the_same_things() {
        assert!(keys(SOURCES[0]).len() > 40);
        assert_eq!(keys(SOURCES[0]), keys(SOURCES[1]));
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
        let known = keys(SOURCES[0]);
        let mut found = Vec::new();
        for folder in ["templates", "src/view", "src/pages"] {
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
        let (en, pt_br) = (Texts::of(Locale::En), Texts::of(Locale::PtBr));
        assert_eq!(en.say_count("component-count", 1), "1 component");
        assert_eq!(en.say_count("component-count", 12), "12 components");
        assert_eq!(pt_br.say_count("component-count", 1), "1 componente");
        assert_eq!(pt_br.say_count("component-count", 12), "12 componentes");
    }
}
