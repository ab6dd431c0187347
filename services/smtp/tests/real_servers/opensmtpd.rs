//! `OpenSMTPD` has no PIPELINING, and takes a hundred mails over one connection.

use smtp::client::Verdict;

use super::running::*;

#[tokio::test]
async fn opensmtpd_gets_every_mail_though_it_ends_each_connection_after_a_hundred() {
    let Some(mut server) = Running::prepare() else { return };
    server.write("known", &known(|number| format!("user{number}@example.org\n")));
    server.write("everybody", "@example.org: vmail\n");
    let folder = server.folder.path().display();
    let config = format!(
        "table known file:{folder}/known\ntable everybody file:{folder}/everybody\nsmtp max-message-size \"20K\"\n\
        listen on 127.0.0.1 port {} hostname mail.example\n\
        action \"in\" maildir \"{folder}/mail/%{{dest.user}}\" virtual <everybody>\n\
        match from any for domain \"example.org\" rcpt-to <known> action \"in\"\n",
        server.port
    );
    server.write("smtpd.conf", &config);
    server.start(
        "mkdir -p /var/spool/smtpd /var/lib/opensmtpd/empty\nchmod 711 /var/spool/smtpd\n\
        exec /usr/sbin/smtpd -d -f \"$W/smtpd.conf\"",
    );

    let mut next = 0;
    let mut connections = 0;
    while next < 200 {
        let mut connection = server.connect("tls=never").await;
        connections += 1;
        assert_too_large_is_never_sent(&mut connection).await;
        let (reports, is_fine) = deliver(&mut connection, next..200).await;
        let tried = reports.iter().take_while(|report| report.verdict != Verdict::NotTried);
        for report in tried {
            assert_verdict(next, report);
            next += 1;
        }
        assert!(connection.delivered() <= 100);
        assert!(is_fine || connections == 1, "{}", reports.last().unwrap().reply);
        connection.quit().await;
    }
    assert_eq!(connections, 2);
    server.assert_mailboxes((0..200).filter(|&number| is_known(number))).await;
}
