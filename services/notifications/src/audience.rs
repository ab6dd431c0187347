//! Whom to write to: subscribers by the word of subscriptions, responders by that of tenants.

use jiff::tz::TimeZone;
use kit::{
    ids::{BroadcastId, ComponentId, InvalidId, MemberId, PageId, SubscriberId, TenantId},
    locale::Locale,
    peer::Peer,
};
use proto::internal::v1::{
    Audience as WireAudience, AudiencePart, FeedbackKind, FindSubscriberRequest, ListRespondersRequest,
    PlanAudienceRequest, Range, ReadAudienceRequest, Recipient as WireRecipient, ReportFeedbackRequest,
    Responder, audience_service_client::AudienceServiceClient,
    responder_service_client::ResponderServiceClient,
};
use tonic::Status;

use crate::{
    domain::{Audience, NewSegment, Part, RecipientId},
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
    /// The time zone that times are told in; `None` for the page's.
    pub(crate) time_zone: Option<TimeZone>,
    /// For the link in the mail; empty for a responder, whose mails have none.
    pub(crate) token: String,
    /// The address must not be mailed.
    pub(crate) suppressed: bool,
}

/// Who is meant by an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meant<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) page: PageId,
    pub(crate) audience: Audience,
    /// Whoever chose one of these is meant beside those who chose the whole page.
    pub(crate) components: &'a [ComponentId],
}

/// What is left of a segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rest<'a> {
    /// Of which part of the audience.
    pub(crate) part: Option<Part>,
    /// Begin after this one.
    pub(crate) after: RecipientId,
    /// End with this one.
    pub(crate) last: RecipientId,
    /// Only these of the range, [`MAX_READ`] at most; `None` for all.
    pub(crate) only: Option<&'a [RecipientId]>,
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
    pub(crate) async fn plan(&self, meant: Meant<'_>, segment_size: i32) -> Result<Vec<NewSegment>, Error> {
        let Some(audience) = subscribers(meant, meant.components) else {
            return self.plan_responders(meant.tenant, segment_size).await;
        };
        let tenant_id = meant.tenant.to_string();
        let request = PlanAudienceRequest { tenant_id, audience: Some(audience), segment_size };
        let ranges = self.subscribers.clone().plan_audience(request).await?.into_inner().ranges;
        ranges.into_iter().map(segment).collect()
    }

    /// The next recipients of a segment, `limit` at most (1 to [`MAX_READ`]); fewer at its end.
    ///
    /// # Errors
    /// If the service that knows them is away.
    pub(crate) async fn read(
        &self,
        meant: Meant<'_>,
        rest: Rest<'_>,
        limit: i32,
    ) -> Result<Vec<Recipient>, Error> {
        let components = match rest.part {
            Some(Part::Components) => meant.components,
            Some(Part::Page) | None => &[],
        };
        let Some(audience) = subscribers(meant, components) else {
            let mut members = self.list_responders(meant.tenant, rest.after, limit).await?;
            members.retain(|member| {
                member.id <= rest.last && rest.only.is_none_or(|only| only.binary_search(&member.id).is_ok())
            });
            return Ok(members);
        };
        let id = |id: RecipientId| SubscriberId::from_uuid(id.uuid()).to_string();
        let request = ReadAudienceRequest {
            tenant_id: meant.tenant.to_string(),
            audience: Some(audience),
            after_subscriber_id: text_of(rest.after, id),
            last_subscriber_id: id(rest.last),
            limit,
            part: match rest.part {
                None => AudiencePart::Unspecified,
                Some(Part::Page) => AudiencePart::Page,
                Some(Part::Components) => AudiencePart::Components,
            }
            .into(),
            subscriber_ids: rest.only.unwrap_or_default().iter().copied().map(id).collect(),
        };
        let recipients = self.subscribers.clone().read_audience(request).await?.into_inner().recipients;
        recipients.into_iter().map(recipient).collect()
    }

    /// Who has this address on the page, whatever they get; `None` if nobody ever had it.
    ///
    /// # Errors
    /// If subscriptions is away.
    pub(crate) async fn find_subscriber(
        &self,
        tenant: TenantId,
        page: PageId,
        email: String,
    ) -> Result<Option<RecipientId>, Error> {
        let (tenant_id, page_id) = (tenant.to_string(), page.to_string());
        let request = FindSubscriberRequest { tenant_id, page_id, email };
        let found = self.subscribers.clone().find_subscriber(request).await?.into_inner().subscriber_id;
        match found.as_str() {
            "" => Ok(None),
            id => Ok(Some(id.parse::<SubscriberId>().map_err(unreadable)?.into())),
        }
    }

    /// Tells what came back of a mail to a subscriber.
    ///
    /// # Errors
    /// If subscriptions is away.
    pub(crate) async fn report_feedback(
        &self,
        tenant: TenantId,
        subscriber: SubscriberId,
        broadcast: BroadcastId,
        kind: FeedbackKind,
        reply: String,
    ) -> Result<(), Status> {
        let request = ReportFeedbackRequest {
            tenant_id: tenant.to_string(),
            subscriber_id: subscriber.to_string(),
            reply,
            kind: kind.into(),
            broadcast_id: broadcast.to_string(),
        };
        self.subscribers.clone().report_feedback(request).await.map(drop)
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

/// An audience of subscribers on the wire; `None` if members are meant.
fn subscribers(meant: Meant<'_>, components: &[ComponentId]) -> Option<WireAudience> {
    let pending = match meant.audience {
        Audience::Confirmed => None,
        Audience::Pending(subscriber) => Some(subscriber.to_string()),
        Audience::Responders => return None,
    };
    Some(WireAudience {
        page_id: meant.page.to_string(),
        pending_subscriber_id: pending,
        component_ids: components.iter().map(ToString::to_string).collect(),
    })
}

/// An id on the wire, where the one before all is none.
fn text_of(id: RecipientId, text: impl FnOnce(RecipientId) -> String) -> String {
    if id == RecipientId::BEFORE_ALL { String::new() } else { text(id) }
}

fn unreadable(error: InvalidId) -> Error {
    Error::Unreadable(error.to_string())
}

fn recipient(recipient: WireRecipient) -> Result<Recipient, Error> {
    Ok(Recipient {
        id: recipient.subscriber_id.parse::<SubscriberId>().map_err(unreadable)?.into(),
        email: recipient.email,
        locale: Locale::parse(&recipient.locale),
        // A zone that is no more, or that only a newer binary knows, is no reason to tell nothing.
        time_zone: Some(recipient.time_zone)
            .filter(|name| !name.is_empty())
            .and_then(|name| TimeZone::get(&name).ok()),
        token: recipient.token,
        suppressed: recipient.suppressed,
    })
}

fn responder(responder: Responder) -> Result<Recipient, Error> {
    Ok(Recipient {
        id: responder.member_id.parse::<MemberId>().map_err(unreadable)?.into(),
        email: responder.email,
        locale: None,
        time_zone: None,
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
    let part = match range.part() {
        AudiencePart::Unspecified => None,
        AudiencePart::Page => Some(Part::Page),
        AudiencePart::Components => Some(Part::Components),
    };
    Ok(NewSegment { part, after, last: id(&range.last_subscriber_id)?, planned: range.count })
}

/// Segments of so many of these, who are in the order of their ids.
fn cut(recipients: &[RecipientId], segment_size: i32) -> Vec<NewSegment> {
    let mut after = RecipientId::BEFORE_ALL;
    let pieces = recipients.chunks(usize::try_from(segment_size).unwrap_or(1).max(1));
    pieces
        .filter_map(|piece| {
            let last = *piece.last()?;
            let planned = i32::try_from(piece.len()).unwrap_or(i32::MAX);
            Some(NewSegment { part: None, after: std::mem::replace(&mut after, last), last, planned })
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
        let segment =
            |after, last, planned| NewSegment { part: None, after: id(after), last: id(last), planned };
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
