//! A page with everything on it that a page can have.

use proto::{
    common::v1::Date,
    incidents::v1::{
        Component, ComponentImpact, ComponentStatus, GetPageResponse, Impact, Maintenance, MaintenancePhase,
        MaintenanceUpdate, OverallStatus, Phase, Postmortem, ThirdParty, Uptime, UptimeDay, UptimeWeights,
        uptime::Of,
    },
};

use crate::given::{self, at};

fn maintenance(
    id: &str,
    title: &str,
    phase: MaintenancePhase,
    from: &str,
    to: &str,
    updates: Vec<MaintenanceUpdate>,
) -> Maintenance {
    Maintenance {
        maintenance_id: id.into(),
        page_id: given::PAGE_ID.into(),
        title: title.into(),
        phase: phase.into(),
        component_ids: vec!["cmp_web".into(), "cmp_pix".into()],
        scheduled_start_at: at(from),
        scheduled_end_at: at(to),
        updates,
        ..Maintenance::default()
    }
}

fn told(id: &str, phase: MaintenancePhase, time: &str, body: &str) -> MaintenanceUpdate {
    MaintenanceUpdate {
        update_id: id.into(),
        phase: phase.into(),
        body: body.into(),
        displayed_at: at(time),
        ..MaintenanceUpdate::default()
    }
}

fn uptime(of: Of, hundredths: i32, began: &str, days: &[(i32, i32, i32, i32)]) -> Uptime {
    let days = days.iter().map(|&(month, day, partial, major)| UptimeDay {
        date: Some(Date { year: 2026, month, day }),
        partial_outage_seconds: partial,
        major_outage_seconds: major,
    });
    let days = days.collect::<Vec<_>>();
    Uptime {
        of: Some(of),
        hundredths_of_percent: hundredths,
        window_seconds: 7_760_700,
        partial_outage_seconds: days.iter().map(|day| i64::from(day.partial_outage_seconds)).sum(),
        major_outage_seconds: days.iter().map(|day| i64::from(day.major_outage_seconds)).sum(),
        window_started_at: at(began),
        window_ended_at: at("2026-11-20T23:45:00Z"),
        days,
    }
}

fn components() -> Vec<Component> {
    let component = given::component;
    let cloud = ThirdParty {
        vendor_id: "ven_1".into(),
        vendor_name: "Example Cloud".into(),
        vendor_component: "Virtual machines".into(),
        vendor_group_name: "São Paulo".into(),
        not_heard_since: at("2026-11-20T21:10:00Z"),
        ..ThirdParty::default()
    };
    vec![
        Component {
            description: "What customers see first.".into(),
            ..component("cmp_web", None, "Website", ComponentStatus::UnderMaintenance)
        },
        component("cmp_cards", Some("grp_pay"), "Cards", ComponentStatus::MajorOutage),
        Component {
            position: 1,
            ..component("cmp_pix", Some("grp_pay"), "Pix", ComponentStatus::PartialOutage)
        },
        Component {
            hidden_while_operational: true,
            ..component("cmp_dark", Some("grp_dark"), "Disaster site", ComponentStatus::Operational)
        },
        Component {
            position: 5,
            third_party: Some(cloud),
            ..component("cmp_cloud", None, "Cloud", ComponentStatus::Operational)
        },
    ]
}

/// The page, at 20:45 in São Paulo.
pub(crate) fn page(locale: &str) -> GetPageResponse {
    let mut page = given::page(locale);
    page.overall_status = OverallStatus::PartialOutage.into();
    page.component_groups =
        vec![given::group("grp_pay", "Payments", 1), given::group("grp_dark", "Spare", 2)];
    page.component_groups[0].description = "Everything that moves money.".into();
    page.components = components();
    page.former_components = vec![given::component("cmp_old", None, "Fax", ComponentStatus::Operational)];
    page.uptimes = vec![
        uptime(Of::ComponentId("cmp_web".into()), 10_000, "2026-08-23T03:00:00Z", &[]),
        uptime(
            Of::ComponentId("cmp_cards".into()),
            9998,
            "2026-08-23T03:00:00Z",
            &[(9, 3, 720, 0), (11, 20, 300, 3900)],
        ),
        uptime(Of::ComponentId("cmp_pix".into()), 9890, "2026-10-22T03:00:00Z", &[(11, 19, 5400, 0)]),
        uptime(Of::ComponentGroupId("grp_pay".into()), 9944, "2026-08-23T03:00:00Z", &[(9, 3, 360, 0)]),
    ];
    page.uptime_weights = Some(UptimeWeights { partial_outage_percent: 30, major_outage_percent: 100 });

    let mut updates = vec![
        given::update("upd_3", Phase::Identified, "2026-11-20T23:30:00Z", "Wir arbeiten **weiter** daran."),
        given::update("upd_2", Phase::Identified, "2026-11-20T22:15:00Z", "Ein Speicher ist voll."),
        given::update("upd_1", Phase::Investigating, "2026-11-20T22:05:00Z", "Zahlungen gehen nicht durch."),
    ];
    updates[0].affected_components = vec![
        given::affected("cmp_cards", ComponentStatus::MajorOutage),
        given::affected("cmp_pix", ComponentStatus::PartialOutage),
    ];
    updates[1].edited_at = at("2026-11-20T22:40:00Z");
    let mut open = given::incident("inc_2", "Zahlungen gestört", Impact::Critical, updates);
    open.language = "de".into();
    open.impact_started_at = at("2026-11-20T21:50:00Z");
    open.next_update_at = at("2026-11-20T23:40:00Z");
    let mut promised = given::incident(
        "inc_3",
        "Slow dashboard",
        Impact::Minor,
        vec![given::update("upd_9", Phase::Investigating, "2026-11-20T23:20:00Z", "We look into it.")],
    );
    promised.next_update_at = at("2026-11-20T23:50:00Z");
    page.open_incidents = vec![promised, open];

    let mut over = given::incident(
        "inc_1",
        "Slow pages",
        Impact::Minor,
        vec![
            given::update("upd_5", Phase::Resolved, "2026-11-10T11:05:00Z", "All is well again."),
            given::update("upd_4", Phase::Investigating, "2026-11-10T10:00:00Z", "Slow pages."),
        ],
    );
    over.impact_started_at = at("2026-11-10T09:40:00Z");
    over.impact_ended_at = at("2026-11-10T11:15:00Z");
    over.component_impacts = vec![ComponentImpact {
        component_id: "cmp_pix".into(),
        status: ComponentStatus::DegradedPerformance.into(),
        started_at: at("2026-11-10T09:40:00Z"),
        ended_at: at("2026-11-10T10:20:00Z"),
    }];
    over.affected_components = vec![
        given::affected("cmp_pix", ComponentStatus::Operational),
        given::affected("cmp_old", ComponentStatus::Operational),
    ];
    over.postmortem = Some(Postmortem {
        body: "# What happened\n\nA cache was *cold*.\n\n- one\n- two".into(),
        published_at: at("2026-11-12T12:00:00Z"),
        edited_at: at("2026-11-13T12:00:00Z"),
    });
    over.has_postmortem = true;
    page.recent_incidents = vec![over];

    use MaintenancePhase::{Completed, InProgress, Scheduled};
    let mut running = vec![
        told("upd_12", InProgress, "2026-11-20T23:00:00Z", ""),
        told("upd_11", Scheduled, "2026-11-19T12:00:00Z", ""),
        told("upd_10", Scheduled, "2026-11-18T12:00:00Z", "We replace a *switch*."),
    ];
    running[1].scheduled_end_at = at("2026-11-21T02:00:00Z");
    page.active_maintenances = vec![Maintenance {
        started_at: at("2026-11-20T23:00:00Z"),
        ..maintenance(
            "mnt_1",
            "New switch",
            InProgress,
            "2026-11-20T23:00:00Z",
            "2026-11-21T02:00:00Z",
            running,
        )
    }];
    let planned = vec![told("upd_13", Scheduled, "2026-11-20T12:00:00Z", "We move to a larger database.")];
    page.upcoming_maintenances = vec![maintenance(
        "mnt_2",
        "Larger database",
        Scheduled,
        "2026-12-01T02:00:00Z",
        "2026-12-01T02:45:00Z",
        planned,
    )];
    let done = vec![
        told("upd_15", Completed, "2026-11-15T03:30:00Z", ""),
        told("upd_14", Scheduled, "2026-11-14T12:00:00Z", "Certificates."),
    ];
    page.recent_maintenances = vec![Maintenance {
        started_at: at("2026-11-15T03:00:00Z"),
        ended_at: at("2026-11-15T03:30:00Z"),
        ..maintenance(
            "mnt_3",
            "Certificates",
            Completed,
            "2026-11-15T03:00:00Z",
            "2026-11-15T04:00:00Z",
            done,
        )
    }];
    page
}
