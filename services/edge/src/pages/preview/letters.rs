//! The letters of the pictures: the fonts in the binary (`static/fonts`), how wide a text is in them, and where its lines
//! end.

use std::sync::{Arc, LazyLock};

use resvg::usvg::{FontResolver, Options, fontdb};
use skrifa::{
    FontRef, MetadataProvider as _,
    charmap::Charmap,
    instance::{LocationRef, Size},
    metrics::GlyphMetrics,
};

/// How thick letters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// Each weight in two files: letters, and the signs of Japanese.
const FILES: [(Weight, &[u8]); 4] = [
    (Weight::Regular, include_bytes!("../../../static/fonts/NotoSans-Regular.ttf")),
    (Weight::Regular, include_bytes!("../../../static/fonts/NotoSansJP-Regular.otf")),
    (Weight::Bold, include_bytes!("../../../static/fonts/NotoSans-Bold.ttf")),
    (Weight::Bold, include_bytes!("../../../static/fonts/NotoSansJP-Bold.otf")),
];

struct Face {
    weight: Weight,
    characters: Charmap<'static>,
    glyphs: GlyphMetrics<'static>,
}

static FACES: LazyLock<Vec<Face>> = LazyLock::new(|| {
    let faces = FILES.into_iter().filter_map(|(weight, bytes)| {
        let font = FontRef::new(bytes).ok()?;
        // an em is one wide
        let glyphs = font.glyph_metrics(Size::new(1.0), LocationRef::default());
        Some(Face { weight, characters: font.charmap(), glyphs })
    });
    faces.collect()
});

static OPTIONS: LazyLock<Options<'static>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    for (_, bytes) in FILES {
        fonts.load_font_source(fontdb::Source::Binary(Arc::new(bytes)));
    }
    Options {
        font_family: "Noto Sans".to_owned(),
        fontdb: Arc::new(fonts),
        font_resolver: FontResolver {
            select_font: FontResolver::default_font_selector(),
            select_fallback: Box::new(|sign, used, fonts| {
                let weight = fonts.face(*used.first()?)?.weight;
                let mut others =
                    fonts.faces().filter(|face| face.weight == weight && !used.contains(&face.id));
                others.find(|face| has(fonts, face.id, sign)).map(|face| face.id)
            }),
        },
        ..Options::default()
    }
});

/// What a drawing is read with.
pub(super) fn options() -> &'static Options<'static> {
    &OPTIONS
}

fn has(fonts: &fontdb::Database, id: fontdb::ID, sign: char) -> bool {
    let found = fonts.with_face_data(id, |bytes, index| {
        FontRef::from_index(bytes, index).is_ok_and(|font| font.charmap().map(sign).is_some())
    });
    found.unwrap_or(false)
}

/// How wide a sign is, in ems; nothing if no font has it.
fn width_of(sign: char, weight: Weight) -> Option<f32> {
    let mut faces = FACES.iter().filter(|face| face.weight == weight);
    faces.find_map(|face| face.glyphs.advance_width(face.characters.map(sign)?))
}

/// How wide a text is, in ems.
pub(super) fn width(text: &str, weight: Weight) -> f32 {
    text.chars().filter_map(|sign| width_of(sign, weight)).sum()
}

/// What of a text can be shown, in one line: no sign that no font has, none that cannot be seen or turns the direction.
pub(super) fn shown(text: &str, weight: Weight) -> String {
    let is_unseen = |sign: char| {
        sign.is_control()
            || matches!(sign, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
    };
    let known = text.chars().map(|sign| if sign.is_whitespace() { ' ' } else { sign });
    let known: String = known.filter(|sign| !is_unseen(*sign) && width_of(*sign, weight).is_some()).collect();
    known.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The lines of a text, each at most so many ems wide; what is beyond the last of them is told by an ellipsis.
pub(super) fn lines(text: &str, weight: Weight, widest: f32, most: usize) -> Vec<String> {
    let text = shown(text, weight);
    let (mut lines, mut rest) = (Vec::new(), text.as_str());
    while !rest.is_empty() && lines.len() < most {
        let end = end_of_line(rest, weight, widest);
        let (line, after) = rest.split_at(end);
        rest = after.trim_start();
        lines.push(line.trim_end().to_owned());
    }
    if let Some(last) = lines.last_mut().filter(|_| !rest.is_empty()) {
        while width(last, weight) + width("…", weight) > widest && last.pop().is_some() {}
        last.truncate(last.trim_end().len());
        last.push('…');
    }
    lines
}

/// Where the first line of a text ends: at the last place where it may, or inside a word that is longer than a line.
fn end_of_line(text: &str, weight: Weight, widest: f32) -> usize {
    let (mut wide, mut end, mut before) = (0.0, None, None);
    for (at, sign) in text.char_indices() {
        if before.is_some_and(|before| may_part(before, sign)) {
            end = Some(at);
        }
        // a space may hang over
        if sign != ' ' {
            let next = width_of(sign, weight).unwrap_or(0.0);
            if wide + next > widest {
                return end.unwrap_or_else(|| at.max(sign.len_utf8()));
            }
        }
        wide += width_of(sign, weight).unwrap_or(0.0);
        before = Some(sign);
    }
    text.len()
}

/// Whether a line may end between these: behind a space or a hyphen, and beside a sign of Japanese, but for those that
/// must not begin or end a line (JLREQ, sections 3.1.7 and 3.1.8).
fn may_part(before: char, after: char) -> bool {
    const NEVER_FIRST: &str =
        "、。，．・：；？！ー」』）］｝〉》】〕’”々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ,.:;?!)]}…";
    const NEVER_LAST: &str = "「『（［｛〈《【〔‘“([{";
    let is_sign = |sign: char| sign >= '\u{2e80}';
    before == ' '
        || before == '-' && after.is_alphanumeric()
        || (is_sign(before) || is_sign(after)) && !NEVER_FIRST.contains(after) && !NEVER_LAST.contains(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_font_is_there_and_every_language_of_pages_can_be_drawn() {
        assert_eq!(FACES.len(), FILES.len());
        for locale in kit::locale::Locale::ALL {
            let texts = crate::texts::Texts::of(locale);
            for key in ["overall-operational", "phase-investigating", "impact-critical", "about-uptime"] {
                let text = texts.say_of(key, "Ацме Άκμη");
                for weight in [Weight::Regular, Weight::Bold] {
                    assert_eq!(shown(&text, weight), text);
                }
            }
        }
    }

    #[test]
    fn a_text_is_broken_between_words_and_ends_in_an_ellipsis() {
        let title = "Payments by card are down in all of Europe and some of Asia";
        let parts = lines(title, Weight::Bold, 12.0, 9);
        assert_eq!(parts.join(" "), title);
        assert!(parts.len() > 2 && parts.iter().all(|line| width(line, Weight::Bold) <= 12.0), "{parts:?}");
        let cut = lines(title, Weight::Bold, 12.0, 2);
        assert_eq!(cut.len(), 2);
        assert!(cut[1].ends_with('…') && width(&cut[1], Weight::Bold) <= 12.0, "{cut:?}");
        assert_eq!(lines("", Weight::Bold, 12.0, 3), [""; 0]);
    }

    #[test]
    fn a_word_longer_than_a_line_is_broken_and_one_sign_is_always_taken() {
        let long = "x".repeat(200);
        let parts = lines(&long, Weight::Regular, 10.0, 99);
        assert_eq!(parts.concat(), long);
        assert_eq!(lines("ab", Weight::Regular, 0.1, 9), ["a", "b"]);
    }

    #[test]
    fn japanese_is_broken_anywhere_but_before_what_must_not_begin_a_line() {
        assert_eq!(lines("決済が、停止。", Weight::Bold, 3.0, 9), ["決済", "が、停", "止。"]);
        assert_eq!(lines("「決済」", Weight::Bold, 2.0, 9), ["「決", "済」"]);
    }

    #[test]
    fn what_cannot_be_drawn_is_left_out() {
        let hostile = "a\u{0}\u{1b}\u{202e}b 🔥\u{ffff} شبكة c\n";
        assert_eq!(shown(hostile, Weight::Bold), "ab c");
    }
}
