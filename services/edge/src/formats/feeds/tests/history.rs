use proto::incidents::v1::Postmortem;

use super::*;
use crate::formats::feeds::{atom, rss};

#[test]
fn an_atom_feed_has_an_entry_for_each_story_in_the_form_that_readers_know() {
    let document = of(atom, "en", vec![incident()], vec![begun()]);
    assert_eq!(
        lined(&document),
        r#"<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
<title>Acme &amp; Sons status - Incident history</title>
<id>tag:status.example.com,2005:/p/acme/history</id>
<updated>2026-11-22T04:00:00+00:00</updated>
<author>
<name>Acme &amp; Sons</name>
</author>
<link href="https://status.example.com:8443/p/acme" rel="alternate" type="text/html"/>
<link href="https://status.example.com:8443/p/acme/history.atom" rel="self" type="application/atom+xml"/>
<entry>
<title>Database upgrade</title>
<id>tag:status.example.com,2005:Incident/ciln2rrlz77f</id>
<updated>2026-11-22T04:00:00+00:00</updated>
<link href="https://status.example.com:8443/p/acme/maintenances/mnt_01kag3v801fd3vy8gh9s4w6z7n" rel="alternate" type="text/html"/>
<published>2026-11-22T04:00:00+00:00</published>
<content type="html">&lt;p&gt;&lt;strong&gt;THIS IS A SCHEDULED EVENT 22 November 2026 at 01:00 - 02:30 GMT−3&lt;/strong&gt;&lt;/p&gt;
&lt;p&gt;&lt;small&gt;&lt;var data-var=&apos;date&apos;&gt;22 November 2026&lt;/var&gt; at &lt;var data-var=&apos;time&apos;&gt;01:00&lt;/var&gt; GMT−3&lt;/small&gt;&lt;br&gt;&lt;strong&gt;In progress&lt;/strong&gt; - The maintenance has begun.&lt;/p&gt;
&lt;p&gt;&lt;small&gt;&lt;var data-var=&apos;date&apos;&gt;20 November 2026&lt;/var&gt; at &lt;var data-var=&apos;time&apos;&gt;09:00&lt;/var&gt; GMT−3&lt;/small&gt;&lt;br&gt;&lt;strong&gt;Scheduled&lt;/strong&gt; - We upgrade; expect &lt;em&gt;short&lt;/em&gt; pauses, twice.&lt;/p&gt;
</content>
</entry>
<entry>
<title>Checkout is slow</title>
<id>tag:status.example.com,2005:Incident/r0nv8krjr3e5</id>
<updated>2026-11-20T14:35:00+00:00</updated>
<link href="https://status.example.com:8443/p/acme/incidents/inc_01kag3v800e8wt5e2g7qv8xk2m" rel="alternate" type="text/html"/>
<published>2026-11-20T14:35:00+00:00</published>
<content type="html">&lt;p&gt;&lt;small&gt;&lt;var data-var=&apos;date&apos;&gt;20 November 2026&lt;/var&gt; at &lt;var data-var=&apos;time&apos;&gt;11:35&lt;/var&gt; GMT−3&lt;/small&gt;&lt;br&gt;&lt;strong&gt;Resolved&lt;/strong&gt; - It is &lt;strong&gt;over&lt;/strong&gt;.&lt;/p&gt;
&lt;p&gt;&lt;small&gt;&lt;var data-var=&apos;date&apos;&gt;20 November 2026&lt;/var&gt; at &lt;var data-var=&apos;time&apos;&gt;10:10&lt;/var&gt; GMT−3&lt;/small&gt;&lt;br&gt;&lt;strong&gt;Update&lt;/strong&gt;&lt;/p&gt;
&lt;ul&gt;
&lt;li&gt;the database&lt;/li&gt;
&lt;li&gt;or the network&lt;/li&gt;
&lt;/ul&gt;
&lt;p&gt;&lt;small&gt;&lt;var data-var=&apos;date&apos;&gt;20 November 2026&lt;/var&gt; at &lt;var data-var=&apos;time&apos;&gt;10:00&lt;/var&gt; GMT−3&lt;/small&gt;&lt;br&gt;&lt;strong&gt;Investigating&lt;/strong&gt; - We look.&lt;/p&gt;
&lt;p&gt;Sorry.&lt;/p&gt;
</content>
</entry>
</feed>"#
    );
}

#[test]
fn an_rss_feed_has_an_item_for_each_story() {
    let document = of(rss, "pt-BR", vec![incident()], Vec::new());
    assert_eq!(
        lined(&document),
        r#"<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">
<channel>
<title>Status de Acme &amp; Sons - Histórico de incidentes</title>
<link>https://status.example.com:8443/p/acme</link>
<description>Status de Acme &amp; Sons</description>
<language>pt-BR</language>
<pubDate>Fri, 20 Nov 2026 14:35:00 +0000</pubDate>
<atom:link href="https://status.example.com:8443/p/acme/history.rss" rel="self" type="application/rss+xml">
</atom:link>
<item>
<title>Checkout is slow</title>
<link>https://status.example.com:8443/p/acme/incidents/inc_01kag3v800e8wt5e2g7qv8xk2m</link>
<description>
<![CDATA[<p>
<small>
<var data-var='date'>20 de novembro de 2026</var> às <var data-var='time'>11:35</var> GMT−3</small>
<br>
<strong>Resolvido</strong> - It is <strong>over</strong>.</p>
<p>
<small>
<var data-var='date'>20 de novembro de 2026</var> às <var data-var='time'>10:10</var> GMT−3</small>
<br>
<strong>Atualização</strong>
</p>
<ul>
<li>the database</li>
<li>or the network</li>
</ul>
<p>
<small>
<var data-var='date'>20 de novembro de 2026</var> às <var data-var='time'>10:00</var> GMT−3</small>
<br>
<strong>Investigando</strong> - We look.</p>
<p>Sorry.</p>
]]>
</description>
<guid>https://status.example.com:8443/p/acme/incidents/inc_01kag3v800e8wt5e2g7qv8xk2m</guid>
<pubDate>Fri, 20 Nov 2026 14:35:00 +0000</pubDate>
</item>
</channel>
</rss>"#
    );
}

#[test]
fn an_empty_page_has_an_empty_feed_that_stays_the_same() {
    let document = of(atom, "de", Vec::new(), Vec::new());
    assert_eq!(
        lined(&document),
        r#"<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de">
<title>Status von Acme &amp; Sons - Störungsverlauf</title>
<id>tag:status.example.com,2005:/p/acme/history</id>
<updated>2025-11-20T07:49:44+00:00</updated>
<author>
<name>Acme &amp; Sons</name>
</author>
<link href="https://status.example.com:8443/p/acme" rel="alternate" type="text/html"/>
<link href="https://status.example.com:8443/p/acme/history.atom" rel="self" type="application/atom+xml"/>
</feed>"#
    );
    let document = of(rss, "de", Vec::new(), Vec::new());
    assert_eq!(
        lined(&document),
        r#"<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">
<channel>
<title>Status von Acme &amp; Sons - Störungsverlauf</title>
<link>https://status.example.com:8443/p/acme</link>
<description>Status von Acme &amp; Sons</description>
<language>de</language>
<pubDate>Thu, 20 Nov 2025 07:49:44 +0000</pubDate>
<atom:link href="https://status.example.com:8443/p/acme/history.rss" rel="self" type="application/rss+xml">
</atom:link>
</channel>
</rss>"#
    );
}

#[test]
fn an_entry_keeps_its_id_and_its_time_over_an_edit() {
    let before = of(atom, "en", vec![incident()], Vec::new());
    let mut edited = incident();
    edited.updates[2].body = "We look elsewhere.".into();
    edited.updates[2].edited_at = wire("2026-11-21T09:00:00Z");
    let after = of(atom, "en", vec![edited], Vec::new());
    for part in ["id", "published", "title"] {
        let part = |document| between(document, &format!("<{part}>"), "</").concat();
        assert_eq!(part(&before), part(&after));
    }
    assert_eq!(between(&before, "<updated>", "</"), ["2026-11-20T14:35:00+00:00"; 2]);
    assert_eq!(between(&after, "<updated>", "</"), ["2026-11-21T09:00:00+00:00"; 2]);
}

#[test]
fn a_maintenance_to_come_is_published_when_it_begins_and_updated_when_it_was_told() {
    let document = of(atom, "en", Vec::new(), vec![maintenance()]);
    assert_eq!(between(&document, "<published>", "</"), ["2026-11-22T04:00:00+00:00"]);
    assert_eq!(between(&document, "<updated>", "</"), ["2026-11-20T12:00:00+00:00"; 2]);
}

#[test]
fn twenty_five_stories_are_in_a_feed() {
    let many = (0..30).map(|n| Incident {
        title: n.to_string(),
        updates: vec![update(n, Phase::Identified, &format!("2026-11-20T13:00:{n:02}Z"), "")],
        ..incident()
    });
    let many = many.collect::<Vec<_>>();
    let newest = (5..30).rev().map(|n| n.to_string()).collect::<Vec<_>>();
    let titles = |document: fn(&Source, &[Story<'_>]) -> String| {
        let document = of(document, "en", many.clone(), Vec::new());
        between(&document, "<title>", "</title>")[1..]
            .iter()
            .map(|&title| title.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(titles(atom), newest);
    assert_eq!(titles(rss), newest);
}

#[test]
fn what_members_write_breaks_no_feed() {
    for document in [of(atom, "en", vec![hostile()], Vec::new()), of(rss, "en", vec![hostile()], Vec::new())]
    {
        assert_is_clean(&document.replace("<![CDATA[", ""));
    }
    let feed: atom_syndication::Feed = of(atom, "en", vec![hostile()], Vec::new()).parse().unwrap();
    let entry = &feed.entries[0];
    assert_eq!(entry.title.value, "]]></title><script>\"'& 🔥 \u{202b}שלום");
    assert_eq!(entry.title.lang.as_deref(), Some("he"));
    let html = entry.content.as_ref().unwrap().value.as_deref().unwrap();
    let channel = rss::Channel::read_from(of(rss, "en", vec![hostile()], Vec::new()).as_bytes()).unwrap();
    assert_eq!(channel.items[0].description.as_deref(), Some(html.trim_end()));
    assert_eq!(
        html,
        r#"<p><small><var data-var='date'>20 November 2026</var> at <var data-var='time'>10:00</var> GMT−3</small><br><strong>Identified</strong> - ]]&gt; &amp; &lt;script&gt;alert(1)&lt;/script&gt;  <a rel="nofollow noopener noreferrer">x</a> 🔥 שלום</p>
<pre><code>]]&gt;
</code></pre>
"#
    );
}

#[test]
fn a_report_is_an_entry_of_its_story_and_updates_that_are_left_out_are_counted() {
    let report = Postmortem {
        body: "# Why\n\nA cable.".into(),
        published_at: wire("2026-11-23T15:00:00Z"),
        edited_at: None,
    };
    let told = Incident { postmortem: Some(report), earlier_updates: 4, ..incident() };
    let document = of(rss, "en", vec![told], Vec::new());
    assert_eq!(between(&document, "<pubDate>", "</"), ["Mon, 23 Nov 2026 15:00:00 +0000"; 2]);
    let html = between(&document, "<![CDATA[", "]]>")[0];
    assert_eq!(
        html,
        r#"<p><small><var data-var='date'>23 November 2026</var> at <var data-var='time'>12:00</var> GMT−3</small><br><strong>Postmortem</strong></p>
<h3>Why</h3>
<p>A cable.</p>
<p><small><var data-var='date'>20 November 2026</var> at <var data-var='time'>11:35</var> GMT−3</small><br><strong>Resolved</strong> - It is <strong>over</strong>.</p>
<p><small><var data-var='date'>20 November 2026</var> at <var data-var='time'>10:10</var> GMT−3</small><br><strong>Update</strong></p>
<ul>
<li>the database</li>
<li>or the network</li>
</ul>
<p><small><var data-var='date'>20 November 2026</var> at <var data-var='time'>10:00</var> GMT−3</small><br><strong>Investigating</strong> - We look.</p>
<p>Sorry.</p>
<p><a href="https://status.example.com:8443/p/acme/incidents/inc_01kag3v800e8wt5e2g7qv8xk2m">See all 7 updates</a></p>
"#
    );
}

#[test]
fn an_open_incident_is_in_the_feeds_however_many_maintenances_are_announced_after_it() {
    let announced = |n: usize| Maintenance {
        maintenance_id: format!("mnt_01kag3v80{n:017}"),
        updates: vec![work_update(
            n % 10,
            MaintenancePhase::Scheduled,
            "2026-11-21T12:00:00Z",
            "We upgrade.",
        )],
        ..maintenance()
    };
    for document in [atom, rss] {
        let told = of(document, "en", vec![incident()], (0..40).map(announced).collect());
        assert_eq!(told.matches("Checkout is slow").count(), 1, "{told}");
        assert_eq!(told.matches("<title>Database upgrade").count(), 24, "{told}");
        let over = Incident { resolved_at: wire("2026-11-20T14:35:00Z"), ..incident() };
        let told = of(document, "en", vec![over], (0..40).map(announced).collect());
        assert_eq!(told.matches("Checkout is slow").count(), 0, "{told}");
    }
}
