//! The page's state as a small picture, for a README or the foot of a site.

use askama::Template;

use super::Source;
use crate::view::{Mark, Tone};

/// The longest name that is shown whole.
const MAX_NAME: usize = 40;

#[derive(Template)]
#[template(path = "badge.svg", escape = "html")]
struct Badge {
    name: String,
    status: Mark,
    colour: &'static str,
    /// Where the name ends and the state begins.
    split: u32,
    width: u32,
}

/// The badge, as SVG. White on each of its colours has a contrast of at least 4.5 to 1.
pub(crate) fn badge(source: &Source) -> String {
    let status = Mark::overall(source.front.overall_status(), source.texts);
    let mut name = source.page.name.chars().take(MAX_NAME).collect::<String>();
    if name.len() < source.page.name.len() {
        name.push('…');
    }
    let split = width_of(&name) + 16;
    let width = split + width_of(&status.text) + 16;
    let colour = colour(status.tone);
    let badge = Badge { name, status, colour, split, width };
    badge.render().unwrap_or_default()
}

/// About how many pixels a text takes; it is set to be as wide as that.
fn width_of(text: &str) -> u32 {
    let tenths = |character: char| match character {
        'i' | 'j' | 'l' | 'f' | 't' | 'I' | ' ' | '.' | ',' | ':' | '\'' => 38,
        'm' | 'w' | 'M' | 'W' => 105,
        'A'..='Z' => 78,
        // from the radicals on, signs are as wide as they are high
        '\u{2e80}'.. => 115,
        _ => 67,
    };
    (text.chars().map(tenths).sum::<u32>() / 10).max(10)
}

/// The colours of the pages' style sheet on a light ground.
pub(crate) fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "#13773a",
        Tone::Maintenance => "#6a3fc0",
        Tone::Degraded => "#8f6400",
        Tone::Partial => "#b54708",
        Tone::Major => "#c0262d",
        Tone::Notice => "#1d62b8",
        Tone::Unknown => "#626a74",
    }
}

#[cfg(test)]
mod tests {
    use proto::incidents::v1::{GetPageResponse, OverallStatus, StatusPage};

    use super::*;

    fn of(name: &str, locale: &str, overall: OverallStatus) -> String {
        let page = StatusPage {
            name: name.into(),
            slug: "acme".into(),
            locale: locale.into(),
            time_zone: "UTC".into(),
            ..StatusPage::default()
        };
        let front = GetPageResponse {
            page: Some(page),
            overall_status: overall.into(),
            generated_at: Some(prost_types::Timestamp::default()),
            ..GetPageResponse::default()
        };
        badge(&Source::new("https://status.example", front).unwrap())
    }

    #[test]
    fn a_badge_says_the_state_in_words_of_the_pages_language_and_in_a_colour() {
        let good = of("Acme", "en", OverallStatus::Operational);
        assert!(good.contains(">Acme</text>") && good.contains("#13773a"), "{good}");
        let bad = of("Acme", "de", OverallStatus::MajorOutage);
        assert!(bad.contains("#c0262d") && !bad.contains("Major"), "{bad}");
    }

    #[test]
    fn a_name_cannot_leave_its_place_and_a_long_one_is_cut() {
        let hostile = of("</text><script>alert(1)</script>\"", "en", OverallStatus::Operational);
        assert!(!hostile.contains("<script"), "{hostile}");
        let long = of(&"x".repeat(64), "en", OverallStatus::Operational);
        assert!(long.contains(&format!(">{}…<", "x".repeat(40))), "{long}");
        assert!(
            of(&"x".repeat(40), "en", OverallStatus::Operational).contains(&format!(">{}<", "x".repeat(40)))
        );
    }
}
