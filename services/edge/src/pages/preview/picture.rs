//! What is on a picture, and where.

use askama::Template;
use proto::incidents::v1::{Incident, Maintenance};
use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::Tree,
};

use super::letters::{self, Weight};
use crate::{
    formats::{Source, colour},
    view::{Brief, Mark, PREVIEW},
};

/// Where all lines begin and, as far from the other side, end.
const MARGIN: u16 = 80;

/// How large the state may be where there is no title: the largest with which it takes one line.
const LARGE: [u16; 4] = [68, 62, 56, 50];

/// A picture in the making, as SVG.
#[derive(Template)]
#[template(path = "preview.svg", escape = "html")]
pub(super) struct Picture {
    name: String,
    tone: &'static str,
    colour: &'static str,
    icon: Icon,
    state: Vec<Line>,
    title: Vec<Line>,
    notes: Vec<Line>,
}

/// The shape of the state.
#[derive(Debug)]
struct Icon {
    y: u16,
    size: u16,
}

/// A line of text, from its beginning on its base line.
#[derive(Debug)]
struct Line {
    x: u16,
    y: u16,
    size: u16,
    text: String,
}

/// A paragraph that is still to be broken into lines.
struct Paragraph<'a> {
    text: &'a str,
    weight: Weight,
    /// Pixels from the left, and from the top to the first line.
    at: (u16, u16),
    size: u16,
    most: usize,
}

impl Paragraph<'_> {
    fn lines(self) -> Vec<Line> {
        let Self { text, weight, at: (x, y), size, most } = self;
        let widest = f32::from(PREVIEW.0 - MARGIN - x) / f32::from(size);
        let step = size + size / 4;
        let lines = letters::lines(text, weight, widest, most).into_iter();
        lines.zip(0_u16..).map(|(text, n)| Line { x, y: y + n * step, size, text }).collect()
    }
}

impl Picture {
    /// The front of a page.
    pub(super) fn of_page(source: &Source) -> Self {
        let (overall, notes) = source.head.overall(&source.front);
        let now = source.head.zone.moment(source.now).text;
        Self::new(source, &overall, "", &notes.join(" · "), &now)
    }

    /// An incident with where it stands, as of its newest update.
    pub(super) fn of_incident(source: &Source, incident: &Incident) -> Self {
        let Brief { mark, when } = Brief::of_incident(&source.head, incident);
        Self::new(source, &mark, &incident.title, "", &when)
    }

    /// A maintenance with when it is planned.
    pub(super) fn of_maintenance(source: &Source, maintenance: &Maintenance) -> Self {
        let Brief { mark, when } = Brief::of_maintenance(&source.head, maintenance);
        Self::new(source, &mark, &maintenance.title, "", &when)
    }

    /// Of a title, if it can be drawn; else the state is told as largely as there is room.
    fn new(source: &Source, mark: &Mark, title: &str, notes: &str, when: &str) -> Self {
        let bold =
            |text: &str, at, size, most| Paragraph { text, weight: Weight::Bold, at, size, most }.lines();
        let soft =
            |text: &str, at, most| Paragraph { text, weight: Weight::Regular, at, size: 34, most }.lines();
        let name = bold(&source.head.title(), (MARGIN, 116), 40, 1);
        let title = bold(title, (MARGIN, 316), 60, 3);
        let (icon, state) = if title.is_empty() {
            let state = LARGE.map(|size| bold(&mark.text, (248, 286 + size / 3), size, 1));
            let whole = |lines: &Vec<Line>| !lines.iter().any(|line| line.text.ends_with('…'));
            let in_two = || bold(&mark.text, (248, 270), 52, 2);
            (Icon { y: 222, size: 128 }, state.into_iter().find(whole).unwrap_or_else(in_two))
        } else {
            (Icon { y: 172, size: 56 }, bold(&mark.text, (156, 214), 40, 1))
        };
        Self {
            name: name.into_iter().next().map(|line| line.text).unwrap_or_default(),
            tone: mark.tone.name(),
            colour: colour(mark.tone),
            icon,
            state,
            title,
            notes: [soft(notes, (MARGIN, 450), 2), soft(when, (MARGIN, 566), 1)]
                .into_iter()
                .flatten()
                .collect(),
        }
    }

    /// The picture as PNG; nothing if it cannot be drawn, which is a fault of ours.
    pub(super) fn drawn(&self) -> Option<Vec<u8>> {
        let fault = |error: &dyn std::fmt::Display| tracing::error!(%error, "a preview could not be drawn");
        let svg = self.render().inspect_err(|error| fault(error)).ok()?;
        let tree = Tree::from_str(&svg, letters::options()).inspect_err(|error| fault(error)).ok()?;
        let mut pixels = Pixmap::new(PREVIEW.0.into(), PREVIEW.1.into())?;
        resvg::render(&tree, Transform::default(), &mut pixels.as_mut());
        pixels.encode_png().inspect_err(|error| fault(error)).ok()
    }
}
