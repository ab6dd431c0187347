//! What mails say, in the reader's language. The texts are in `locales/<language>/mail.ftl`.

use fluent_templates::{StaticLoader, static_loader};
use kit::texts::Catalogue;

static_loader! {
    static TEXTS = {
        locales: "./locales",
        fallback_language: "en",
        // the isolates it would set around names show as boxes in titles of windows, and `clean` takes them away
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// The texts of mails.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mails;

impl Catalogue for Mails {
    fn loader() -> &'static StaticLoader {
        &TEXTS
    }
}

/// The texts of one language.
pub(super) type Texts = kit::texts::Texts<Mails>;

#[cfg(test)]
mod tests {
    use kit::locale::Locale;

    use super::*;

    #[test]
    fn numbers_have_their_plural() {
        for (locale, one, many) in [
            (Locale::En, "and one more component", "and 1950 more components"),
            (Locale::PtBr, "e mais um componente", "e mais 1950 componentes"),
            (Locale::Es, "y un componente más", "y 1950 componentes más"),
            (Locale::De, "und eine weitere Komponente", "und 1950 weitere Komponenten"),
            (Locale::Fr, "et 1 autre composant", "et 1950 autres composants"),
            (Locale::Ja, "ほか 1 件のコンポーネント", "ほか 1950 件のコンポーネント"),
        ] {
            assert_eq!(Texts::of(locale).say_count("more-components", 1), one);
            assert_eq!(Texts::of(locale).say_count("more-components", 1950), many);
        }
    }

    #[test]
    fn a_name_is_put_in_as_it_is() {
        let said = Texts::of(Locale::PtBr).say_of("confirmation-subject", "{ $name } \"Ação\"");
        assert_eq!(said, "Confirme sua inscrição em { $name } \"Ação\"");
    }
}
