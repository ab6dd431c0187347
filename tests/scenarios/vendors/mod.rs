//! Third-party components: they follow what a vendor's page says, and never what it does not.

mod site;

use pharos_tests::{Cluster, PageOf, Shape, eventually, violated};
use proto::{
    common::v1::ErrorReason,
    incidents::v1::{
        AuditAction, Component, ComponentStatus, CreateComponentRequest, CreateVendorRequest,
        DeleteVendorRequest, FollowedComponent, GetComponentRequest, ListVendorComponentsRequest,
        ListVendorsRequest, ThirdParty, Vendor, VendorComponent, VendorFormat, status_interval::Cause,
    },
};
use sqlx::Connection as _;
use tonic::Code;

use site::{Answer, VendorSite};

/// A system that may read pages of this machine, and does so often.
async fn cluster() -> Cluster {
    let further = [
        ("PHAROS__INCIDENTS__VENDOR_NETWORKS", "127.0.0.0/8"),
        ("PHAROS__INCIDENTS__VENDOR_READ_SECONDS", "1"),
    ];
    Cluster::start_with(Shape::AllInOne, &further).await
}

async fn vendors(page: &PageOf) -> Vec<Vendor> {
    let request = ListVendorsRequest { page_id: page.id() };
    page.caller().vendors().list_vendors(request).await.unwrap().into_inner().vendors
}

async fn listed(page: &PageOf, vendor: &Vendor) -> Vec<VendorComponent> {
    let request = ListVendorComponentsRequest { vendor_id: vendor.vendor_id.clone() };
    page.caller().vendors().list_vendor_components(request).await.unwrap().into_inner().vendor_components
}

/// A component that follows this one of the vendor.
async fn follower(page: &PageOf, vendor: &Vendor, followed: &str) -> Component {
    let third_party =
        FollowedComponent { vendor_id: vendor.vendor_id.clone(), vendor_component: followed.to_owned() };
    page.component_with(CreateComponentRequest {
        name: format!("Our {followed}"),
        third_party: Some(third_party),
        ..Default::default()
    })
    .await
}

async fn third_party(page: &PageOf, component: &Component) -> Option<ThirdParty> {
    let request = GetComponentRequest { component_id: component.component_id.clone() };
    let reply = page.caller().components().get_component(request).await.unwrap();
    reply.into_inner().component.unwrap().third_party
}

async fn becomes(page: &PageOf, component: &Component, status: ComponentStatus) {
    eventually("the status of the vendor", || async {
        (page.shown_status(component).await == status).then_some(())
    })
    .await;
}

/// The vendor once a reading of its page has failed with this.
async fn fails_with(page: &PageOf, vendor: &Vendor, problem: &str) -> Vendor {
    eventually("the reading to fail", || async {
        let now = vendors(page).await.into_iter().find(|it| it.vendor_id == vendor.vendor_id).unwrap();
        now.problem.contains(problem).then_some(now)
    })
    .await
}

#[tokio::test]
async fn a_component_follows_what_the_vendor_says_of_its_own() {
    let cluster = cluster().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let site =
        VendorSite::statuspage(&[("c1", "Storage", "operational"), ("c2", "Mail", "major_outage")]).await;
    let vendor = page.vendor("Cloud Inc", &format!("{}/", site.url), VendorFormat::Statuspage).await;
    assert_eq!((vendor.url.as_str(), vendor.heard_at), (site.url.as_str(), None));
    let storage = follower(&page, &vendor, "c1").await;
    let components = eventually("the first reading", || async {
        Some(listed(&page, &vendor).await).filter(|listed| listed.len() == 2)
    })
    .await;
    let read = components.iter().map(|it| (it.name.as_str(), it.group_name.as_str(), it.status()));
    let expected =
        [("Storage", "Cloud", ComponentStatus::Operational), ("Mail", "Cloud", ComponentStatus::MajorOutage)];
    assert_eq!(read.collect::<Vec<_>>(), expected);
    // Known by then, so that it shows at once.
    let mail = follower(&page, &vendor, "Mail").await;
    assert_eq!(page.shown_status(&mail).await, ComponentStatus::MajorOutage);
    assert_eq!(third_party(&page, &mail).await.unwrap().vendor_group_name, "Cloud");

    let version = page.shown().await.version;
    site.says(&[("c1", "Storage", "partial_outage"), ("c2", "Mail", "operational")]);
    becomes(&page, &storage, ComponentStatus::PartialOutage).await;
    assert!(page.shown().await.version > version);
    becomes(&page, &mail, ComponentStatus::Operational).await;
    site.says(&[("c1", "Storage", "operational"), ("c2", "Mail", "operational")]);
    becomes(&page, &storage, ComponentStatus::Operational).await;

    let history = page.intervals(&storage).await;
    assert_eq!(history.len(), 1, "{history:?}");
    assert_eq!(history[0].status(), ComponentStatus::PartialOutage);
    assert_eq!(history[0].cause, Some(Cause::VendorId(vendor.vendor_id.clone())));
    assert!(history[0].ended_at.is_some() && history[0].retracted_at.is_none());
    let told =
        page.audit_entries().await.into_iter().find(|entry| entry.subject_id == vendor.vendor_id).unwrap();
    assert_eq!((told.action(), told.member_id), (AuditAction::Updated, None));
}

#[tokio::test]
async fn what_was_not_read_changes_no_status_and_shows_since_when() {
    let cluster = cluster().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let site =
        VendorSite::statuspage(&[("c1", "Storage", "partial_outage"), ("c2", "Mail", "operational")]).await;
    let vendor = page.vendor("Cloud Inc", &site.url, VendorFormat::Statuspage).await;
    let storage = follower(&page, &vendor, "Storage").await;
    becomes(&page, &storage, ComponentStatus::PartialOutage).await;

    let version = page.shown().await.version;
    for (answer, problem) in [
        (Answer::Status(503), "503"),
        (Answer::Json("<html>all is well</html>".to_owned()), "not JSON"),
        (Answer::Json("{}".to_owned()), "components"),
    ] {
        site.fails(answer);
        let failing = fails_with(&page, &vendor, problem).await;
        assert!(failing.not_heard_since.is_some() && failing.heard_at.is_some());
    }
    assert_eq!(page.shown().await.version, version + 1, "only that nothing is heard is news");
    assert_eq!(page.shown_status(&storage).await, ComponentStatus::PartialOutage);
    assert!(third_party(&page, &storage).await.unwrap().not_heard_since.is_some());
    assert_eq!(listed(&page, &vendor).await.len(), 2);

    site.says(&[("c1", "Storage", "partial_outage")]);
    eventually("the page to be heard again", || async {
        third_party(&page, &storage).await.unwrap().not_heard_since.is_none().then_some(())
    })
    .await;
    let back = vendors(&page).await.remove(0);
    assert!(back.not_heard_since.is_none() && back.problem.is_empty());
    assert_eq!(page.intervals(&storage).await.len(), 1);

    // Off the vendor's page, and there with a word that nobody knows: nothing is heard of it either way.
    for gone in [vec![("c2", "Mail", "operational")], vec![("c1", "Storage", "on_fire")]] {
        site.says(&gone);
        eventually("the component to be missed", || async {
            third_party(&page, &storage).await.unwrap().not_heard_since.map(|_| ())
        })
        .await;
        assert_eq!(page.shown_status(&storage).await, ComponentStatus::PartialOutage);
        site.says(&[("c1", "Storage", "partial_outage")]);
        eventually("the component to be back", || async {
            third_party(&page, &storage).await.unwrap().not_heard_since.is_none().then_some(())
        })
        .await;
    }
    assert_eq!(page.intervals(&storage).await.len(), 1);
}

#[tokio::test]
async fn every_format_is_followed() {
    let cluster = cluster().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let site = VendorSite::open().await;
    let summary = |affected: &str| {
        let incidents = format!(r#"[{{"id":"01I","affected_components":[{affected}]}}]"#);
        Answer::Json(format!(r#"{{"ongoing_incidents":{incidents},"in_progress_maintenances":[]}}"#))
    };
    site.answers(
        "/api/v1/summary",
        summary(r#"{"id":"01A","name":"API","group_name":"Core","current_status":"full_outage"}"#),
    );
    site.answers(
        "/v2/components.json",
        Answer::Json(
            r#"{"components":[{"id":"a","name":"Web","status":"UNDERMAINTENANCE","group":null}]}"#.to_owned(),
        ),
    );
    let one = page.vendor("One", &site.url, VendorFormat::IncidentIo).await;
    let two = page.vendor("Two", &site.url, VendorFormat::Instatus).await;
    let api = follower(&page, &one, "API").await;
    let web = follower(&page, &two, "Web").await;
    let mail = follower(&page, &one, "Mail").await;
    becomes(&page, &api, ComponentStatus::MajorOutage).await;
    becomes(&page, &web, ComponentStatus::UnderMaintenance).await;
    assert_eq!(vendors(&page).await.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["One", "Two"]);
    site.answers("/api/v1/summary", summary(""));
    becomes(&page, &api, ComponentStatus::Operational).await;
    // Named on a page of that kind only when it is in trouble, so that it is heard of when it is not.
    let well = third_party(&page, &mail).await.unwrap();
    assert!(well.heard_at.is_some() && well.not_heard_since.is_none(), "{well:?}");
    assert_eq!(page.shown_status(&mail).await, ComponentStatus::Operational);
    // Not so if the page cannot be read.
    site.answers("/api/v1/summary", Answer::Status(503));
    eventually("nothing to be heard", || async {
        third_party(&page, &mail).await.unwrap().not_heard_since.map(|_| ())
    })
    .await;
}

#[tokio::test]
async fn what_begins_to_follow_takes_over_no_status_that_is_not_heard_of_any_more() {
    let cluster = cluster().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let site =
        VendorSite::statuspage(&[("c1", "Storage", "major_outage"), ("c2", "Mail", "partial_outage")]).await;
    let vendor = page.vendor("Cloud Inc", &site.url, VendorFormat::Statuspage).await;
    let first = follower(&page, &vendor, "c1").await;
    becomes(&page, &first, ComponentStatus::MajorOutage).await;

    site.says(&[("c2", "Mail", "partial_outage")]);
    eventually("the component to be missed", || async {
        third_party(&page, &first).await.unwrap().not_heard_since.map(|_| ())
    })
    .await;
    let after_it_went = follower(&page, &vendor, "c1").await;
    site.fails(Answer::Status(503));
    fails_with(&page, &vendor, "503").await;
    let while_it_fails = follower(&page, &vendor, "c2").await;
    for component in [&after_it_went, &while_it_fails] {
        assert_eq!(page.shown_status(component).await, ComponentStatus::Operational);
        assert!(third_party(&page, component).await.unwrap().not_heard_since.is_some());
    }
    assert_eq!(page.shown_status(&first).await, ComponentStatus::MajorOutage, "it followed before");

    // The same as it was last: it was not said of these yet.
    site.says(&[("c1", "Storage", "major_outage"), ("c2", "Mail", "partial_outage")]);
    becomes(&page, &after_it_went, ComponentStatus::MajorOutage).await;
    becomes(&page, &while_it_fails, ComponentStatus::PartialOutage).await;
    assert_eq!(page.intervals(&first).await.len(), 1, "it went on");
}

#[tokio::test]
async fn a_component_that_begins_to_follow_while_a_reading_is_written_shows_what_it_says() {
    let cluster = cluster().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let site = VendorSite::statuspage(&[("c1", "Storage", "operational")]).await;
    let vendor = page.vendor("Cloud Inc", &site.url, VendorFormat::Statuspage).await;
    eventually("the first reading", || async { listed(&page, &vendor).await.pop() }).await;

    let mut keeper = cluster.database.connect().await;
    let mut held = keeper.begin().await.unwrap();
    sqlx::query!("select vendor_id from incidents.vendor for share").fetch_one(&mut *held).await.unwrap();
    let watch = std::sync::Arc::new(tokio::sync::Mutex::new(cluster.database.connect().await));
    let wait_for_it = async |count: i64| {
        eventually("the vendor to be waited for", || async {
            let waiting = sqlx::query_scalar!(
                r#"select count(*) as "count!" from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock'"#
            );
            let waiting = waiting.fetch_one(&mut *watch.lock().await).await.unwrap();
            (waiting == count).then_some(())
        })
        .await;
    };
    site.says(&[("c1", "Storage", "major_outage")]);
    wait_for_it(1).await;
    let (storage, ()) = tokio::join!(follower(&page, &vendor, "c1"), async {
        wait_for_it(2).await;
        held.commit().await.unwrap();
    });
    becomes(&page, &storage, ComponentStatus::MajorOutage).await;
}

#[tokio::test]
async fn a_deleted_vendor_leaves_its_followers_with_nothing_said_of_them() {
    let cluster = cluster().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let site = VendorSite::statuspage(&[("c1", "Storage", "major_outage")]).await;
    let vendor = page.vendor("Cloud Inc", &site.url, VendorFormat::Statuspage).await;
    let storage = follower(&page, &vendor, "c1").await;
    becomes(&page, &storage, ComponentStatus::MajorOutage).await;
    let incident = page.incident("Slow", &[(&storage, ComponentStatus::DegradedPerformance)]).await;

    let other = cluster.company("Other").await;
    let request = DeleteVendorRequest { vendor_id: vendor.vendor_id.clone() };
    let refused = other.caller().vendors().delete_vendor(request.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    page.caller().vendors().delete_vendor(request.clone()).await.unwrap();
    assert_eq!(page.shown_status(&storage).await, ComponentStatus::DegradedPerformance);
    assert_eq!(third_party(&page, &storage).await, None);
    let history = page.intervals(&storage).await;
    let said = history.iter().find(|it| it.cause == Some(Cause::VendorId(vendor.vendor_id.clone()))).unwrap();
    assert!(said.ended_at.is_some() && said.retracted_at.is_none());
    assert!(vendors(&page).await.is_empty());
    let refused = page.caller().vendors().delete_vendor(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let entry =
        page.audit_entries().await.into_iter().find(|it| it.action() == AuditAction::Deleted).unwrap();
    assert_eq!((entry.subject_name.as_str(), entry.subject_id), ("Cloud Inc", vendor.vendor_id));
    assert!(incident.shown().await.is_ok());
}

#[tokio::test]
async fn hostile_pages_are_not_followed_and_not_waited_for() {
    let cluster = cluster().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let target = VendorSite::statuspage(&[("c1", "Storage", "major_outage")]).await;
    let mut failing = Vec::new();
    for (answer, problem) in [
        (Answer::RedirectTo(format!("{}/api/v2/components.json", target.url)), "redirects"),
        (Answer::Endless, "larger than 1 MiB"),
        (Answer::Silence, "did not answer within 10 s"),
    ] {
        let site = VendorSite::open().await;
        site.fails(answer);
        let vendor = page.vendor(problem, &site.url, VendorFormat::Statuspage).await;
        failing.push((vendor, problem));
    }
    let well = page.vendor("Well", &target.url, VendorFormat::Statuspage).await;
    let storage = follower(&page, &well, "c1").await;
    becomes(&page, &storage, ComponentStatus::MajorOutage).await;
    for (vendor, problem) in failing {
        let failed = fails_with(&page, &vendor, problem).await;
        assert_eq!(failed.heard_at, None);
        assert!(listed(&page, &failed).await.is_empty());
    }
}

#[tokio::test]
async fn addresses_of_the_own_network_are_refused_unless_the_installation_names_them() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let site = VendorSite::statuspage(&[]).await;
    let create = |url: &str| {
        let request = CreateVendorRequest {
            page_id: page.id(),
            name: "Inside".to_owned(),
            url: url.to_owned(),
            format: VendorFormat::Statuspage.into(),
            ..Default::default()
        };
        let mut client = page.caller().vendors();
        async move { client.create_vendor(request).await }
    };
    let secure = site.url.replace("http:", "https:");
    for url in [
        site.url.as_str(),
        &secure,
        "https://localhost",
        "https://[::1]",
        "https://0x7f000001/",
        "https://169.254.169.254/latest",
        "https://me:secret@status.example.com",
        "https://status.example.com/?q=1",
        "ftp://status.example.com",
        "status.example.com",
    ] {
        let refused = create(url).await.unwrap_err();
        assert_eq!(violated(&refused), ["url"], "{url}: {refused}");
        assert!(!refused.message().contains("secret"));
    }
    assert_eq!(site.asked(), 0);
    assert!(vendors(&page).await.is_empty());
}

#[tokio::test]
async fn a_page_has_100_vendors_and_a_repeated_call_makes_none() {
    let cluster = cluster().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let site = VendorSite::statuspage(&[]).await;
    let request = CreateVendorRequest {
        page_id: page.id(),
        name: " Cloud Inc ".to_owned(),
        url: site.url.clone(),
        format: VendorFormat::Statuspage.into(),
        request_id: "once".to_owned(),
    };
    let mut client = page.caller().vendors();
    let first = client.create_vendor(request.clone()).await.unwrap().into_inner().vendor.unwrap();
    let again = client.create_vendor(request.clone()).await.unwrap().into_inner().vendor.unwrap();
    assert_eq!((first.name.as_str(), &first.vendor_id), ("Cloud Inc", &again.vendor_id));
    for number in 1..100 {
        page.vendor(&format!("Vendor {number}"), &site.url, VendorFormat::Statuspage).await;
    }
    let one_more = CreateVendorRequest { request_id: String::new(), ..request.clone() };
    let refused = client.create_vendor(one_more).await.unwrap_err();
    assert_eq!(kit::status::reason(&refused), Some(ErrorReason::LimitReached));
    let blank = CreateVendorRequest { request_id: String::new(), name: " ".to_owned(), ..request };
    assert_eq!(violated(&client.create_vendor(blank).await.unwrap_err()), ["name"]);
    assert_eq!(vendors(&page).await.len(), 100);
}
