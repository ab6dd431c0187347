//! Other people's programs for the web: nginx, which serves files, and wrk, which reads as fast as it can.

use std::{
    fmt::Write as _,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::Context as _;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, header};
use pharos_tests::eventually;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::machine;

/// Connections of wrk, which all stay open, on one thread.
pub(crate) const CONNECTIONS: usize = 64;
/// How long it reads, in seconds.
const SECONDS: u64 = 3;
/// It never takes longer, or the benchmark ends.
const LONGEST: Duration = Duration::from_secs(30);

/// What nginx says of itself, of the connection, or of the file.
const ITS_OWN: [HeaderName; 8] = [
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::DATE,
    header::ETAG,
    header::LAST_MODIFIED,
    header::TRANSFER_ENCODING,
];

fn program(name: &str) -> anyhow::Result<PathBuf> {
    let path = machine::tree().join(".tools/web/bin").join(name);
    anyhow::ensure!(path.is_file(), "{name} is not there; run: make web-servers");
    Ok(path)
}

/// What nginx serves under a name: the same bytes with the same headers as another server.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) name: &'static str,
    pub(crate) plain: Bytes,
    pub(crate) gzip: Bytes,
    /// Those of the other server's answer.
    pub(crate) headers: HeaderMap,
}

/// A running nginx with one worker.
#[derive(Debug)]
pub(crate) struct Nginx {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Nginx {
    /// On a free port, set up for speed: files are open already, and compressed already; nothing is logged.
    pub(crate) async fn start(files: &[File]) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("pharos-bench-").tempdir_in("/tmp")?;
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut locations = String::new();
        for file in files {
            std::fs::write(folder.path().join(file.name), &file.plain)?;
            std::fs::write(folder.path().join(format!("{}.gz", file.name)), &file.gzip)?;
            locations.push_str(&location(file)?);
        }
        // the folder is ours alone, and a worker started by root would be somebody else
        let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary =
            temporary.map(|of| format!("{of}_temp_path {}/temporary-{of};", folder.path().display()));
        let settings = format!(
            "{user} daemon off; worker_processes 1; pid nginx.pid; error_log stderr warn;
             events {{ worker_connections 1024; }}
             http {{
                 access_log off; server_tokens off;
                 sendfile on; tcp_nopush on; open_file_cache max=100;
                 keepalive_timeout 300s; keepalive_requests 1000000000;
                 gzip_static on; etag on;
                 {}
                 server {{ listen {address}; root {}; {locations} }}
             }}",
            temporary.join(" "),
            folder.path().display(),
        );
        let path = folder.path().join("nginx.conf");
        std::fs::write(&path, settings)?;
        let child = Command::new(program("nginx")?)
            .args(["-e", "stderr", "-p"])
            .arg(folder.path())
            .arg("-c")
            .arg(&path)
            .stdin(Stdio::null())
            .spawn()
            .context("nginx does not start")?;
        let nginx = Self { child, address, _folder: folder };
        eventually("nginx to listen", || std::future::ready(TcpStream::connect(address).ok())).await;
        Ok(nginx)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The process whose child the worker is.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Not killed, or its worker would go on. It may have ended by itself.
        if let Some(process) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(process, Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

/// Where a file is, with the headers that nginx would not send by itself, and without the one that only it would.
fn location(file: &File) -> anyhow::Result<String> {
    let quoted = |value: &str| format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
    let kind = file.headers.get(header::CONTENT_TYPE).context("an answer without a type")?.to_str()?;
    let mut headers = String::from("add_header last-modified \"\";");
    for (name, value) in file.headers.iter().filter(|(name, _)| !ITS_OWN.contains(name)) {
        write!(headers, " add_header {name} {};", quoted(value.to_str()?))?;
    }
    Ok(format!("location = /{} {{ types {{}} default_type {}; {headers} }} ", file.name, quoted(kind)))
}

/// What wrk saw.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) requests: f64,
    /// A second.
    pub(crate) rate: f64,
    /// Milliseconds.
    pub(crate) p50: f64,
    /// Milliseconds.
    pub(crate) p99: f64,
}

/// Reads one thing over and over, over connections that stay open.
///
/// # Errors
/// If any answer was an error.
pub(crate) async fn read(url: &str, headers: &[(HeaderName, &str)]) -> anyhow::Result<Seen> {
    let mut command = tokio::process::Command::new(program("wrk")?);
    command.args(["--latency", "-t1", &format!("-c{CONNECTIONS}"), &format!("-d{SECONDS}s")]);
    for (name, value) in headers {
        command.args(["-H", &format!("{name}: {value}")]);
    }
    command.arg(url).stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(LONGEST, command.output()).await.context("wrk took too long")??;
    let said = String::from_utf8(output.stdout)?;
    let is_well = output.status.success()
        && !["Non-2xx or 3xx", "Socket errors"].iter().any(|problem| said.contains(problem));
    anyhow::ensure!(is_well, "wrk: {}: {said}", output.status);
    seen(&said).with_context(|| format!("wrk said what was not expected: {said}"))
}

fn seen(said: &str) -> Option<Seen> {
    let after = |key: &str| said.lines().find_map(|line| line.trim().strip_prefix(key)).map(str::trim);
    let requests = said.lines().find_map(|line| line.trim().split_once(" requests in "))?.0;
    Some(Seen {
        requests: requests.parse().ok()?,
        rate: after("Requests/sec:")?.parse().ok()?,
        p50: milliseconds(after("50%")?)?,
        p99: milliseconds(after("99%")?)?,
    })
}

fn milliseconds(said: &str) -> Option<f64> {
    let units = [("us", 1e-3), ("ms", 1.0), ("s", 1e3)];
    let (number, unit) = units.into_iter().find_map(|(unit, each)| Some((said.strip_suffix(unit)?, each)))?;
    Some(number.parse::<f64>().ok()? * unit)
}
