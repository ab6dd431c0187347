//! What readers see of a page with everything on it.

use http::StatusCode;

use crate::{
    everything::page,
    web::{assert_in_order, get},
    world::World,
};

#[tokio::test]
async fn the_front_shows_all_that_the_contract_tells() {
    let world = World::showing(page("en")).await;
    let front = get(&world, "/p/demo").await;
    assert_eq!(front.status, StatusCode::OK);
    assert_in_order(
        front.text(),
        &[
            "<h2>Partial outage</h2>",
            "2 open incidents",
            "1 maintenance in progress",
            "2 components affected",
            "Slow dashboard",
            "<p class=\"next\"><time datetime=\"2026-11-20T23:50:00Z\">Next update by 20:50</time>",
            "dir=\"auto\" lang=\"de\">Zahlungen gestört</a>",
            "Customers affected <time datetime=\"2026-11-20T21:50:00Z\">since 20 November 2026 at 18:50 GMT−3",
            "<p class=\"next overdue partial\">",
            "Next update overdue: promised by 20:40",
            "Payments (Cards)",
            "Payments (Pix)",
            "<strong>Update</strong>",
            "<div class=\"prose\" dir=\"auto\" lang=\"de\">\n<p>Wir arbeiten <strong>weiter</strong> daran.</p>",
            "<strong>Identified</strong>",
            "Edited 20 November 2026 at 19:40 GMT−3",
            "<strong>Investigating</strong>",
            "<h2 id=\"active-maintenances\">Maintenance in progress</h2>",
            "/p/demo/maintenances/mnt_1",
            "20 November 2026 at 20:00</time>&#160;– <time datetime=\"2026-11-21T02:00:00Z\">23:00 GMT−3</time>",
            "Website and Payments (Pix)",
            "The maintenance has begun.",
            "<strong>Update</strong>",
            "The planned time has changed.",
            "New planned end: 20 November 2026 at 23:00 GMT−3",
            "We replace a <em>switch</em>.",
            "<h2 id=\"upcoming-maintenances\">Scheduled maintenance</h2>",
            "Larger database",
            "We move to a larger database.",
            "30 November 2026 at 23:00</time>&#160;– <time datetime=\"2026-12-01T02:45:00Z\">23:45 GMT−3</time>",
            "<h2 id=\"components\">Components</h2>",
            "Website",
            "state maintenance\"",
            "Under maintenance",
            "<span class=\"percent\">100% uptime in the last 90 days</span>",
            "Payments",
            "2 components",
            "99.44% uptime in the last 90 days",
            "Everything that moves money.",
            "Cards",
            "<rect class=\"partial\" x=\"110\" width=\"7\" height=\"32\"><title>3 September 2026: 12 min partial outage",
            "<rect class=\"major\" x=\"890\" width=\"7\" height=\"32\"><title>20 November 2026: 5 min partial outage, 1 h 5 min major outage</title>",
            "99.98% uptime in the last 90 days",
            "<ul class=\"unseen\" aria-label=\"Days with outages\"><li>3 September 2026: 12 min partial outage</li>",
            "<li>20 November 2026: 5 min partial outage, 1 h 5 min major outage</li></ul>",
            "Pix",
            "98.90% uptime in the last 30 days",
            "Cloud",
            "Follows São Paulo, Example Cloud",
            "Not heard from Example Cloud since 20 November 2026 at 18:10 GMT−3",
            "<a href=\"/p/demo/uptime\">Uptime by month</a>",
            "Slow pages",
            "Lasted for 1 h 35 min",
            "Payments (Pix) and Fax",
            "Read the postmortem",
            "<h2 id=\"recent-maintenances\">Recent maintenance</h2>",
            "Certificates",
            "<p>Certificates.</p>",
            "Completed",
        ],
    );
    for hidden in ["Disaster site", "Spare"] {
        assert!(!front.text().contains(hidden), "{hidden}");
    }
}

#[tokio::test]
async fn in_portuguese_numbers_and_texts_are_portuguese() {
    let world = World::showing(page("pt-BR")).await;
    assert_in_order(
        get(&world, "/p/demo").await.text(),
        &[
            "Próxima atualização até as 20:50",
            "Próxima atualização atrasada: prometida até as 20:40",
            "A manutenção começou.",
            "Em manutenção",
            "99,98% de disponibilidade nos últimos 90 dias",
            "Segue São Paulo, Example Cloud",
            "Sem notícias de Example Cloud desde 20 de novembro de 2026 às 18:10 GMT−3",
            "Durou 1 h 35 min",
            "Payments (Pix) e Fax",
        ],
    );
    let uptime = get(&world, "/p/demo/uptime").await;
    assert_in_order(
        uptime.text(),
        &["<h1 id=\"uptime\">Disponibilidade</h1>", "setembro de 2026", "novembro de 2026", "99,98%"],
    );
}

#[tokio::test]
async fn an_incident_by_itself_tells_its_report_before_its_updates() {
    let world = World::showing(page("en")).await;
    let story = get(&world, "/p/demo/incidents/inc_1").await;
    assert_in_order(
        story.text(),
        &[
            "Lasted for 1 h 35 min",
            "Customers affected",
            "10 November 2026 at 06:40</time>&#160;– <time datetime=\"2026-11-10T11:15:00Z\">08:15 GMT−3</time>",
            "Affects</dt><dd dir=\"auto\">Website, Payments (Cards, Pix)",
            "Impact by component",
            "Degraded performance",
            "Payments (Pix)",
            "Postmortem</h2>",
            "Published 12 November 2026 at 09:00 GMT−3",
            "Edited 13 November 2026 at 09:00 GMT−3",
            "<h3>What happened</h3>",
            "<h2 id=\"updates\">Updates</h2>",
            "All is well again.",
            "<p class=\"gap\">1 h 5 min earlier</p>",
            "<strong>Investigating</strong>",
        ],
    );
}

#[tokio::test]
async fn a_maintenance_has_a_page_with_its_whole_story() {
    let world = World::showing(page("en")).await;
    let story = get(&world, "/p/demo/maintenances/mnt_3").await;
    assert_eq!(story.status, StatusCode::OK);
    assert_in_order(
        story.text(),
        &[
            "<h1 dir=\"auto\">Certificates</h1>",
            "Completed",
            "Lasted for 30 min",
            "Planned</dt><dd>",
            "15 November 2026 at 00:00</time>&#160;– <time datetime=\"2026-11-15T04:00:00Z\">01:00 GMT−3</time>",
            "Website and Payments (Pix)",
            "The maintenance is complete.",
            "15 h 30 min earlier",
            "<p>Certificates.</p>",
        ],
    );
    for missing in ["mnt_9", "inc_1", "%3Cscript%3E"] {
        let answer = get(&world, &format!("/p/demo/maintenances/{missing}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{missing}");
    }
    let history = get(&world, "/p/demo/history").await;
    assert_in_order(
        history.text(),
        &[
            "November 2026",
            "/p/demo/incidents/inc_2",
            "/p/demo/maintenances/mnt_3",
            "phase maintenance\">Maintenance</span>",
        ],
    );
}

#[tokio::test]
async fn the_uptime_of_three_months_is_a_table_and_older_months_are_a_link_away() {
    let world = World::showing(page("en")).await;
    let newest = get(&world, "/p/demo/uptime").await;
    assert_eq!(newest.status, StatusCode::OK);
    assert_in_order(
        newest.text(),
        &[
            "September 2026",
            "October 2026",
            "November 2026",
            "Website",
            "Not counted",
            "100%",
            "<tr role=\"row\" class=\"of-group\"><th role=\"rowheader\" scope=\"row\" dir=\"auto\">Payments</th>",
            "99.44%",
            "<tr role=\"row\" class=\"in-group\"><th role=\"rowheader\" scope=\"row\" dir=\"auto\">Cards</th>",
            "99.98%",
            "17 min partial outage, 1 h 5 min major outage",
            "A partial outage counts as 30% down, a major outage as 100%.",
            "href=\"/p/demo/uptime?before=2026-09\"",
        ],
    );
    assert!(!newest.text().contains("Newest months"));
    let older = get(&world, "/p/demo/uptime?before=2026-09").await;
    assert_in_order(older.text(), &["No component shows its uptime here.", "Newest months"]);
    for bad in ["2027-01", "2000-01", "1999-12", "2026-13", "2026", "x", ""] {
        let answer = get(&world, &format!("/p/demo/uptime?before={bad}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{bad}");
    }
}
