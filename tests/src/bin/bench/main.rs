//! The benchmarks: `make bench`, or `make bench ARGS=pages` for some of them. Everything is measured in one run, beside
//! what it is compared with, and printed as minimum, median and maximum; a ratio says more than a rate on another
//! machine.

mod fan_out;
mod pages;
mod start;
mod watchers;

/// Rounds of each measurement.
const ROUNDS: usize = 5;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let asked = std::env::args().skip(1).collect::<Vec<_>>();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|it| it == name);
    anyhow::ensure!(
        asked.iter().all(|name| ["start", "fan-out", "pages", "watchers"].contains(&name.as_str())),
        "the benchmarks are start, fan-out, pages and watchers"
    );
    if wanted("start") {
        start::run().await?;
    }
    if wanted("fan-out") {
        fan_out::run().await?;
    }
    if wanted("pages") {
        pages::run().await?;
    }
    if wanted("watchers") {
        watchers::run().await?;
    }
    Ok(())
}

/// Minimum, median and maximum.
fn spread(values: &mut [f64], unit: &str) -> String {
    values.sort_by(f64::total_cmp);
    let (least, median, most) = (values[0], values[values.len() / 2], values[values.len() - 1]);
    format!("{median:.1} {unit} [{least:.1}..{most:.1}]")
}
