//! A server of others in its namespaces, and what is said to it.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use smtp::client::{Connection, Envelope, OpenError, Report, SmtpUrl, Timeouts, Verdict};
use tempfile::TempDir;

/// The user that mail is delivered as.
pub(crate) const VMAIL: u32 = 64005;
/// Nothing here takes longer on any machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A server and its folder.
pub(crate) struct Running {
    pub(crate) folder: TempDir,
    child: Option<Child>,
    pub(crate) port: u16,
}

impl Running {
    /// A folder for a server, if one can be started here.
    pub(crate) fn prepare() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let is_root = fs::metadata(folder.path()).unwrap().uid() == 0;
        if !is_root
            || !Command::new("unshare").args(["--mount", "true"]).status().is_ok_and(|it| it.success())
        {
            eprintln!("skipped: other people's mail servers need root and the right to mount");
            return None;
        }
        assert!(
            packages().join("bin/smtp-sink").is_file(),
            "mail servers are missing; run: make mail-servers"
        );
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let running = Self { folder, child: None, port };
        for (file, columns) in [("passwd", "::/nonexistent:/bin/false"), ("group", ":")] {
            let mut text = fs::read_to_string(format!("/etc/{file}")).unwrap();
            for (name, id) in [
                ("postfix", 64001),
                ("postdrop", 64002),
                ("opensmtpd", 64003),
                ("opensmtpq", 64004),
                ("vmail", VMAIL),
            ] {
                let of_group = if file == "passwd" { format!(":{id}") } else { String::new() };
                text += &format!("{name}:x:{id}{of_group}{columns}\n");
            }
            running.write(file, &text);
        }
        fs::create_dir(running.path("mail")).unwrap();
        fs::set_permissions(running.path("mail"), fs::Permissions::from_mode(0o777)).unwrap();
        Some(running)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Starts it with this last line of a script, whose `$W` is the folder.
    pub(crate) fn start(&mut self, last: &str) {
        let script = format!(
            "set -e\nmount -t overlay overlay -o \"lowerdir=$MAIL/usr:/usr\" /usr\n\
            for file in passwd group; do mount --bind \"$W/$file\" /etc/$file; done\n\
            for folder in /var/spool /var/lib /run; do mount -t tmpfs tmpfs $folder; done\n{last}\n"
        );
        let log = fs::File::create(self.path("log")).unwrap();
        let child = Command::new("unshare")
            .args(["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", &script])
            .env("W", self.folder.path())
            .env("MAIL", packages())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        self.child = Some(child.unwrap());
    }

    pub(crate) fn url(&self, parameters: &str) -> SmtpUrl {
        format!("smtp://127.0.0.1:{}?{parameters}", self.port).parse().unwrap()
    }

    /// A connection, as soon as the server listens.
    pub(crate) async fn connect(&mut self, parameters: &str) -> Connection {
        let url = self.url(parameters);
        let mut child = self.child.take().unwrap();
        let connection = eventually("the server listens", async || match open(&url).await {
            Err(OpenError::Fault(_)) => {
                let ended = child.try_wait().unwrap();
                assert!(ended.is_none(), "it does not start: {ended:?}");
                None
            }
            opened => Some(opened.unwrap()),
        })
        .await;
        self.child = Some(child);
        connection
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    /// The mails in a mailbox.
    pub(crate) fn mailbox(&self, user: &str) -> Vec<String> {
        let Ok(folder) = fs::read_dir(self.path(&format!("mail/{user}/new"))) else { return Vec::new() };
        folder.map(|file| String::from_utf8(fs::read(file.unwrap().path()).unwrap()).unwrap()).collect()
    }

    /// Waits until each of these mailboxes has its mail, and compares it with what was sent.
    pub(crate) async fn assert_mailboxes(&self, numbers: impl Iterator<Item = usize>) {
        for number in numbers {
            let user = format!("user{number}");
            let found =
                eventually(&user, async || Some(self.mailbox(&user)).filter(|mails| !mails.is_empty())).await;
            assert_eq!(found.len(), 1, "{user}");
            let sent = message(number).replace("\r\n", "\n");
            assert!(found[0].ends_with(&sent), "sent: {sent}\nfound: {}", found[0]);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
        if let Some(child) = &mut self.child {
            // and with it the first process of its namespace, and with that all others
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

/// Where `make mail-servers` puts them.
pub(crate) fn packages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/mail").canonicalize().unwrap_or_default()
}

pub(crate) async fn open(url: &SmtpUrl) -> Result<Connection, OpenError> {
    Connection::open(url, &Timeouts::default(), "client.example").await
}

pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A message with what is hard about messages: dots, octets beyond ASCII, a line of the greatest length.
pub(crate) fn message(number: usize) -> String {
    format!(
        "From: <b@bounces.example>\r\nTo: <user{number}@example.org>\r\nDate: Sat, 21 Nov 2026 02:00:00 +0000\r\n\
        Message-ID: <{number}@bounces.example>\r\nSubject: {number}\r\nMIME-Version: 1.0\r\n\
        Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
        .\r\n..\r\n.dot\r\nna\u{ef}ve caf\u{e9}\r\n\r\n{}\r\n.\r\n",
        "x".repeat(998)
    )
}

/// Delivers these mails in one call; every fifth goes to nobody whom the server knows.
pub(crate) async fn deliver(
    connection: &mut Connection,
    numbers: std::ops::Range<usize>,
) -> (Vec<Report>, bool) {
    let mut reports = Vec::new();
    let write = |i: usize, body: &mut Vec<u8>| {
        let number = numbers.start + i;
        body.extend_from_slice(message(number).as_bytes());
        let user = if is_known(number) { "user" } else { "nobody" };
        Envelope { sender: "b@bounces.example".into(), recipient: format!("{user}{number}@example.org") }
    };
    let outcome = connection.deliver(numbers.len(), write, |_, report| {
        reports.push(report);
        std::ops::ControlFlow::Continue(())
    });
    let is_fine = outcome.await.is_ok();
    (reports, is_fine)
}

pub(crate) fn is_known(number: usize) -> bool {
    number % 5 != 3
}

/// The addresses that the servers know, in this form.
pub(crate) fn known(form: impl Fn(usize) -> String) -> String {
    (0..200).filter(|&number| is_known(number)).map(form).collect()
}

pub(crate) fn assert_verdict(number: usize, report: &Report) {
    let expected = if is_known(number) { Verdict::Sent } else { Verdict::Bounced };
    assert_eq!(report.verdict, expected, "{number}: {}", report.reply);
}

/// A message above the limit of both servers is refused here, and the connection goes on.
pub(crate) async fn assert_too_large_is_never_sent(connection: &mut Connection) {
    let mut reports = Vec::new();
    let write = |_: usize, body: &mut Vec<u8>| {
        body.extend_from_slice("Subject: large\r\n\r\nabc\r\n".repeat(2000).as_bytes());
        Envelope { sender: "b@bounces.example".into(), recipient: "user0@example.org".into() }
    };
    let before = connection.delivered();
    let outcome = connection.deliver(1, write, |_, report| {
        reports.push(report);
        std::ops::ControlFlow::Continue(())
    });
    outcome.await.unwrap();
    assert_eq!(reports[0].verdict, Verdict::Rejected);
    assert!(reports[0].reply.contains("takes at most 20"), "{}", reports[0].reply);
    assert_eq!(connection.delivered(), before);
}
