//! Postfix has PIPELINING and STARTTLS; and it hands mail over to servers of ours.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

use smtp::{
    client::{Fault, OpenError, Stage},
    server::{Answer, Limits, Policy, Protocol, Received, Reply, SmtpServer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

use super::running::*;

/// Starts postfix with these settings more than it needs.
fn start(server: &mut Running, settings: &str) {
    let folder = server.folder.path().display().to_string();
    server.write("mailboxes", &known(|number| format!("user{number}@example.org user{number}/\n")));
    fs::create_dir(server.path("postfix")).unwrap();
    let main = format!(
        "compatibility_level = 3.6\nqueue_directory = /var/spool/postfix\ndata_directory = /var/lib/postfix\n\
        command_directory = /usr/sbin\ndaemon_directory = /usr/lib/postfix/sbin\nmeta_directory = {folder}/postfix\n\
        mail_owner = postfix\nsetgid_group = postdrop\nmaillog_file = /dev/stdout\nmyhostname = mail.example\n\
        mydestination =\nalias_maps =\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n\
        smtpd_peername_lookup = no\nsmtp_dns_support_level = disabled\nmessage_size_limit = 20000\n\
        smtpd_hard_error_limit = 1000\nvirtual_mailbox_limit = 0\nvirtual_mailbox_domains = example.org\n\
        virtual_mailbox_maps = texthash:{folder}/mailboxes\nvirtual_mailbox_base = {folder}/mail\n\
        virtual_uid_maps = static:{VMAIL}\nvirtual_gid_maps = static:{VMAIL}\n{settings}"
    );
    server.write("postfix/main.cf", &main);
    let mut master = format!("127.0.0.1:{} inet n - n - - smtpd\n", server.port);
    for (name, kind, chroot, wakeup, most, program) in [
        ("cleanup", "unix", "n", "-", "0", "cleanup"),
        ("qmgr", "unix", "n", "300", "1", "qmgr"),
        ("rewrite", "unix", "n", "-", "-", "trivial-rewrite"),
        ("bounce", "unix", "n", "-", "0", "bounce"),
        ("defer", "unix", "n", "-", "0", "bounce"),
        ("error", "unix", "n", "-", "-", "error"),
        ("retry", "unix", "n", "-", "-", "error"),
        ("proxymap", "unix", "n", "-", "-", "proxymap"),
        ("tlsmgr", "unix", "n", "1000?", "1", "tlsmgr"),
        ("smtp", "unix", "n", "-", "-", "smtp"),
        ("lmtp", "unix", "n", "-", "-", "lmtp"),
        ("anvil", "unix", "n", "-", "1", "anvil"),
        ("postlog", "unix-dgram", "n", "-", "1", "postlogd"),
    ] {
        let private = if ["cleanup", "qmgr", "postlog"].contains(&name) { "n" } else { "-" };
        master += &format!("{name} {kind} {private} - {chroot} {wakeup} {most} {program}\n");
    }
    master += "virtual unix - n n - - virtual\n";
    server.write("postfix/master.cf", &master);
    server.start(
        "cp -r \"$MAIL\"/etc/postfix/postfix-files* \"$W/postfix\"\nmkdir -p /var/spool/postfix /var/lib/postfix\nchown postfix /var/lib/postfix\n\
        exec /usr/sbin/postfix -c \"$W/postfix\" start-fg",
    );
}

#[tokio::test]
async fn postfix_gets_two_hundred_pipelined_mails_over_one_connection() {
    let Some(mut server) = Running::prepare() else { return };
    start(&mut server, "");
    let mut connection = server.connect("tls=never").await;
    let (reports, is_fine) = deliver(&mut connection, 0..200).await;
    assert!(is_fine && connection.is_usable());
    reports.iter().enumerate().for_each(|(number, report)| assert_verdict(number, report));
    assert_eq!(reports.len(), 200);
    assert_eq!(connection.delivered(), 160);
    assert_too_large_is_never_sent(&mut connection).await;
    connection.quit().await;
    server.assert_mailboxes((0..200).filter(|&number| is_known(number))).await;
    assert!(!server.log().contains("improper command pipelining"));
}

fn openssl(folder: &Path, arguments: &str) {
    let made = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[tokio::test]
async fn postfix_is_spoken_to_under_tls_if_its_authority_is_the_one_we_trust() {
    let Some(mut server) = Running::prepare() else { return };
    let new_key = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
    for name in ["ca", "other"] {
        openssl(
            server.folder.path(),
            &format!("{new_key} -keyout {name}.key -out {name}.pem -subj /CN={name}"),
        );
    }
    openssl(
        server.folder.path(),
        &format!(
            "{new_key} -keyout key.pem -out cert.pem -subj /CN=mail -addext subjectAltName=IP:127.0.0.1 \
            -addext basicConstraints=CA:FALSE -CA ca.pem -CAkey ca.key"
        ),
    );
    let folder = server.folder.path().display().to_string();
    start(
        &mut server,
        &format!(
            "smtpd_tls_security_level = may\nsmtpd_tls_cert_file = {folder}/cert.pem\nsmtpd_tls_key_file = {folder}/key.pem\n"
        ),
    );
    server.connect("tls=never").await.quit().await;

    for parameters in [format!("ca={folder}/ca.pem"), format!("ca={folder}/ca.pem&tls=required")] {
        let mut connection = open(&server.url(&parameters)).await.unwrap();
        assert!(connection.is_encrypted());
        let numbers = if parameters.contains("required") { 20..40 } else { 0..20 };
        let (reports, is_fine) = deliver(&mut connection, numbers.clone()).await;
        assert!(is_fine);
        numbers.zip(&reports).for_each(|(number, report)| assert_verdict(number, report));
        connection.quit().await;
    }
    server.assert_mailboxes((0..40).filter(|&number| is_known(number))).await;
    for parameters in [format!("ca={folder}/other.pem"), "tls=required".to_owned()] {
        let error = open(&server.url(&parameters)).await.unwrap_err();
        assert!(matches!(error, OpenError::Fault(Fault::Io { stage: Stage::Handshake, .. })), "{error}");
    }
}

/// Takes mail for one, refuses another at RCPT, and over LMTP a third after the message.
#[derive(Default)]
struct Choosy(Mutex<Vec<Received>>);

impl Policy for Choosy {
    fn greeting(&self, _peer: SocketAddr) -> Reply {
        Reply::say(220, "ours.example")
    }

    fn recipient(&self, envelope: &smtp::server::Envelope) -> Reply {
        match envelope.latest_recipient() {
            "gone@ours.example" => Reply::say(550, "5.1.1 no such mailbox"),
            _ => Reply::say(250, "2.1.5 yes"),
        }
    }

    async fn message(&self, received: Received) -> Answer {
        let answer = |recipient: &String| match recipient.as_str() {
            "full@ours.example" => Reply::say(552, "5.2.2 full"),
            _ => Reply::say(250, "2.6.0 taken"),
        };
        let answers = received.envelope.recipients.iter().map(answer).collect();
        self.0.lock().unwrap().push(received);
        Answer::Each(answers)
    }
}

#[tokio::test]
async fn postfix_hands_a_message_over_to_our_server_and_understands_each_reply() {
    for (protocol, transport, statuses) in [
        (
            Protocol::Lmtp,
            "lmtp:inet",
            [("one", "sent"), ("full", "bounced"), ("two", "sent"), ("gone", "bounced")],
        ),
        // one reply for all: the refusal is everybody's
        (
            Protocol::Smtp,
            "smtp",
            [("one", "bounced"), ("full", "bounced"), ("two", "bounced"), ("gone", "bounced")],
        ),
    ] {
        let Some(mut server) = Running::prepare() else { return };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ours = listener.local_addr().unwrap().port();
        let policy = Arc::new(Choosy::default());
        let (stop, limits) = (CancellationToken::new(), Limits::default());
        let serving = SmtpServer { name: "ours.example".to_owned(), protocol, limits };
        let serving = tokio::spawn(serving.serve(listener, Arc::clone(&policy), stop.clone()));
        let place = if protocol == Protocol::Lmtp { "127.0.0.1" } else { "[127.0.0.1]" };
        start(
            &mut server,
            &format!(
                "relay_domains = ours.example\ntransport_maps = inline:{{ours.example={transport}:{place}:{ours}}}\n"
            ),
        );
        server.connect("tls=never").await.quit().await;
        let text = message(0);
        let recipients: String =
            statuses.iter().map(|(to, _)| format!("RCPT TO:<{to}@ours.example>\r\n")).collect();
        let dotted = text.replace("\r\n.", "\r\n..");
        let mut postfix = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
        let sent = format!("EHLO test.example\r\nMAIL FROM:<>\r\n{recipients}DATA\r\n{dotted}.\r\nQUIT\r\n");
        postfix.write_all(sent.as_bytes()).await.unwrap();
        let mut said = String::new();
        postfix.read_to_string(&mut said).await.unwrap();
        assert!(said.contains(" queued as "), "{said}");

        for (to, status) in statuses {
            let line = eventually("postfix has tried", async || {
                let log = server.log();
                log.lines().find(|line| line.contains(&format!("to=<{to}@ours.example>"))).map(str::to_owned)
            })
            .await;
            assert!(line.contains(&format!("status={status}")), "{line}");
        }
        stop.cancel();
        serving.await.unwrap();
        let received = policy.0.lock().unwrap();
        assert_eq!(received.len(), 1);
        let mut recipients = received[0].envelope.recipients.clone();
        recipients.sort();
        assert_eq!(recipients, ["full@ours.example", "one@ours.example", "two@ours.example"]);
        assert!(received[0].data.ends_with(text.as_bytes()), "{:?}", received[0].data);
    }
}
