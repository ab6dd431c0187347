//! What mails say, in the reader's language. The texts are in `locales/<language>/mail.ftl`.

use std::borrow::Cow;
use std::collections::HashMap;

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader as _, langid, static_loader};
use kit::locale::Locale;

static_loader! {
    static LOCALES = {
        locales: "./locales",
        fallback_language: "en",
        // the isolates it would set around names are what `clean` takes away
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

static EN: LanguageIdentifier = langid!("en");
static PT_BR: LanguageIdentifier = langid!("pt-BR");

/// The texts of one language.
#[derive(Clone, Copy)]
pub(super) struct Texts(Locale);

impl Texts {
    pub(super) const fn of(locale: Locale) -> Self {
        Self(locale)
    }

    /// A text as it stands.
    pub(super) fn say(self, key: &str) -> String {
        LOCALES.lookup(self.language(), key)
    }

    /// A text that names the page.
    pub(super) fn say_of_page(self, key: &str, page: &str) -> String {
        self.say_with(key, [("page", page.into())])
    }

    /// A text that names things, or depends on a number of them.
    pub(super) fn say_with<const N: usize>(
        self,
        key: &str,
        named: [(&'static str, FluentValue<'_>); N],
    ) -> String {
        let named = HashMap::from(named.map(|(name, value)| (Cow::Borrowed(name), value)));
        LOCALES.lookup_with_args(self.language(), key, &named)
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
    use super::*;

    fn keys(source: &str) -> Vec<&str> {
        source
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
            .filter_map(|line| Some(line.split_once(" = ")?.0))
            .collect()
    }

    #[test]
    fn every_language_says_the_same_things() {
        let en = keys(include_str!("../../locales/en/mail.ftl"));
        let pt_br = keys(include_str!("../../locales/pt-BR/mail.ftl"));
        assert!(en.len() > 15);
        assert_eq!(en, pt_br);
    }

    #[test]
    fn numbers_have_their_plural() {
        let more =
            |locale, count: usize| Texts::of(locale).say_with("more-components", [("count", count.into())]);
        assert_eq!(more(Locale::En, 1), "and one more component");
        assert_eq!(more(Locale::En, 1950), "and 1950 more components");
        assert_eq!(more(Locale::PtBr, 1), "e mais um componente");
        assert_eq!(more(Locale::PtBr, 2), "e mais 2 componentes");
    }

    #[test]
    fn a_name_is_put_in_as_it_is() {
        let said = Texts::of(Locale::PtBr).say_of_page("confirmation-subject", "{ $page } \"Ação\"");
        assert_eq!(said, "Confirme sua inscrição em { $page } \"Ação\"");
    }
}
