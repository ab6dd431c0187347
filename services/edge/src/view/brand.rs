//! How a page looks like its company's: its logo, its links, and its colour where that can be read.

use std::fmt;

use proto::common::v1::{Branding, PageLogo};
use serde::Deserialize;

/// The least contrast of text with what is behind it (WCAG 2.2, criterion 1.4.3).
const READABLE: f64 = 4.5;

/// What text may stand on, from the style sheet: first what buttons stand on. A test holds the two together.
const LIGHT_GROUNDS: [Colour; 9] = [
    Colour(0xf7_f7f5),
    Colour(0xff_ffff),
    Colour(0xe9_f6ee),
    Colour(0xf1_ecfc),
    Colour(0xfd_f4dc),
    Colour(0xfe_efe2),
    Colour(0xfd_ecec),
    Colour(0xe9_f1fc),
    Colour(0xee_efef),
];
const DARK_GROUNDS: [Colour; 9] = [
    Colour(0x0e_1113),
    Colour(0x16_191d),
    Colour(0x10_251a),
    Colour(0x1f_1a33),
    Colour(0x28_210d),
    Colour(0x2c_1c10),
    Colour(0x2e_1517),
    Colour(0x12_2135),
    Colour(0x1f_2328),
];
const WHITE: Colour = Colour(0xff_ffff);
const BLACK: Colour = Colour(0);
/// The least contrast of a button with what it stands on: it has an edge in the colour of links.
const SEEN: f64 = 1.3;
/// A colour with less contrast with white than this has black letters on it.
const DARK: f64 = 3.0;
/// So many hundredths of a button's colour are left under the pointer: the rest is the ground's.
const HOVER: u32 = 86;

/// What a company gave its page.
#[derive(Debug, Default)]
pub(crate) struct Brand {
    pub(crate) palette: Option<Palette>,
    pub(crate) logo: Option<Logo>,
    /// An `https:` address.
    pub(crate) website: Option<String>,
    /// An `https:` or `mailto:` address.
    pub(crate) support: Option<String>,
}

/// A picture of the page's own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Logo {
    pub(crate) digest: Digest,
    /// What it shows; empty if that is the company's name, which stands beside it.
    pub(crate) alt: String,
    /// In pixels.
    pub(crate) width: i32,
    pub(crate) height: i32,
}

/// What a picture is asked for by: 64 small hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Digest(String);

/// The colours of links and buttons, on light grounds and on dark ones. The edge of a button is a link's colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Palette {
    /// As it was given: for what nobody has to read.
    accent: Colour,
    light: Shades,
    dark: Shades,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shades {
    link: Colour,
    press: Colour,
    press_ink: Colour,
}

/// An sRGB colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Colour(u32);

impl Brand {
    /// What is not as the contract has it is left out: links go where they say, and pictures come from us.
    pub(crate) fn new(branding: Option<&Branding>) -> Self {
        let Some(branding) = branding else {
            return Self::default();
        };
        let link = |url: &str, schemes: &[&str]| {
            schemes.iter().any(|scheme| url.starts_with(scheme)).then(|| url.to_owned())
        };
        Self {
            palette: Colour::parse(&branding.accent_color).map(Palette::of),
            logo: branding.logo.as_ref().and_then(Logo::new),
            website: link(&branding.website_url, &["https://"]),
            support: link(&branding.support_url, &["https://", "mailto:"]),
        }
    }
}

impl Logo {
    fn new(logo: &PageLogo) -> Option<Self> {
        let digest = Digest::try_from(logo.digest.clone()).ok()?;
        (logo.width > 0 && logo.height > 0).then(|| Self {
            digest,
            alt: logo.alt.clone(),
            width: logo.width,
            height: logo.height,
        })
    }
}

impl TryFrom<String> for Digest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 64 && text.bytes().all(is_digit) { Ok(Self(text)) } else { Err("not a digest") }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Palette {
    /// The nearest colours to this one that can be read: darker on light grounds, lighter on dark ones.
    fn of(accent: Colour) -> Self {
        Self {
            accent,
            light: Shades::of(accent, BLACK, &LIGHT_GROUNDS),
            dark: Shades::of(accent, WHITE, &DARK_GROUNDS),
        }
    }

    /// The style sheet that comes after that of all pages.
    pub(crate) fn style_sheet(self) -> String {
        let properties = |Shades { link, press, press_ink }: Shades| {
            format!(":root{{--link:{link};--press:{press};--press-ink:{press_ink};--press-edge:{link}}}")
        };
        format!(
            "{}\n@media (prefers-color-scheme:dark){{{}}}\nbody{{border-top:4px solid {}}}\n",
            properties(self.light),
            properties(self.dark),
            self.accent,
        )
    }
}

impl Shades {
    /// Links are moved towards this colour until they stand out from all grounds. A button is the colour itself, or the
    /// nearest to it that is seen and can have letters on it.
    fn of(accent: Colour, towards: Colour, grounds: &[Colour]) -> Self {
        let stands_out = |colour: &Colour| grounds.iter().all(|ground| colour.contrast(*ground) >= READABLE);
        let ink = if accent.contrast(WHITE) >= DARK { WHITE } else { BLACK };
        let is_button = |colour: &Colour| {
            let under_the_pointer = grounds[0].mixed(*colour, HOVER);
            grounds[..2].iter().all(|ground| colour.contrast(*ground) >= SEEN)
                && [*colour, under_the_pointer].iter().all(|colour| colour.contrast(ink) >= READABLE)
        };
        let mut links = (0..=100).map(|step| accent.mixed(towards, step));
        let mut buttons =
            (0..=100).flat_map(|step| [BLACK, WHITE].map(|towards| accent.mixed(towards, step)));
        Self {
            link: links.find(stands_out).unwrap_or(towards),
            press: buttons.find(is_button).unwrap_or(towards),
            press_ink: ink,
        }
    }
}

impl Colour {
    /// `#` and six hexadecimal digits.
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let is_written_so = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_written_so { u32::from_str_radix(digits, 16).ok().map(Self) } else { None }
    }

    /// Red, green and blue, 0 to 255.
    fn parts(self) -> [u32; 3] {
        [self.0 >> 16 & 255, self.0 >> 8 & 255, self.0 & 255]
    }

    /// The colour with so many hundredths of another one.
    fn mixed(self, other: Self, hundredths: u32) -> Self {
        let parts = self.parts().into_iter().zip(other.parts());
        let mixed = parts.map(|(own, other)| (own * (100 - hundredths) + other * hundredths + 50) / 100);
        Self(mixed.fold(0, |sum, part| sum << 8 | part))
    }

    /// <https://www.w3.org/TR/WCAG22/#dfn-relative-luminance>
    fn luminance(self) -> f64 {
        let linear = |part: u32| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.parts().map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// 1 to 21 (<https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio>).
    fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance() + 0.05, other.luminance() + 0.05);
        if one > other { one / other } else { other / one }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:06x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sixteen values of each part.
    fn samples() -> impl Iterator<Item = Colour> {
        (0..4096).map(|each: u32| {
            Colour((each >> 8) * 0x11_0000 + (each >> 4 & 15) * 0x00_1100 + (each & 15) * 0x00_0011)
        })
    }

    #[test]
    fn every_colour_can_be_read_on_every_ground_and_its_ink_on_it() {
        for accent in samples() {
            let Palette { light, dark, .. } = Palette::of(accent);
            for (shades, grounds) in [(light, LIGHT_GROUNDS), (dark, DARK_GROUNDS)] {
                for ground in grounds {
                    assert!(shades.link.contrast(ground) >= READABLE, "{accent}: a link on {ground}");
                }
                assert!(shades.press.contrast(grounds[0]) >= SEEN, "{accent}: a button on {}", grounds[0]);
                let hovered = grounds[0].mixed(shades.press, HOVER);
                for press in [shades.press, hovered] {
                    assert!(press.contrast(shades.press_ink) >= READABLE, "{accent}: the ink on {press}");
                }
            }
        }
    }

    #[test]
    fn a_colour_that_can_be_read_stays_as_it_is() {
        let palette = Palette::of(Colour(0x1b_4f9c));
        assert_eq!((palette.light.link, palette.light.press), (Colour(0x1b_4f9c), Colour(0x1b_4f9c)));
        assert_eq!(Palette::of(Colour(0x8a_b8ff)).dark.link, Colour(0x8a_b8ff));
        let yellow = Palette::of(Colour(0xff_cc00));
        assert_eq!((yellow.light.press, yellow.light.press_ink), (Colour(0xff_cc00), BLACK));
    }

    #[test]
    fn the_contrast_is_that_of_the_standard() {
        assert!((WHITE.contrast(BLACK) - 21.0).abs() < 1e-9);
        // the lightest grey on white that passes, as every checker has it
        assert!(Colour(0x76_7676).contrast(WHITE) > READABLE && Colour(0x77_7777).contrast(WHITE) < READABLE);
    }

    #[test]
    fn the_grounds_are_those_of_the_style_sheet() {
        let sheet = include_str!("../../static/pharos.css");
        let (light, rest) = sheet.split_once("@media (prefers-color-scheme: dark)").unwrap();
        let dark = rest.split_once("\n}").unwrap().0;
        for (sheet, grounds) in [(light, LIGHT_GROUNDS), (dark, DARK_GROUNDS)] {
            let ground = |line: &str| {
                let (name, value) = line.trim().strip_suffix(';')?.split_once(": ")?;
                let is_ground = name.ends_with("ground") || name == "--surface";
                let value = value.replace("#fff", "#ffffff").chars().take(7).collect::<String>();
                if is_ground { Some(Colour::parse(&value).unwrap()) } else { None }
            };
            let declared = sheet.lines().filter_map(ground).collect::<Vec<_>>();
            assert_eq!(declared, grounds);
        }
        assert!(sheet.contains(&format!("var(--press) {HOVER}%, var(--ground)")));
    }

    #[test]
    fn what_is_not_as_the_contract_has_it_is_left_out() {
        let logo = PageLogo { digest: "0".repeat(64), width: 2, height: 1, ..Default::default() };
        let good = Branding {
            accent_color: "#0f6fde".into(),
            website_url: "https://acme.example/".into(),
            support_url: "mailto:help@acme.example".into(),
            logo: Some(logo.clone()),
        };
        let brand = Brand::new(Some(&good));
        assert_eq!(brand.website.as_deref(), Some("https://acme.example/"));
        assert_eq!(brand.support.as_deref(), Some("mailto:help@acme.example"));
        assert!(brand.palette.is_some() && brand.logo.is_some());

        let bad = Branding {
            accent_color: "#0f6fd+".into(),
            website_url: "javascript:alert(1)".into(),
            support_url: "http://acme.example".into(),
            logo: Some(PageLogo { digest: "../../x".into(), ..logo.clone() }),
        };
        for bad in [bad, Branding { logo: Some(PageLogo { height: 0, ..logo }), ..Branding::default() }] {
            let brand = Brand::new(Some(&bad));
            assert!(brand.palette.is_none() && brand.logo.is_none(), "{bad:?}");
            assert_eq!((brand.website, brand.support), (None, None));
        }
    }

    #[test]
    fn the_style_sheet_has_both_schemes_and_a_stripe_of_the_colour_itself() {
        let sheet = Palette::of(Colour(0xff_cc00)).style_sheet();
        assert!(sheet.starts_with(":root{--link:#"), "{sheet}");
        assert!(sheet.contains("@media (prefers-color-scheme:dark){:root{--link:#ffcc00;"), "{sheet}");
        assert!(sheet.ends_with("body{border-top:4px solid #ffcc00}\n"), "{sheet}");
    }
}
