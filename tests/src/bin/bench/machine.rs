//! What the machine says: the time that processes took of it, what they hold of it, and who else is on it.

use std::path::PathBuf;

/// Ticks a second in `/proc` (`sysconf(_SC_CLK_TCK)`, 100 on every Linux).
const TICKS: f64 = 100.0;

/// The top folder of the tree.
pub(crate) fn tree() -> PathBuf {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    tests.parent().map_or(tests.clone(), PathBuf::from)
}

/// The machine, and the load on it.
pub(crate) fn describe() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let count = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{count} x {}; {}", model.map_or("CPU", |(_, name)| name), load())
}

/// How busy the machine was with whatever ran on it so far.
pub(crate) fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(", ");
    format!("load of the last 1, 5 and 15 minutes: {load}")
}

/// The fields of `/proc/<process>/stat` from the state on (proc(5), field 3).
fn stat(process: u32) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

fn seconds(fields: &[String], indices: std::ops::Range<usize>) -> f64 {
    indices.filter_map(|index| fields.get(index)?.parse::<f64>().ok()).sum::<f64>() / TICKS
}

/// CPU seconds of a process so far.
pub(crate) fn cpu(process: u32) -> f64 {
    stat(process).map_or(0.0, |fields| seconds(&fields, 11..13))
}

/// CPU seconds of a process, of its children, and of those children that have ended: a whole Postgres.
pub(crate) fn cpu_of_family(parent: u32) -> f64 {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let own = stat(parent).map_or(0.0, |fields| seconds(&fields, 11..15));
    let of_child = |process| {
        let fields = stat(process)?;
        (fields.get(1)?.parse() == Ok(parent)).then(|| seconds(&fields, 11..13))
    };
    own + processes.filter_map(of_child).sum::<f64>()
}

/// Seconds that the cores together had nothing to do so far (proc(5), `/proc/stat`: idle and iowait).
pub(crate) fn idle() -> f64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields = stat.lines().next().unwrap_or_default().split_whitespace().map(str::to_owned);
    seconds(&fields.collect::<Vec<_>>(), 4..6)
}

/// The most memory that a process ever held, in MiB.
pub(crate) fn peak_mib(process: u32) -> f64 {
    status_kib(process, "VmHWM") as f64 / 1024.0
}

/// A size from `/proc/<process>/status`, in KiB.
pub(crate) fn status_kib(process: u32, key: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(key));
    line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}
