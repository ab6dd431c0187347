//! `IncidentService.EditUpdate`

use jiff::Timestamp;
use kit::{
    caller::Member,
    ids::UpdateId,
    mask::{Mask, check_etag},
};
use proto::incidents::v1::{EditUpdateRequest, EditUpdateResponse, IncidentUpdate};
use sqlx::PgConnection;

use super::write;
use crate::{
    domain::{AuditAction, Draft, EDITS_PER_UPDATE, Incident},
    error::Error,
    rpc::{Rpc, convert, read},
    store::{drafts, incidents, intervals::Recording, pages, updates},
};

/// What can be changed of a published update, and of a draft, from the contract.
const FIELDS: [&str; 7] =
    ["body", "displayed_at", "phase", "affected_components", "notify", "next_update_at", "publish_at"];
/// What of this can be changed only of a draft.
const OF_DRAFTS: [&str; 5] = ["phase", "affected_components", "notify", "next_update_at", "publish_at"];
/// What of this a promise has to fit.
const ON_PROMISES: [&str; 4] = ["displayed_at", "phase", "next_update_at", "publish_at"];

pub(super) async fn edit_update(
    rpc: &Rpc,
    member: &Member,
    mut request: EditUpdateRequest,
) -> Result<EditUpdateResponse, Error> {
    let update_id: UpdateId = convert::id("update_id", &request.update_id)?;
    let mask = Mask::parse(request.update_mask.take(), &FIELDS)?;
    if mask.has("body") {
        request.body = convert::text("body", request.body)?;
    }
    let tenant = member.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    let (incident_id, page) =
        incidents::find_incident_of(&mut tx, tenant, update_id).await?.ok_or(Error::NotFound)?;
    pages::lock_page(&mut tx, tenant, page).await?;
    let mut incident = read::incident_to_change(&mut tx, tenant, incident_id).await?;
    check_etag(&request.etag, incident.revision)?;
    let by = Recording { tenant, page, member: Some(member.member), clock: &rpc.clock };
    let edit = Edit { update_id, mask, request, now: rpc.clock.now() };
    let (update, detail) = match drafts::find_draft(&mut tx, tenant, update_id).await? {
        Some(draft) => (edit.draft(&mut tx, by, &mut incident, draft).await?, "a draft was edited"),
        None => (edit.published(&mut tx, by, member, &mut incident).await?, "an update was edited"),
    };
    let reply = |update| EditUpdateResponse {
        incident: Some(write::without_updates(&incident)),
        update: Some(update),
    };
    match update {
        // Nothing changed: the page stays where it was.
        Edited::Not(update) => Ok(reply(update)),
        Edited::To(update) => {
            write::log(&mut tx, by, incident_id, &incident.title, AuditAction::Updated, detail).await?;
            tx.commit().await?;
            Ok(reply(update))
        }
    }
}

/// What became of an update.
enum Edited {
    /// It is as it was.
    Not(IncidentUpdate),
    /// It is this now.
    To(IncidentUpdate),
}

/// What a request changes of an update.
struct Edit {
    update_id: UpdateId,
    mask: Mask,
    request: EditUpdateRequest,
    now: Timestamp,
}

impl Edit {
    async fn published(
        self,
        db: &mut PgConnection,
        by: Recording<'_>,
        member: &Member,
        incident: &mut Incident,
    ) -> Result<Edited, Error> {
        if OF_DRAFTS.iter().any(|field| self.mask.has(field)) {
            return Err(Error::Precondition(
                "of a published update only `body` and `displayed_at` can be changed",
            ));
        }
        let displayed_at = convert::parse_past("displayed_at", self.request.displayed_at, self.now)?;
        let displayed_at = if self.mask.has("displayed_at") {
            Some(displayed_at.ok_or_else(|| Error::invalid("displayed_at", "must be set"))?)
        } else {
            None
        };
        let body = self.mask.has("body").then_some(self.request.body);
        let promise = incident.promise();
        let told = incident.updates.iter().find(|told| told.update_id == self.update_id).cloned();
        let Some((before, after)) = incident.correct(self.update_id, body, displayed_at, self.now) else {
            return told.map(|told| Edited::Not(told.into())).ok_or(Error::NotFound);
        };
        let edits = updates::latest_revision(db, by.tenant, self.update_id).await?;
        if u16::try_from(edits).is_ok_and(|edits| edits >= EDITS_PER_UPDATE) {
            return Err(Error::LimitReached { what: "an update", limit: EDITS_PER_UPDATE, of: "edits" });
        }
        updates::insert_revision(db, by.tenant, &before, edits + 1, self.now, member.member).await?;
        updates::save_update(db, by.tenant, &after).await?;
        incident.revision += 1;
        pages::advance_page(db, by.tenant, by.page, 0).await?;
        write::follow(db, by, incident, promise).await?;
        Ok(Edited::To(after.into()))
    }

    async fn draft(
        self,
        db: &mut PgConnection,
        by: Recording<'_>,
        incident: &mut Incident,
        before: Draft,
    ) -> Result<Edited, Error> {
        let mut draft = before.clone();
        self.change(&mut draft)?;
        if draft == before {
            return Ok(Edited::Not(convert::draft(draft, incident)));
        }
        if self.mask.has("affected_components") {
            let affected = &self.request.affected_components;
            write::check_known(db, by.tenant, by.page, affected, &[], &[]).await?;
        }
        drafts::save_draft(db, by.tenant, &draft).await?;
        if draft.publish_at != before.publish_at {
            write::plan(db, by, &draft).await?;
        }
        incident.revision += 1;
        incidents::save_incident(db, by.tenant, incident).await?;
        Ok(Edited::To(convert::draft(draft, incident)))
    }

    /// Changes what the mask names of a draft.
    fn change(&self, draft: &mut Draft) -> Result<(), Error> {
        let (mask, request, telling) = (&self.mask, &self.request, &mut draft.telling);
        if mask.has("body") {
            telling.body.clone_from(&request.body);
        }
        if mask.has("displayed_at") {
            telling.displayed_at = convert::parse_past("displayed_at", request.displayed_at, self.now)?;
        }
        if mask.has("phase") {
            telling.phase = convert::parse_phase(request.phase())?;
        }
        if mask.has("affected_components") {
            telling.affected = convert::parse_affected(&request.affected_components)?;
            telling.affected.sort_unstable_by_key(|affected| affected.component_id);
        }
        if mask.has("notify") {
            telling.notify = Some(request.notify);
        }
        if mask.has("next_update_at") {
            telling.next_update_at = convert::parse_promise(request.next_update_at, self.now)?;
        }
        if mask.has("publish_at") {
            draft.publish_at = convert::parse_coming("publish_at", request.publish_at, self.now)?;
        }
        if ON_PROMISES.iter().any(|field| mask.has(field)) {
            write::check_promise(&draft.telling, draft.publish_at, self.now)?;
        }
        Ok(())
    }
}
