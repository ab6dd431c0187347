//! Names that try to be more than names.

use kit::ids::PageId;
use pharos_tests::{Cluster, signed};
use proto::tenants::v1::{CreatePageRequest, page_service_client::PageServiceClient};
use tonic::Code;
use tonic_types::StatusExt as _;

#[tokio::test]
async fn a_page_named_with_line_breaks_or_bidi_characters_is_refused_by_field() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let mut client = PageServiceClient::new(cluster.channel());
    for name in
        ["Acme\rBcc: x@example.org", "Acme\nBcc: x@example.org", "Acme\u{202e}sutats", "\u{2067}Acme", "   "]
    {
        let request = CreatePageRequest {
            slug: "acme".into(),
            name: name.into(),
            locale: "en".into(),
            time_zone: "UTC".into(),
            ..Default::default()
        };
        let refused = client.create_page(signed(company.token(), request)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{name:?}");
        let details = refused.get_error_details();
        assert_eq!(details.bad_request().unwrap().field_violations[0].field, "name", "{name:?}");
    }
    // Nothing was written: the slug is free.
    company.page("acme").await;
}

#[tokio::test]
async fn a_name_that_got_into_the_database_by_another_way_cannot_break_a_mail() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    let mut database = cluster.database.connect().await;
    let id: PageId = page.id().parse().unwrap();
    sqlx::query!(
        "update tenants.page set name = $2 where page_id = $1",
        id.uuid(),
        "Evil\r\nBcc: victim@example.org\r\n\r\n\u{202e}\"<b>",
    )
    .execute(&mut database)
    .await
    .unwrap();
    let incident = page.incident("Slow", &[]).await;
    page.completed_broadcast(&incident.first.update_id).await;
    let mail = cluster.smtp.mail_to("ada@example.net", 1).await;
    let (head, _) = mail.raw.split_once("\r\n\r\n").unwrap();
    assert!(!head.to_lowercase().contains("\r\nbcc:"), "{head}");
    assert!(
        mail.header("list-unsubscribe").is_some(),
        "the headers after the name are still headers: {head}"
    );
    assert!(!mail.subject().contains('\u{202e}'), "{}", mail.subject());
}
