//! What a service says to readers, in their language: texts in the format of Project Fluent.
//!
//! A service keeps a file in `locales/<language>/` for each of [`Locale::ALL`], and names them once:
//!
//! ```ignore
//! fluent_templates::static_loader! {
//!     static TEXTS = { locales: "./locales", fallback_language: "en" };
//! }
//!
//! #[derive(Debug, Clone, Copy)]
//! pub(crate) struct Pages;
//!
//! impl kit::texts::Catalogue for Pages {
//!     fn loader() -> &'static StaticLoader {
//!         &TEXTS
//!     }
//! }
//!
//! pub(crate) type Texts = kit::texts::Texts<Pages>;
//! ```

use std::{borrow::Cow, collections::HashMap, marker::PhantomData};

use fluent_templates::{LanguageIdentifier, Loader as _, StaticLoader, fluent_bundle::FluentValue, langid};

use crate::locale::Locale;

static EN: LanguageIdentifier = langid!("en");
static PT_BR: LanguageIdentifier = langid!("pt-BR");
static ES: LanguageIdentifier = langid!("es");
static DE: LanguageIdentifier = langid!("de");
static FR: LanguageIdentifier = langid!("fr");
static JA: LanguageIdentifier = langid!("ja");

/// The texts of one service, in all languages.
pub trait Catalogue {
    /// Where they were compiled in.
    fn loader() -> &'static StaticLoader;
}

/// The texts of one language.
#[derive(Debug, Clone, Copy)]
pub struct Texts<C> {
    locale: Locale,
    catalogue: PhantomData<C>,
}

impl<C: Catalogue> Texts<C> {
    /// Those of this language.
    #[must_use]
    pub const fn of(locale: Locale) -> Self {
        Self { locale, catalogue: PhantomData }
    }

    /// The language.
    #[must_use]
    pub const fn locale(self) -> Locale {
        self.locale
    }

    /// The language as a BCP 47 tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        self.locale.tag()
    }

    /// A text as it stands.
    #[must_use]
    pub fn say(self, key: &str) -> String {
        C::loader().lookup(self.language(), key)
    }

    /// A text with one name in it: of a page, a place, a time zone; `$name` in the text.
    #[must_use]
    pub fn say_of(self, key: &str, name: &str) -> String {
        self.say_with(key, [("name", name.into())])
    }

    /// A text that depends on a number of things; `$count` in the text.
    #[must_use]
    pub fn say_count(self, key: &str, count: usize) -> String {
        self.say_with(key, [("count", count.into())])
    }

    /// A text that depends on several things.
    #[must_use]
    pub fn say_with<const N: usize>(self, key: &str, values: [(&'static str, FluentValue<'_>); N]) -> String {
        let values = HashMap::from(values.map(|(name, value)| (Cow::Borrowed(name), value)));
        C::loader().lookup_with_args(self.language(), key, &values)
    }

    fn language(self) -> &'static LanguageIdentifier {
        match self.locale {
            Locale::En => &EN,
            Locale::PtBr => &PT_BR,
            Locale::Es => &ES,
            Locale::De => &DE,
            Locale::Fr => &FR,
            Locale::Ja => &JA,
        }
    }
}
