//! `AudienceService.PlanAudience`

use proto::internal::v1::{AudiencePart, PlanAudienceRequest, PlanAudienceResponse, Range};

use super::{Rpc, convert};
use crate::{domain::Segment, error::Error, store::audience};

pub(super) async fn plan_audience(
    rpc: &Rpc,
    request: PlanAudienceRequest,
) -> Result<PlanAudienceResponse, Error> {
    let tenant = convert::id("tenant_id", &request.tenant_id)?;
    let meant = convert::audience(request.audience)?;
    let size = request.segment_size;

    let mut tx = rpc.db.tenant(tenant).await?;
    let ranges = match meant.pending {
        None => {
            let mut ranges = ranges(
                AudiencePart::Page,
                audience::plan_page_part(&mut tx, tenant, meant.page, size).await?,
            );
            if !meant.components.is_empty() {
                let chosen = audience::plan_components_part(&mut tx, tenant, &meant.components, size).await?;
                ranges.extend(self::ranges(AudiencePart::Components, chosen));
            }
            ranges
        }
        Some(pending) => {
            let one = audience::find_pending(&mut tx, tenant, meant.page, pending).await?;
            let one = one.map(|one| Segment { last: one.recipient.subscriber_id, count: 1 });
            ranges(AudiencePart::Unspecified, one.into_iter().collect())
        }
    };
    tx.commit().await?;

    Ok(PlanAudienceResponse { ranges })
}

/// The ranges of a part: the first begins at the beginning, each other where the one before ends.
fn ranges(part: AudiencePart, segments: Vec<Segment>) -> Vec<Range> {
    let mut after_subscriber_id = String::new();
    let ranges = segments.into_iter().map(|Segment { last, count }| {
        let last_subscriber_id = last.to_string();
        let after_subscriber_id = std::mem::replace(&mut after_subscriber_id, last_subscriber_id.clone());
        Range { after_subscriber_id, last_subscriber_id, count, part: part.into() }
    });
    ranges.collect()
}

#[cfg(test)]
mod tests {
    use kit::ids::SubscriberId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_ranges_of_a_part_have_no_gaps_and_begin_at_its_beginning() {
        let id = |n| SubscriberId::from_uuid(Uuid::from_u128(n));
        let segments = vec![Segment { last: id(5), count: 2 }, Segment { last: id(9), count: 1 }];
        let part = AudiencePart::Components.into();
        let range = |after: String, last: u128, count| Range {
            after_subscriber_id: after,
            last_subscriber_id: id(last).to_string(),
            count,
            part,
        };
        assert_eq!(
            ranges(AudiencePart::Components, segments),
            [range(String::new(), 5, 2), range(id(5).to_string(), 9, 1)]
        );
        assert_eq!(ranges(AudiencePart::Page, Vec::new()), []);
    }
}
