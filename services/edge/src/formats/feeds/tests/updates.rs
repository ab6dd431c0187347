use proto::incidents::v1::Postmortem;

use super::*;
use crate::formats::feeds::{json_feed, updates_atom};

#[test]
fn an_atom_feed_has_an_entry_for_each_update() {
    let document = of(updates_atom, "pt-BR", vec![incident()], vec![begun()]);
    assert_eq!(
        lined(&document),
        r#"<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="pt-BR">
<title>Status de Acme &amp; Sons - Atualizações</title>
<id>tag:status.example.com,2005:/p/acme/updates</id>
<updated>2026-11-22T04:00:00+00:00</updated>
<author>
<name>Acme &amp; Sons</name>
</author>
<link href="https://status.example.com:8443/p/acme" rel="alternate" type="text/html"/>
<link href="https://status.example.com:8443/p/acme/updates.atom" rel="self" type="application/atom+xml"/>
<entry>
<title>Database upgrade: Em andamento</title>
<id>tag:status.example.com,2005:Update/u1lcri29xndz</id>
<updated>2026-11-22T04:00:00+00:00</updated>
<category term="maintenance" label="Manutenção"/>
<link href="https://status.example.com:8443/p/acme/maintenances/mnt_01kag3v801fd3vy8gh9s4w6z7n#upd_01kag3v8500000000000000500" rel="alternate" type="text/html"/>
<link href="https://status.example.com:8443/p/acme/maintenances/mnt_01kag3v801fd3vy8gh9s4w6z7n" rel="related" type="text/html"/>
<published>2026-11-22T04:00:00+00:00</published>
<content type="html">&lt;p&gt;A manutenção começou.&lt;/p&gt;
</content>
</entry>
<entry>
<title>Checkout is slow: Resolvido</title>
<id>tag:status.example.com,2005:Update/0e4dai3z1aes</id>
<updated>2026-11-20T14:35:00+00:00</updated>
<category term="incident" label="Incidente"/>
<category term="major" label="Impacto grave"/>
<link href="https://status.example.com:8443/p/acme/incidents/inc_01kag3v800e8wt5e2g7qv8xk2m#upd_01kag3v8300000000000000300" rel="alternate" type="text/html"/>
<link href="https://status.example.com:8443/p/acme/incidents/inc_01kag3v800e8wt5e2g7qv8xk2m" rel="related" type="text/html"/>
<published>2026-11-20T14:35:00+00:00</published>
<content type="html">&lt;p&gt;It is &lt;strong&gt;over&lt;/strong&gt;.&lt;/p&gt;
&lt;p&gt;Operacional: API&lt;/p&gt;
</content>
</entry>
<entry>
<title>Checkout is slow: Atualização</title>
<id>tag:status.example.com,2005:Update/q6gqotv047nz</id>
<updated>2026-11-20T13:10:00+00:00</updated>
<category term="incident" label="Incidente"/>
<category term="major" label="Impacto grave"/>
<link href="https://status.example.com:8443/p/acme/incidents/inc_01kag3v800e8wt5e2g7qv8xk2m#upd_01kag3v8200000000000000200" rel="alternate" type="text/html"/>
<link href="https://status.example.com:8443/p/acme/incidents/inc_01kag3v800e8wt5e2g7qv8xk2m" rel="related" type="text/html"/>
<published>2026-11-20T13:10:00+00:00</published>
<content type="html">&lt;ul&gt;
&lt;li&gt;the database&lt;/li&gt;
&lt;li&gt;or the network&lt;/li&gt;
&lt;/ul&gt;
</content>
</entry>
<entry>
<title>Checkout is slow: Investigando</title>
<id>tag:status.example.com,2005:Update/iw4n0c5wpy8f</id>
<updated>2026-11-20T13:00:00+00:00</updated>
<category term="incident" label="Incidente"/>
<category term="major" label="Impacto grave"/>
<link href="https://status.example.com:8443/p/acme/incidents/inc_01kag3v800e8wt5e2g7qv8xk2m#upd_01kag3v8100000000000000100" rel="alternate" type="text/html"/>
<link href="https://status.example.com:8443/p/acme/incidents/inc_01kag3v800e8wt5e2g7qv8xk2m" rel="related" type="text/html"/>
<published>2026-11-20T13:00:00+00:00</published>
<content type="html">&lt;p&gt;We look.&lt;/p&gt;
&lt;p&gt;Sorry.&lt;/p&gt;
&lt;p&gt;Interrupção parcial: API&lt;/p&gt;
</content>
</entry>
<entry>
<title>Database upgrade: Agendada</title>
<id>tag:status.example.com,2005:Update/ksl7wm1wdrcp</id>
<updated>2026-11-20T12:00:00+00:00</updated>
<category term="maintenance" label="Manutenção"/>
<link href="https://status.example.com:8443/p/acme/maintenances/mnt_01kag3v801fd3vy8gh9s4w6z7n#upd_01kag3v8400000000000000400" rel="alternate" type="text/html"/>
<link href="https://status.example.com:8443/p/acme/maintenances/mnt_01kag3v801fd3vy8gh9s4w6z7n" rel="related" type="text/html"/>
<published>2026-11-20T12:00:00+00:00</published>
<content type="html">&lt;p&gt;We upgrade; expect &lt;em&gt;short&lt;/em&gt; pauses, twice.&lt;/p&gt;
</content>
</entry>
</feed>"#
    );
}

#[test]
fn a_json_feed_has_an_item_for_each_update() {
    let document = of(json_feed, "en", vec![incident()], vec![begun()]);
    assert_eq!(
        lined(&document),
        r#"{"version":"https://jsonfeed.org/version/1.1",
"title":"Acme & Sons status - Updates",
"home_page_url":"https://status.example.com:8443/p/acme",
"feed_url":"https://status.example.com:8443/p/acme/feed.json",
"language":"en",
"authors":[{"name":"Acme & Sons",
"url":"https://status.example.com:8443/p/acme"}],"items":[{"id":"tag:status.example.com,2005:Update/u1lcri29xndz",
"url":"https://status.example.com:8443/p/acme/maintenances/mnt_01kag3v801fd3vy8gh9s4w6z7n#upd_01kag3v8500000000000000500",
"title":"Database upgrade: In progress",
"content_html":"<p>The maintenance has begun.</p>\n",
"content_text":"The maintenance has begun.",
"date_published":"2026-11-22T04:00:00Z",
"date_modified":"2026-11-22T04:00:00Z",
"tags":["maintenance"]},
{"id":"tag:status.example.com,2005:Update/0e4dai3z1aes",
"url":"https://status.example.com:8443/p/acme/incidents/inc_01kag3v800e8wt5e2g7qv8xk2m#upd_01kag3v8300000000000000300",
"title":"Checkout is slow: Resolved",
"content_html":"<p>It is <strong>over</strong>.</p>\n<p>Operational: API</p>\n",
"content_text":"It is **over**.\n\nOperational: API",
"date_published":"2026-11-20T14:35:00Z",
"date_modified":"2026-11-20T14:35:00Z",
"tags":["incident",
"major"]},
{"id":"tag:status.example.com,2005:Update/q6gqotv047nz",
"url":"https://status.example.com:8443/p/acme/incidents/inc_01kag3v800e8wt5e2g7qv8xk2m#upd_01kag3v8200000000000000200",
"title":"Checkout is slow: Update",
"content_html":"<ul>\n<li>the database</li>\n<li>or the network</li>\n</ul>\n",
"content_text":"- the database\n- or the network",
"date_published":"2026-11-20T13:10:00Z",
"date_modified":"2026-11-20T13:10:00Z",
"tags":["incident",
"major"]},
{"id":"tag:status.example.com,2005:Update/iw4n0c5wpy8f",
"url":"https://status.example.com:8443/p/acme/incidents/inc_01kag3v800e8wt5e2g7qv8xk2m#upd_01kag3v8100000000000000100",
"title":"Checkout is slow: Investigating",
"content_html":"<p>We look.</p>\n<p>Sorry.</p>\n<p>Partial outage: API</p>\n",
"content_text":"We look.\n\nSorry.\n\nPartial outage: API",
"date_published":"2026-11-20T13:00:00Z",
"date_modified":"2026-11-20T13:00:00Z",
"tags":["incident",
"major"]},
{"id":"tag:status.example.com,2005:Update/ksl7wm1wdrcp",
"url":"https://status.example.com:8443/p/acme/maintenances/mnt_01kag3v801fd3vy8gh9s4w6z7n#upd_01kag3v8400000000000000400",
"title":"Database upgrade: Scheduled",
"content_html":"<p>We upgrade; expect <em>short</em> pauses, twice.</p>\n",
"content_text":"We upgrade; expect *short* pauses, twice.",
"date_published":"2026-11-20T12:00:00Z",
"date_modified":"2026-11-20T12:00:00Z",
"tags":["maintenance"]}]}"#
    );
}

#[test]
fn an_empty_page_has_an_empty_feed() {
    let document = of(updates_atom, "ja", Vec::new(), Vec::new());
    assert_eq!(
        lined(&document),
        r#"<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ja">
<title>Acme &amp; Sonsのステータス - 更新</title>
<id>tag:status.example.com,2005:/p/acme/updates</id>
<updated>2025-11-20T07:49:44+00:00</updated>
<author>
<name>Acme &amp; Sons</name>
</author>
<link href="https://status.example.com:8443/p/acme" rel="alternate" type="text/html"/>
<link href="https://status.example.com:8443/p/acme/updates.atom" rel="self" type="application/atom+xml"/>
</feed>"#
    );
    let document = of(json_feed, "ja", Vec::new(), Vec::new());
    assert_eq!(
        lined(&document),
        r#"{"version":"https://jsonfeed.org/version/1.1",
"title":"Acme & Sonsのステータス - 更新",
"home_page_url":"https://status.example.com:8443/p/acme",
"feed_url":"https://status.example.com:8443/p/acme/feed.json",
"language":"ja",
"authors":[{"name":"Acme & Sons",
"url":"https://status.example.com:8443/p/acme"}],"items":[]}"#
    );
}

#[test]
fn an_edit_moves_the_time_of_one_entry_and_no_id() {
    let before = of(updates_atom, "en", vec![incident()], Vec::new());
    let mut edited = incident();
    edited.updates[1].edited_at = wire("2026-11-21T09:00:00Z");
    edited.title = "Checkout is down".into();
    let after = of(updates_atom, "en", vec![edited], Vec::new());
    for part in ["id", "published"] {
        let part = |document| between(document, &format!("<{part}>"), "</").concat();
        assert_eq!(part(&before), part(&after));
    }
    assert_eq!(
        between(&after, "<updated>", "</"),
        [
            "2026-11-21T09:00:00+00:00",
            "2026-11-20T14:35:00+00:00",
            "2026-11-21T09:00:00+00:00",
            "2026-11-20T13:00:00+00:00",
        ]
    );
}

#[test]
fn fifty_updates_are_in_a_feed_the_newest_of_all_stories() {
    let told = |minutes: std::ops::Range<usize>, title: &str| Incident {
        title: title.into(),
        updates: minutes
            .rev()
            .map(|n| update(n % 32, Phase::Identified, &format!("2026-11-20T13:{n:02}:00Z"), ""))
            .collect(),
        ..incident()
    };
    let document =
        of(updates_atom, "en", vec![told(0..30, "a"), told(30..55, "b"), told(55..60, "c")], Vec::new());
    let times = between(&document, "<published>", "</");
    let newest = (10..60).rev().map(|n| format!("2026-11-20T13:{n:02}:00+00:00")).collect::<Vec<_>>();
    assert_eq!(times, newest);
    // the oldest of those that are told follows one that is not
    assert_eq!(between(&document, "<title>", "</title>").last(), Some(&"a: Update"));
}

#[test]
fn a_report_is_an_entry_of_its_own() {
    let report = Postmortem {
        body: "A cable.".into(),
        published_at: wire("2026-11-23T15:00:00Z"),
        edited_at: wire("2026-11-24T15:00:00Z"),
    };
    let document =
        of(updates_atom, "fr", vec![Incident { postmortem: Some(report), ..incident() }], Vec::new());
    let entry = between(&document, "<entry>", "</entry>")[0];
    assert_eq!(
        lined(entry),
        r#"<title>Checkout is slow : Analyse post-incident</title>
<id>tag:status.example.com,2005:Postmortem/r0nv8krjr3e5</id>
<updated>2026-11-24T15:00:00+00:00</updated>
<category term="incident" label="Incident"/>
<category term="major" label="Impact majeur"/>
<link href="https://status.example.com:8443/p/acme/incidents/inc_01kag3v800e8wt5e2g7qv8xk2m#postmortem" rel="alternate" type="text/html"/>
<link href="https://status.example.com:8443/p/acme/incidents/inc_01kag3v800e8wt5e2g7qv8xk2m" rel="related" type="text/html"/>
<published>2026-11-23T15:00:00+00:00</published>
<content type="html">&lt;p&gt;A cable.&lt;/p&gt;
</content>"#
    );
}

#[test]
fn what_members_write_breaks_no_feed() {
    let document = of(updates_atom, "en", vec![hostile()], Vec::new());
    assert_is_clean(&document);
    let feed: atom_syndication::Feed = document.parse().unwrap();
    assert_eq!(feed.entries[0].title.value, "]]></title><script>\"'& 🔥 \u{202b}שלום: Identified");
    let document: serde_json::Value =
        serde_json::from_str(&of(json_feed, "en", vec![hostile()], Vec::new())).unwrap();
    let item = &document["items"][0];
    assert_eq!(item["language"], "he");
    assert_is_clean(item["content_html"].as_str().unwrap());
    assert_eq!(
        item["content_text"],
        r#"]]> &amp; <script>alert(1)</script> &#1; [x](javascript:alert(1)) 🔥 שלום

```
]]>
```"#
    );
}
