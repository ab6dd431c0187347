//! Whom to write to: subscribers by the word of subscriptions, responders by that of tenants.

use kit::{
    ids::{InvalidId, MemberId, PageId, SubscriberId, TenantId},
    locale::Locale,
    peer::Peer,
};
use proto::internal::v1::{
    Audience as WireAudience, ListRespondersRequest, PlanAudienceRequest, Range, ReadAudienceRequest,
    ReportBounceRequest, Responder, audience_service_client::AudienceServiceClient,
    responder_service_client::ResponderServiceClient,
};
use tonic::Status;

use crate::{
    domain::{Audience, NewSegment, RecipientId},
    error::Error,
};

/// A plan of ten million subscribers in the smallest useful segments is one answer.
const MAX_PLAN_BYTES: usize = 64 * 1024 * 1024;

/// How many recipients are read at once at most: the limit of both contracts.
pub(crate) const MAX_READ: i32 = 1000;

/// The services that know.
#[derive(Debug, Clone)]
pub(crate) struct Audiences {
    subscribers: AudienceServiceClient<Peer>,
    responders: ResponderServiceClient<Peer>,
}

/// One who gets a mail, as they are now.
#[derive(Debug, Clone)]
pub(crate) struct Recipient {
    pub(crate) id: RecipientId,
    pub(crate) email: String,
    /// The language of its mails; `None` for the page's.
    pub(crate) locale: Option<Locale>,
    /// For the link in the mail; empty for a responder, whose mails have none.
    pub(crate) token: String,
    /// The address must not be mailed.
    pub(crate) suppressed: bool,
}

/// What is left of a segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rest {
    /// Begin after this one.
    pub(crate) after: RecipientId,
    /// End with this one.
    pub(crate) last: RecipientId,
}

impl Audiences {
    pub(crate) fn new(
        subscribers: AudienceServiceClient<Peer>,
        responders: ResponderServiceClient<Peer>,
    ) -> Self {
        Self { subscribers: subscribers.max_decoding_message_size(MAX_PLAN_BYTES), responders }
    }

    /// Cuts an audience into segments of so many recipients at most.
    ///
    /// # Errors
    /// If the service that knows it is away.
    pub(crate) async fn plan(
        &self,
        tenant: TenantId,
        page: PageId,
        audience: Audience,
        segment_size: i32,
    ) -> Result<Vec<NewSegment>, Error> {
        let wire = match audience {
            Audience::Confirmed => whole(page),
            Audience::Pending(subscriber) => alone(page, subscriber),
            Audience::Responders => return self.plan_responders(tenant, segment_size).await,
        };
        let tenant_id = tenant.to_string();
        let request = PlanAudienceRequest { tenant_id, audience: Some(wire), segment_size };
        let ranges = self.subscribers.clone().plan_audience(request).await?.into_inner().ranges;
        ranges.into_iter().map(segment).collect()
    }

    /// The next recipients of a segment, `limit` at most (1 to [`MAX_READ`]); fewer at its end.
    ///
    /// # Errors
    /// If the service that knows them is away.
    pub(crate) async fn read(
        &self,
        tenant: TenantId,
        page: PageId,
        audience: Audience,
        rest: Rest,
        limit: i32,
    ) -> Result<Vec<Recipient>, Error> {
        let wire = match audience {
            Audience::Confirmed => whole(page),
            Audience::Pending(subscriber) => alone(page, subscriber),
            Audience::Responders => {
                let mut members = self.list_responders(tenant, rest.after, limit).await?;
                members.retain(|member| member.id <= rest.last);
                return Ok(members);
            }
        };
        let request = ReadAudienceRequest {
            tenant_id: tenant.to_string(),
            audience: Some(wire),
            after_subscriber_id: text_of(rest.after, |id| SubscriberId::from_uuid(id.uuid()).to_string()),
            last_subscriber_id: SubscriberId::from_uuid(rest.last.uuid()).to_string(),
            limit,
        };
        let recipients = self.subscribers.clone().read_audience(request).await?.into_inner().recipients;
        recipients
            .into_iter()
            .map(|recipient| {
                Ok(Recipient {
                    id: recipient.subscriber_id.parse::<SubscriberId>().map_err(unreadable)?.into(),
                    email: recipient.email,
                    locale: Locale::parse(&recipient.locale),
                    token: recipient.token,
                    suppressed: recipient.suppressed,
                })
            })
            .collect()
    }

    /// Tells that a mail server refused a subscriber's address for good.
    ///
    /// # Errors
    /// If subscriptions is away.
    pub(crate) async fn report_bounce(
        &self,
        tenant: TenantId,
        subscriber: SubscriberId,
        reply: String,
    ) -> Result<(), Status> {
        let (tenant_id, subscriber_id) = (tenant.to_string(), subscriber.to_string());
        let request = ReportBounceRequest { tenant_id, subscriber_id, reply };
        self.subscribers.clone().report_bounce(request).await.map(drop)
    }

    /// They are few, so they are read whole and cut here.
    async fn plan_responders(&self, tenant: TenantId, segment_size: i32) -> Result<Vec<NewSegment>, Error> {
        let mut members = Vec::new();
        loop {
            let after = members.last().copied().unwrap_or(RecipientId::BEFORE_ALL);
            let lot = self.list_responders(tenant, after, MAX_READ).await?;
            members.extend(lot.iter().map(|member| member.id));
            if is_end(lot.len(), MAX_READ) {
                return Ok(cut(&members, segment_size));
            }
        }
    }

    async fn list_responders(
        &self,
        tenant: TenantId,
        after: RecipientId,
        limit: i32,
    ) -> Result<Vec<Recipient>, Error> {
        let request = ListRespondersRequest {
            tenant_id: tenant.to_string(),
            after_member_id: text_of(after, |id| MemberId::from_uuid(id.uuid()).to_string()),
            limit,
        };
        let responders = self.responders.clone().list_responders(request).await?.into_inner().responders;
        responders.into_iter().map(responder).collect()
    }
}

/// Whether a lot of so many, when `limit` were asked for, was the last.
pub(crate) fn is_end(read: usize, limit: i32) -> bool {
    usize::try_from(limit).is_ok_and(|limit| read < limit)
}

fn whole(page: PageId) -> WireAudience {
    WireAudience { page_id: page.to_string(), pending_subscriber_id: None }
}

fn alone(page: PageId, subscriber: SubscriberId) -> WireAudience {
    WireAudience { page_id: page.to_string(), pending_subscriber_id: Some(subscriber.to_string()) }
}

/// An id on the wire, where the one before all is none.
fn text_of(id: RecipientId, text: impl FnOnce(RecipientId) -> String) -> String {
    if id == RecipientId::BEFORE_ALL { String::new() } else { text(id) }
}

fn unreadable(error: InvalidId) -> Error {
    Error::Unreadable(error.to_string())
}

fn responder(responder: Responder) -> Result<Recipient, Error> {
    Ok(Recipient {
        id: responder.member_id.parse::<MemberId>().map_err(unreadable)?.into(),
        email: responder.email,
        locale: None,
        token: String::new(),
        suppressed: false,
    })
}

fn segment(range: Range) -> Result<NewSegment, Error> {
    let id = |text: &str| text.parse::<SubscriberId>().map(RecipientId::from).map_err(unreadable);
    let after = match range.after_subscriber_id.as_str() {
        "" => RecipientId::BEFORE_ALL,
        text => id(text)?,
    };
    Ok(NewSegment { after, last: id(&range.last_subscriber_id)?, planned: range.count })
}

/// Segments of so many of these, who are in the order of their ids.
fn cut(recipients: &[RecipientId], segment_size: i32) -> Vec<NewSegment> {
    let mut after = RecipientId::BEFORE_ALL;
    let pieces = recipients.chunks(usize::try_from(segment_size).unwrap_or(1).max(1));
    pieces
        .filter_map(|piece| {
            let last = *piece.last()?;
            let planned = i32::try_from(piece.len()).unwrap_or(i32::MAX);
            Some(NewSegment { after: std::mem::replace(&mut after, last), last, planned })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn responders_are_cut_into_segments_without_gaps() {
        let id = |n| RecipientId::from(Uuid::from_u128(n));
        let segment = |after, last, planned| NewSegment { after: id(after), last: id(last), planned };
        assert_eq!(cut(&[], 2), []);
        assert_eq!(cut(&[id(3), id(5), id(9)], 2), [segment(0, 5, 2), segment(5, 9, 1)]);
        assert_eq!(cut(&[id(3), id(5)], 2), [segment(0, 5, 2)]);
    }

    #[test]
    fn a_responder_is_written_to_in_the_pages_language_and_gets_no_token() {
        let member_id = format!("mem_{}", kit::ids::encode(Uuid::from_u128(7)));
        let read = responder(Responder { member_id, email: "a@b.example".into() }).unwrap();
        assert_eq!((read.id, read.locale, read.token.as_str()), (Uuid::from_u128(7).into(), None, ""));
        let bad = Responder { member_id: "sub_x".into(), email: "a@b.example".into() };
        assert!(matches!(responder(bad), Err(Error::Unreadable(_))));
    }
}
