//! Audiences, as they are planned and read.

use kit::ids::{ComponentId, SubscriberId};
use pharos_tests::{Cluster, violated};
use proto::{
    incidents::v1::Component,
    internal::v1::{AudiencePart, ReadAudienceRequest},
    subscriptions::v1::{UnsubscribeRequest, subscription_service_client::SubscriptionServiceClient},
};

use super::{Asking, addresses, all, confirmed, of};

#[tokio::test]
async fn an_audience_is_planned_and_read_part_by_part_and_nobody_is_in_both() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let (api, web) = (page.component("API").await, page.component("Website").await);
    page.given_confirmed_subscribers(&cluster, 5).await;
    for (email, chosen) in
        [("a@x.example", vec![&api]), ("b@x.example", vec![&api, &web]), ("c@x.example", vec![&web])]
    {
        confirmed(&cluster, &page, of(email, &chosen)).await;
    }
    let asking = |components: &[&Component]| Asking::of(&cluster, &page, components);
    let parts = async |components: &[&Component]| {
        let ranges = asking(components).plan(2).await.unwrap();
        ranges.iter().map(|range| (range.part(), range.count)).collect::<Vec<_>>()
    };
    let of_page = [2, 2, 1].map(|count| (AudiencePart::Page, count));
    assert_eq!(parts(&[]).await, of_page);
    let of_both = [2, 1].map(|count| (AudiencePart::Components, count));
    assert_eq!(parts(&[&web, &api]).await, [&of_page[..], &of_both[..]].concat());
    let ranges = asking(&[&web, &api]).plan(2).await.unwrap();
    assert_eq!(ranges[1].after_subscriber_id, ranges[0].last_subscriber_id);
    assert_eq!(
        (&ranges[0].after_subscriber_id, &ranges[3].after_subscriber_id),
        (&String::new(), &String::new())
    );

    assert_eq!(asking(&[]).read_part(AudiencePart::Page).await.len(), 5);
    let read = asking(&[&web, &api]).read_part(AudiencePart::Components).await;
    assert_eq!(addresses(&read), ["a@x.example", "b@x.example", "c@x.example"]);
    assert!(read.is_sorted_by_key(|each| each.subscriber_id.clone()), "in the order of the ids");
    let only_api = asking(&[&api]);
    let read = only_api.read(all(AudiencePart::Components)).await.unwrap();
    assert_eq!(addresses(&read), ["a@x.example", "b@x.example"]);
    let one = ReadAudienceRequest { limit: 1, ..all(AudiencePart::Components) };
    assert_eq!(only_api.read(one).await.unwrap().len(), 1);

    // Those who failed are read again by their ids, but for who has left since.
    let subscriber_ids = read.iter().map(|each| each.subscriber_id.clone()).collect::<Vec<_>>();
    let again = ReadAudienceRequest { subscriber_ids, ..all(AudiencePart::Components) };
    assert_eq!(only_api.read(again.clone()).await.unwrap(), read);
    let in_the_other = ReadAudienceRequest { part: AudiencePart::Page.into(), ..again.clone() };
    assert_eq!(only_api.read(in_the_other).await.unwrap(), []);
    let token = read.iter().find(|each| each.email == "a@x.example").unwrap().token.clone();
    let mut client = SubscriptionServiceClient::new(cluster.channel());
    client.unsubscribe(UnsubscribeRequest { token }).await.unwrap();
    assert_eq!(addresses(&only_api.read(again).await.unwrap()), ["b@x.example"]);
    assert_eq!(addresses(&only_api.read(all(AudiencePart::Components)).await.unwrap()), ["b@x.example"]);
    assert_eq!(parts(&[&api]).await[3..], [(AudiencePart::Components, 1)]);
    let left = sqlx::query_scalar!(r#"select count(*) as "count!" from subscriptions.subscriber_component"#);
    assert_eq!(
        left.fetch_one(&mut cluster.database.connect().await).await.unwrap(),
        3,
        "who left is not there"
    );
}

#[tokio::test]
async fn what_an_audience_is_asked_for_has_limits() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let asking = Asking::of(&cluster, &page, &[]);
    for size in [0, 10_001] {
        assert_eq!(violated(&asking.plan(size).await.unwrap_err()), ["segment_size"], "{size}");
    }
    for size in [1, 10_000] {
        assert_eq!(asking.plan(size).await.unwrap(), [], "{size}");
    }
    let good = all(AudiencePart::Page);
    for limit in [0, 1001] {
        let refused = asking.read(ReadAudienceRequest { limit, ..good.clone() }).await.unwrap_err();
        assert_eq!(violated(&refused), ["limit"], "{limit}");
    }
    assert_eq!(asking.read(good.clone()).await.unwrap(), []);
    let ids =
        |count| (0..count).map(|number| SubscriberId::from_uuid(uuid::Uuid::from_u128(number)).to_string());
    let only = |count| ReadAudienceRequest { subscriber_ids: ids(count).collect(), ..good.clone() };
    assert_eq!(asking.read(only(1000)).await.unwrap(), []);
    assert_eq!(violated(&asking.read(only(1001)).await.unwrap_err()), ["subscriber_ids"]);
    let refused = asking.read(all(AudiencePart::Unspecified)).await.unwrap_err();
    assert_eq!(violated(&refused), ["part"]);
    let component = ComponentId::from_uuid(uuid::Uuid::max()).to_string();
    let many = |count| Asking { components: vec![component.clone(); count], cluster: &cluster, page: &page };
    assert_eq!(many(2000).plan(1).await.unwrap(), []);
    assert_eq!(violated(&many(2001).plan(1).await.unwrap_err()), ["audience.component_ids"]);
}
