//! Mails from a tenant's own domain.

use std::{path::Path, process::Stdio};

use pharos_tests::{Caller, Cluster, Company, Dns, Shape, eventually, violated};
use proto::notifications::v1::{
    GetSendingDomainRequest, RemoveSendingDomainRequest, SendingDomain, SetSendingDomainRequest,
    VerifySendingDomainRequest,
};
use tokio::io::AsyncWriteExt as _;
use tonic::{Code, Status};

async fn start(dns: &Dns) -> Cluster {
    let settings = [("PHAROS__NOTIFICATIONS__DNS_SERVER", dns.address())];
    let settings = settings.each_ref().map(|(key, value)| (*key, value.as_str()));
    Cluster::start_with(Shape::AllInOne, &settings).await
}

async fn name(caller: &Caller, domain: &str) -> Result<SendingDomain, Status> {
    let request = SetSendingDomainRequest {
        domain: domain.to_owned(),
        from_local_part: "alerts".to_owned(),
        reply_to: format!("help@{domain}"),
    };
    let reply = caller.sending_domains().set_sending_domain(request).await?.into_inner();
    Ok(reply.sending_domain.unwrap())
}

async fn verify(caller: &Caller) -> Result<SendingDomain, Status> {
    let reply = caller.sending_domains().verify_sending_domain(VerifySendingDomainRequest {}).await?;
    Ok(reply.into_inner().sending_domain.unwrap())
}

async fn get(caller: &Caller) -> Result<SendingDomain, Status> {
    let reply = caller.sending_domains().get_sending_domain(GetSendingDomainRequest {}).await?;
    Ok(reply.into_inner().sending_domain.unwrap())
}

fn publish(dns: &Dns, domain: &SendingDomain) {
    for record in &domain.records {
        assert_eq!(record.r#type, "TXT");
        dns.publish(&record.name, &record.value);
    }
}

fn found(domain: &SendingDomain) -> Vec<bool> {
    domain.records.iter().map(|record| record.found).collect()
}

/// What a reader that is not ours finds wrong with a mail, signed with the keys of these records.
async fn faults(mail: &str, domain: &SendingDomain) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let python = root.join(".tools/python/bin/python");
    assert!(python.is_file(), "the Python of the tests is missing; run: make python");
    let mut checker = tokio::process::Command::new(python);
    checker.arg(root.join("tests/python/check_mail.py"));
    for record in &domain.records {
        checker.arg("--key").arg(format!("{}={}", record.name, record.value));
    }
    let mut checker =
        checker.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    checker.stdin.take().unwrap().write_all(mail.as_bytes()).await.unwrap();
    String::from_utf8(checker.wait_with_output().await.unwrap().stdout).unwrap()
}

#[tokio::test]
async fn a_domain_is_named_published_verified_and_then_the_mails_come_from_it_signed() {
    let dns = Dns::start().await;
    let cluster = start(&dns).await;
    let page = cluster.company("Acme").await.page("acme").await;
    let caller = page.caller();
    page.confirmed(&cluster, "ada@example.net").await;
    assert_eq!(get(&caller).await.unwrap_err().code(), Code::NotFound);

    let named = name(&caller, "Status.Acme.Example").await.unwrap();
    assert_eq!(named.domain, "status.acme.example");
    assert_eq!((named.verified_at, named.checked_at), (None, None));
    let unpublished = verify(&caller).await.unwrap();
    assert_eq!((found(&unpublished), unpublished.verified_at), (vec![false; 3], None));
    assert!(unpublished.checked_at.is_some());
    let incident = page.incident("Slow", &[]).await;
    page.completed_broadcast(&incident.first.update_id).await;
    let mail = cluster.smtp.mail_to("ada@example.net", 1).await;
    assert_eq!(mail.header("from").unwrap(), r#""Acme status" <status@localhost>"#);
    assert_eq!(mail.header("dkim-signature"), None);

    publish(&dns, &named);
    let verified = verify(&caller).await.unwrap();
    assert_eq!(found(&verified), [true; 3]);
    assert!(verified.verified_at.is_some());
    assert_eq!(get(&caller).await.unwrap(), verified);
    let incident = page.incident("Slow again", &[]).await;
    page.completed_broadcast(&incident.first.update_id).await;
    let mail = cluster.smtp.mail_to("ada@example.net", 2).await;
    assert_eq!(mail.header("from").unwrap(), r#""Acme status" <alerts@status.acme.example>"#);
    assert_eq!(mail.header("reply-to").unwrap(), "<help@status.acme.example>");
    assert!(mail.header("message-id").unwrap().ends_with("@localhost>"));
    assert!(mail.envelope.sender.ends_with("@bounces.localhost"));
    assert_eq!(mail.raw.matches("DKIM-Signature:").count(), 2);
    let found = faults(&mail.raw, &verified).await;
    assert!(!found.contains("DKIM") && !found.contains("From"), "{found}\n{}", mail.raw);
    let tampered = mail.raw.replace("We look into it", "We looked into it");
    let found = faults(&tampered, &verified).await;
    assert_eq!(found.matches("DKIM-Signature: does not verify").count(), 2, "{found}");

    // The addresses alone change: the keys and the proof stay.
    let request = SetSendingDomainRequest { domain: "status.acme.example".into(), ..Default::default() };
    let changed = caller.sending_domains().set_sending_domain(request).await.unwrap().into_inner();
    let changed = changed.sending_domain.unwrap();
    assert_eq!((changed.from_local_part.as_str(), changed.reply_to.as_str()), ("status", ""));
    assert_eq!((&changed.records, changed.verified_at), (&verified.records, verified.verified_at));

    // Another one is not verified yet.
    let other = name(&caller, "news.acme.example").await.unwrap();
    assert_eq!(other.verified_at, None);
    assert!(other.records.iter().all(|record| verified.records.iter().all(|old| old.value != record.value)));
    let incident = page.incident("And again", &[]).await;
    page.completed_broadcast(&incident.first.update_id).await;
    let mail = cluster.smtp.mail_to("ada@example.net", 3).await;
    assert!(mail.header("from").unwrap().ends_with("<status@localhost>"));
}

#[tokio::test]
async fn a_domain_is_one_tenants_at_a_time_and_only_with_the_tenants_own_proof() {
    let dns = Dns::start().await;
    let cluster = start(&dns).await;
    let (acme, other) = (cluster.company("Acme").await, cluster.company("Other").await);
    let (acme, other) = (acme.caller(), other.caller());
    let mine = name(&acme, "acme.example").await.unwrap();
    let theirs = name(&other, "acme.example").await.unwrap();
    publish(&dns, &mine);
    assert!(verify(&acme).await.unwrap().verified_at.is_some());

    // Whoever cannot write into the domain's DNS has nothing of what the owner published.
    let copied = verify(&other).await.unwrap();
    assert_eq!((found(&copied), copied.verified_at), (vec![false; 3], None));
    publish(&dns, &theirs);
    let refused = verify(&other).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused}");
    assert_eq!(found(&get(&other).await.unwrap()), [true; 3]);

    for _ in 0..2 {
        acme.sending_domains().remove_sending_domain(RemoveSendingDomainRequest {}).await.unwrap();
    }
    assert_eq!(get(&acme).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(verify(&acme).await.unwrap_err().code(), Code::NotFound);
    assert!(verify(&other).await.unwrap().verified_at.is_some());
}

/// As if the domain's records had been wrong for so long.
async fn given_failing_for(cluster: &Cluster, company: &Company, hours: i32) {
    let mut database = cluster.database.connect().await;
    let changed = sqlx::query!(
        "update notifications.sending_domain set failing_since = now() - make_interval(hours => $2)
         where tenant_id = $1 and failing_since is not null",
        company.tenant().uuid(),
        hours,
    )
    .execute(&mut database)
    .await
    .unwrap();
    assert_eq!(changed.rows_affected(), 1, "no look-up saw it failing");
}

#[tokio::test]
async fn a_domain_stays_verified_while_the_dns_fails_and_until_its_records_were_wrong_for_three_days() {
    let dns = Dns::start().await;
    let cluster = start(&dns).await;
    let company = cluster.company("Acme").await;
    let caller = company.caller();
    let named = name(&caller, "acme.example").await.unwrap();
    publish(&dns, &named);
    assert!(verify(&caller).await.unwrap().verified_at.is_some());

    dns.fail(true);
    for _ in 0..5 {
        let after = verify(&caller).await.unwrap();
        assert_eq!((found(&after), after.verified_at.is_some()), (vec![true; 3], true));
    }
    dns.fail(false);
    dns.unpublish(&named.records[0].name);
    for _ in 0..3 {
        let after = verify(&caller).await.unwrap();
        assert_eq!((found(&after), after.verified_at.is_some()), (vec![false, true, true], true));
    }
    given_failing_for(&cluster, &company, 71).await;
    assert!(verify(&caller).await.unwrap().verified_at.is_some());

    // The daily look-up does the rest.
    given_failing_for(&cluster, &company, 72).await;
    let mut database = cluster.database.connect().await;
    sqlx::query!("update notifications.sending_domain_check set check_at = now()")
        .execute(&mut database)
        .await
        .unwrap();
    eventually("the domain to be given up", || async {
        get(&caller).await.unwrap().verified_at.is_none().then_some(())
    })
    .await;
    dns.publish(&named.records[0].name, &named.records[0].value);
    assert!(verify(&caller).await.unwrap().verified_at.is_some(), "and it can be verified again");
}

#[tokio::test]
async fn what_is_no_domain_or_no_address_of_it_is_refused_by_its_field() {
    let dns = Dns::start().await;
    let cluster = start(&dns).await;
    let caller = cluster.company("Acme").await.caller();
    for (domain, from_local_part, reply_to, field) in [
        ("acme", "", "", "domain"),
        ("127.0.0.1", "", "", "domain"),
        ("a_b.example", "", "", "domain"),
        ("acme.example\r\n", "a b", "", "from_local_part"),
        ("acme.example", "a\r\nBcc: x", "", "from_local_part"),
        ("acme.example", "", "help@other.example", "reply_to"),
        ("acme.example", "", "help", "reply_to"),
        (&format!("{}.example", "a.".repeat(110)), "", "", "domain"),
    ] {
        let request = SetSendingDomainRequest {
            domain: domain.to_owned(),
            from_local_part: from_local_part.to_owned(),
            reply_to: reply_to.to_owned(),
        };
        let refused = caller.sending_domains().set_sending_domain(request).await.unwrap_err();
        assert_eq!(violated(&refused), [field], "{domain:?} {from_local_part:?} {reply_to:?}");
    }
    assert_eq!(dns.asked(), 0);
}
