//! Prepared texts: kept, changed, and filled in.

use pharos_tests::{Cluster, affected, mask, violated};
use proto::{
    common::v1::ErrorReason,
    incidents::v1::{
        AuditAction, ComponentStatus, CreateTemplateRequest, DeleteComponentRequest, DeleteTemplateRequest,
        GetTemplateRequest, ListTemplatesRequest, Phase, PlaceholderValue, RenderTemplateRequest, Template,
        TemplateKind, UpdateTemplateRequest,
    },
};
use tonic::Code;

fn outage() -> CreateTemplateRequest {
    CreateTemplateRequest {
        name: "Outage".to_owned(),
        kind: TemplateKind::Incident.into(),
        title: "{{what}} of {{page}}".to_owned(),
        body: "{{components}}: {{what}} since {{since}}, in \\{{braces}}.".to_owned(),
        phase: Phase::Identified.into(),
        ..Default::default()
    }
}

fn values(given: &[(&str, &str)]) -> Vec<PlaceholderValue> {
    let value = |(name, value): &(&str, &str)| PlaceholderValue {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    given.iter().map(value).collect()
}

#[tokio::test]
async fn a_template_is_filled_in_with_values_the_page_and_its_components() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let [api, web, old] =
        [page.component("API").await, page.component("Web").await, page.component("Old").await];
    let suggested = [
        (&web, ComponentStatus::PartialOutage),
        (&old, ComponentStatus::MajorOutage),
        (&api, ComponentStatus::DegradedPerformance),
    ];
    let request = CreateTemplateRequest { affected_components: affected(&suggested), ..outage() };
    let template = page.template(request).await;
    assert_eq!(template.placeholders, ["what", "page", "components", "since"]);
    assert_eq!(template.affected_components, affected(&suggested));
    let request = DeleteComponentRequest { component_id: old.component_id.clone(), ..Default::default() };
    page.caller().components().delete_component(request).await.unwrap();

    let mut client = page.caller().templates();
    let request = RenderTemplateRequest {
        template_id: template.template_id.clone(),
        values: values(&[("since", "noon"), ("what", "Outage {{since}}")]),
    };
    let rendered = client.render_template(request.clone()).await.unwrap().into_inner();
    assert_eq!(rendered.title, format!("Outage {{{{since}}}} of {}", page.page.name));
    assert_eq!(rendered.body, "Web, API: Outage {{since}} since noon, in {{braces}}.");
    assert_eq!(rendered.phase(), Phase::Identified);
    assert_eq!(rendered.affected_components, affected(&[suggested[0], suggested[2]]));

    let render = |given: &[(&str, &str)]| RenderTemplateRequest { values: values(given), ..request.clone() };
    for (given, fields) in [
        (render(&[]), vec!["values"]),
        (
            render(&[("what", "a\nb"), ("since", "c"), ("who", "d")]),
            vec!["values[0].value", "values[2].name"],
        ),
        (render(&[("what", "a"), ("since", "b"), ("what", "c")]), vec!["values[2].name"]),
        (render(&[("what", &"x".repeat(200)), ("since", "b")]), vec!["values"]),
    ] {
        let refused = client.render_template(given).await.unwrap_err();
        assert_eq!(violated(&refused), fields, "{refused}");
    }
}

#[tokio::test]
async fn a_template_changes_only_what_the_mask_names_and_only_the_version_that_was_read() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let api = page.component("API").await;
    let made = page.template(outage()).await;
    let mut client = page.caller().templates();
    let change = |fields: &[&str]| UpdateTemplateRequest {
        template_id: made.template_id.clone(),
        update_mask: mask(fields),
        name: " Big outage ".to_owned(),
        title: "{{where}}".to_owned(),
        affected_components: affected(&[(&api, ComponentStatus::MajorOutage)]),
        etag: made.etag.clone(),
        ..Default::default()
    };
    let changed = client.update_template(change(&["name", "affected_components"])).await.unwrap();
    let changed = changed.into_inner().template.unwrap();
    let expected = Template {
        name: "Big outage".to_owned(),
        affected_components: affected(&[(&api, ComponentStatus::MajorOutage)]),
        etag: changed.etag.clone(),
        ..made.clone()
    };
    assert_eq!(changed, expected);
    assert_ne!(changed.etag, made.etag);
    let refused = client.update_template(change(&["title"])).await.unwrap_err();
    assert_eq!(kit::status::reason(&refused), Some(ErrorReason::EtagMismatch));
    let anyway = UpdateTemplateRequest { etag: String::new(), ..change(&["title", "phase"]) };
    let changed = client.update_template(anyway.clone()).await.unwrap().into_inner().template.unwrap();
    assert_eq!((changed.title.as_str(), changed.phase()), ("{{where}}", Phase::Unspecified));
    let again = client.update_template(anyway).await.unwrap().into_inner().template.unwrap();
    assert_eq!(again, changed);
    let get = GetTemplateRequest { template_id: made.template_id.clone() };
    assert_eq!(client.get_template(get.clone()).await.unwrap().into_inner().template.unwrap(), changed);

    for bad in [mask(&[]), mask(&["kind"]), mask(&["name", "template_id"])] {
        let request = UpdateTemplateRequest { update_mask: bad, ..change(&[]) };
        let refused = client.update_template(request).await.unwrap_err();
        assert_eq!(violated(&refused), ["update_mask"]);
    }
    let delete =
        |etag: &str| DeleteTemplateRequest { template_id: made.template_id.clone(), etag: etag.to_owned() };
    let refused = client.delete_template(delete(&made.etag)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Aborted);
    client.delete_template(delete(&changed.etag)).await.unwrap();
    assert_eq!(client.get_template(get).await.unwrap_err().code(), Code::NotFound);
    let log = page.audit_entries().await;
    let told = log.iter().filter(|entry| entry.subject_id == made.template_id);
    let told = told.map(|entry| (entry.action(), entry.subject_name.as_str(), entry.detail.as_str()));
    let expected = [
        (AuditAction::Deleted, "Big outage", ""),
        (AuditAction::Updated, "Big outage", "title, phase"),
        (AuditAction::Updated, "Big outage", "name, affected_components"),
        (AuditAction::Created, "Outage", ""),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn what_is_no_template_is_refused_by_the_field() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let page = company.page("acme").await;
    let api = page.component("API").await;
    let elsewhere = company.page("acme-two").await.component("API").await;
    let maintained = affected(&[(&api, ComponentStatus::UnderMaintenance)]);
    let good = CreateTemplateRequest { page_id: page.id(), ..outage() };
    let maintenance = TemplateKind::Maintenance.into();
    let fifty_one = (0..51).map(|number| format!("{{{{p{number}}}}}")).collect::<String>();
    let mut client = page.caller().templates();
    for (request, field) in [
        (CreateTemplateRequest { name: "\u{a0}".to_owned(), ..good.clone() }, "name"),
        (CreateTemplateRequest { kind: 0, ..good.clone() }, "kind"),
        (CreateTemplateRequest { title: "{{What}}".to_owned(), ..good.clone() }, "title"),
        (CreateTemplateRequest { title: "two\nlines".to_owned(), ..good.clone() }, "title"),
        (CreateTemplateRequest { body: "a\n {{ b".to_owned(), ..good.clone() }, "body"),
        (CreateTemplateRequest { body: fifty_one, ..good.clone() }, "body"),
        (CreateTemplateRequest { kind: maintenance, ..good.clone() }, "phase"),
        (
            CreateTemplateRequest { affected_components: maintained.clone(), ..good.clone() },
            "affected_components[0].status",
        ),
        (
            CreateTemplateRequest {
                affected_components: affected(&[
                    (&api, ComponentStatus::MajorOutage),
                    (&elsewhere, ComponentStatus::MajorOutage),
                ]),
                ..good.clone()
            },
            "affected_components[1].component_id",
        ),
    ] {
        let refused = client.create_template(request).await.unwrap_err();
        assert_eq!(violated(&refused), [field], "{refused}");
    }
    let stray = CreateTemplateRequest { body: "a\n {{ b".to_owned(), ..good.clone() };
    let refused = client.create_template(stray).await.unwrap_err();
    assert!(refused.message().contains("line 2, character 2"), "{refused}");
    let request = CreateTemplateRequest {
        kind: maintenance,
        phase: 0,
        affected_components: maintained.clone(),
        ..good
    };
    let template = client.create_template(request).await.unwrap().into_inner().template.unwrap();
    assert_eq!(template.affected_components, maintained);
    let other = cluster.company("Other").await;
    let request = GetTemplateRequest { template_id: template.template_id };
    assert_eq!(other.caller().templates().get_template(request).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn templates_come_in_lots_oldest_first_and_a_page_has_200() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let mut client = page.caller().templates();
    let request = CreateTemplateRequest { page_id: page.id(), request_id: "once".to_owned(), ..outage() };
    let first = client.create_template(request.clone()).await.unwrap().into_inner().template.unwrap();
    let again = client.create_template(request.clone()).await.unwrap().into_inner().template.unwrap();
    assert_eq!(first, again);
    for number in 1..200 {
        page.template(CreateTemplateRequest { name: format!("Template {number}"), ..outage() }).await;
    }
    let one_more = CreateTemplateRequest { request_id: String::new(), ..request };
    let refused = client.create_template(one_more).await.unwrap_err();
    assert_eq!(kit::status::reason(&refused), Some(ErrorReason::LimitReached));
    let mut names = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListTemplatesRequest { page_id: page.id(), page_size: 70, page_token };
        let lot = client.list_templates(request).await.unwrap().into_inner();
        names.extend(lot.templates.into_iter().map(|template| template.name));
        page_token = lot.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names.len(), 200);
    assert_eq!((names[0].as_str(), names[199].as_str()), ("Outage", "Template 199"));
}
