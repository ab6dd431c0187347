//! What was measured, and how it is printed.

/// Median, minimum and maximum; of a single value, the value.
pub(crate) fn spread(values: &mut [f64], unit: &str) -> String {
    spread_to(values, unit, 1)
}

fn spread_to(values: &mut [f64], unit: &str, decimals: usize) -> String {
    values.sort_by(f64::total_cmp);
    let (least, most) = (values[0], values[values.len() - 1]);
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    let middle = format!("{:.decimals$}{unit}", median(values));
    if values.len() == 1 { middle } else { format!("{middle} [{least:.decimals$}..{most:.decimals$}]") }
}

/// The one in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value below which this share of the others lies.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted.get(((last as f64) * share).round() as usize).copied().unwrap_or(f64::NAN)
}

/// Figures by name, in the order in which they first came.
#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<Figure>);

#[derive(Debug)]
struct Figure {
    name: String,
    unit: &'static str,
    values: Vec<f64>,
    target: Option<Target>,
}

/// What a figure should be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Figures {
    /// One more value.
    pub(crate) fn note(&mut self, name: &str, unit: &'static str, value: f64) {
        self.add(name, unit, value, None);
    }

    /// One more value of a figure that has a target.
    pub(crate) fn hold(&mut self, name: &str, unit: &'static str, value: f64, target: Target) {
        self.add(name, unit, value, Some(target));
    }

    fn add(&mut self, name: &str, unit: &'static str, value: f64, target: Option<Target>) {
        match self.0.iter_mut().find(|figure| figure.name == name) {
            Some(figure) => figure.values.push(value),
            None => self.0.push(Figure { name: name.to_owned(), unit, values: vec![value], target }),
        }
    }

    /// One line a figure.
    pub(crate) fn print(mut self) {
        let width = self.0.iter().map(|figure| figure.name.chars().count()).max().unwrap_or(0);
        for Figure { name, unit, values, target } in &mut self.0 {
            let middle = median(values);
            let decimals = match middle.abs() {
                large if large >= 1_000.0 => 0,
                small if small < 10.0 => 2,
                _ => 1,
            };
            let target = match target {
                Some(Target::AtLeast(least)) => format!("  {} at least {least}", met(middle >= *least)),
                Some(Target::AtMost(most)) => format!("  {} at most {most}", met(middle <= *most)),
                None => String::new(),
            };
            println!("  {name:width$}  {}{target}", spread_to(values, unit, decimals));
        }
        println!();
    }
}

fn met(is_met: bool) -> &'static str {
    if is_met { "ok:" } else { "MISSED:" }
}
