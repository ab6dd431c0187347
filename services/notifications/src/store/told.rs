//! What broadcasts tell: written once, with everything that composing it needs, so that a mail composed again
//! tomorrow is the same mail.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{BroadcastId, TenantId};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::{
    domain::{
        Component, ComponentStatus, Content, IncidentUpdate, Kind, MaintenanceApproaching, MaintenancePhase,
        MaintenanceUpdate, NewBroadcast, NextUpdateDue, Page, Phase, Postmortem, Window,
    },
    error::Error,
};

/// What only one or two kinds say: the document beside the columns.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Facts {
    #[serde(skip_serializing_if = "Option::is_none")]
    next_update_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maintenance_phase: Option<MaintenancePhase>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<Window>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    moved: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    same_phase: bool,
}

/// A component that is spoken of; those of a maintenance have no status said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Named {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<ComponentStatus>,
}

/// Content as it stands in the row: what its kind does not say is empty.
#[derive(Debug, Default, Clone, PartialEq)]
struct Columns {
    incident: Option<Uuid>,
    maintenance: Option<Uuid>,
    update: Option<Uuid>,
    subscriber: Option<Uuid>,
    title: Option<String>,
    phase: Option<Phase>,
    body: Option<String>,
    language: String,
    displayed_at: Option<Timestamp>,
    components: Vec<Named>,
    facts: Facts,
}

impl From<&Content> for Columns {
    fn from(content: &Content) -> Self {
        match content {
            Content::IncidentUpdate(told) => Self {
                incident: Some(told.incident_id.uuid()),
                update: Some(told.update_id.uuid()),
                title: Some(told.title.clone()),
                phase: Some(told.phase),
                body: Some(told.body.clone()),
                language: told.language.clone(),
                displayed_at: Some(told.displayed_at),
                components: told
                    .components
                    .iter()
                    .map(|component| Named { name: component.name.clone(), status: Some(component.status) })
                    .collect(),
                facts: Facts {
                    next_update_at: told.next_update_at,
                    same_phase: told.same_phase,
                    ..Facts::default()
                },
                ..Self::default()
            },
            Content::MaintenanceUpdate(told) => Self {
                maintenance: Some(told.maintenance_id.uuid()),
                update: Some(told.update_id.uuid()),
                title: Some(told.title.clone()),
                body: Some(told.body.clone()),
                language: told.language.clone(),
                displayed_at: Some(told.displayed_at),
                components: named(&told.component_names),
                facts: Facts {
                    maintenance_phase: Some(told.phase),
                    window: Some(told.window),
                    moved: told.moved,
                    same_phase: told.same_phase,
                    ..Facts::default()
                },
                ..Self::default()
            },
            Content::MaintenanceApproaching(told) => Self {
                maintenance: Some(told.maintenance_id.uuid()),
                title: Some(told.title.clone()),
                body: Some(told.body.clone()),
                language: told.language.clone(),
                components: named(&told.component_names),
                facts: Facts { window: Some(told.window), ..Facts::default() },
                ..Self::default()
            },
            Content::Postmortem(told) => Self {
                incident: Some(told.incident_id.uuid()),
                title: Some(told.title.clone()),
                body: Some(told.body.clone()),
                language: told.language.clone(),
                displayed_at: Some(told.published_at),
                ..Self::default()
            },
            Content::NextUpdateDue(told) => Self {
                incident: Some(told.incident_id.uuid()),
                title: Some(told.title.clone()),
                facts: Facts { next_update_at: Some(told.next_update_at), ..Facts::default() },
                ..Self::default()
            },
            Content::Confirmation { subscriber } => {
                Self { subscriber: Some(subscriber.uuid()), ..Self::default() }
            }
        }
    }
}

impl Columns {
    /// The content of this kind.
    ///
    /// # Errors
    /// The name of what the kind says and the row does not.
    fn content(self, kind: Kind) -> Result<Content, &'static str> {
        let incident = self.incident.map(Into::into).ok_or("incident_id");
        let maintenance = self.maintenance.map(Into::into).ok_or("maintenance_id");
        let update = self.update.map(Into::into).ok_or("update_id");
        let title = self.title.ok_or("title");
        let body = self.body.ok_or("body");
        let displayed_at = self.displayed_at.ok_or("displayed_at");
        let window = self.facts.window.ok_or("window");
        let component_names = self.components.iter().map(|component| component.name.clone());
        Ok(match kind {
            Kind::IncidentUpdate => Content::IncidentUpdate(IncidentUpdate {
                incident_id: incident?,
                update_id: update?,
                title: title?,
                phase: self.phase.ok_or("phase")?,
                same_phase: self.facts.same_phase,
                body: body?,
                language: self.language,
                displayed_at: displayed_at?,
                next_update_at: self.facts.next_update_at,
                components: self.components.into_iter().map(component).collect::<Result<_, _>>()?,
            }),
            Kind::MaintenanceUpdate => Content::MaintenanceUpdate(MaintenanceUpdate {
                maintenance_id: maintenance?,
                update_id: update?,
                title: title?,
                phase: self.facts.maintenance_phase.ok_or("maintenance_phase")?,
                same_phase: self.facts.same_phase,
                body: body?,
                displayed_at: displayed_at?,
                window: window?,
                moved: self.facts.moved,
                component_names: component_names.collect(),
                language: self.language,
            }),
            Kind::MaintenanceApproaching => Content::MaintenanceApproaching(MaintenanceApproaching {
                maintenance_id: maintenance?,
                title: title?,
                body: body?,
                window: window?,
                component_names: component_names.collect(),
                language: self.language,
            }),
            Kind::Postmortem => Content::Postmortem(Postmortem {
                incident_id: incident?,
                title: title?,
                body: body?,
                language: self.language,
                published_at: displayed_at?,
            }),
            Kind::NextUpdateDue => Content::NextUpdateDue(NextUpdateDue {
                incident_id: incident?,
                title: title?,
                next_update_at: self.facts.next_update_at.ok_or("next_update_at")?,
            }),
            Kind::Confirmation => {
                Content::Confirmation { subscriber: self.subscriber.map(Into::into).ok_or("subscriber_id")? }
            }
        })
    }
}

fn named(names: &[String]) -> Vec<Named> {
    names.iter().map(|name| Named { name: name.clone(), status: None }).collect()
}

fn component(named: Named) -> Result<Component, &'static str> {
    Ok(Component { name: named.name, status: named.status.ok_or("status of a component")? })
}

/// Writes a broadcast; `false` if its event has one already.
pub(crate) async fn insert(db: &mut PgConnection, new: &NewBroadcast, planned: i64) -> sqlx::Result<bool> {
    let columns = Columns::from(&new.content);
    let inserted = sqlx::query!(
        "insert into notifications.broadcast
             (tenant_id, broadcast_id, event_id, kind, page_id, page_slug, page_name, page_locale, page_time_zone,
              incident_id, update_id, title, phase, body, displayed_at, components, subscriber_id, planned,
              created_at, completed_at, maintenance_id, language, facts, component_ids)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19::timestamptz,
                 case when $18::bigint = 0 then $19::timestamptz end, $20, $21, $22, $23)
         on conflict on constraint broadcast_event_key do nothing",
        new.tenant.uuid(),
        new.broadcast.uuid(),
        new.event.uuid(),
        new.content.kind() as Kind,
        new.page.page_id.uuid(),
        new.page.slug,
        new.page.name,
        new.page.locale,
        new.page.time_zone,
        columns.incident,
        columns.update,
        columns.title,
        columns.phase as Option<Phase>,
        columns.body,
        columns.displayed_at.map(|at| at.to_sqlx()) as _,
        Json(columns.components) as _,
        columns.subscriber,
        planned,
        new.created_at.to_sqlx() as _,
        columns.maintenance,
        columns.language,
        Json(columns.facts) as _,
        &new.components.iter().map(|component| component.uuid()).collect::<Vec<_>>(),
    )
    .execute(db)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// A broadcast with everything that composing its mails needs.
pub(crate) async fn load(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
) -> Result<Option<NewBroadcast>, Error> {
    let row = sqlx::query!(
        r#"select event_id, kind as "kind: Kind", page_id, page_slug, page_name, page_locale, page_time_zone,
                  incident_id, maintenance_id, update_id, title, phase as "phase: Phase", body, language,
                  displayed_at, components as "components: Json<Vec<Named>>", facts as "facts: Json<Facts>",
                  subscriber_id, created_at, component_ids
           from notifications.broadcast
           where tenant_id = $1 and broadcast_id = $2"#,
        tenant.uuid(),
        broadcast.uuid(),
    )
    .fetch_optional(db)
    .await
    .map_err(|error| {
        let is_unreadable = matches!(error, sqlx::Error::ColumnDecode { .. });
        if is_unreadable { Error::Unreadable(error.to_string()) } else { error.into() }
    })?;
    let Some(row) = row else { return Ok(None) };
    let columns = Columns {
        incident: row.incident_id,
        maintenance: row.maintenance_id,
        update: row.update_id,
        subscriber: row.subscriber_id,
        title: row.title,
        phase: row.phase,
        body: row.body,
        language: row.language,
        displayed_at: row.displayed_at.map(|at| at.to_jiff()),
        components: row.components.0,
        facts: row.facts.0,
    };
    let content = columns
        .content(row.kind)
        .map_err(|lacking| Error::Unreadable(format!("broadcast {broadcast} has no {lacking}")))?;
    Ok(Some(NewBroadcast {
        tenant,
        broadcast,
        event: row.event_id.into(),
        page: Page {
            page_id: row.page_id.into(),
            slug: row.page_slug,
            name: row.page_name,
            locale: row.page_locale,
            time_zone: row.page_time_zone,
        },
        content,
        components: row.component_ids.into_iter().map(Into::into).collect(),
        created_at: row.created_at.to_jiff(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn window() -> Window {
        Window { starts_at: at("2026-11-28T01:00:00Z"), ends_at: at("2026-11-28T03:00:00Z") }
    }

    fn contents() -> Vec<Content> {
        vec![
            Content::IncidentUpdate(IncidentUpdate {
                incident_id: id(1).into(),
                update_id: id(2).into(),
                title: "t".into(),
                phase: Phase::Monitoring,
                same_phase: true,
                body: "b".into(),
                language: "pt-BR".into(),
                displayed_at: at("2026-11-21T12:00:00Z"),
                next_update_at: Some(at("2026-11-21T13:00:00.000001Z")),
                components: vec![Component { name: "API".into(), status: ComponentStatus::UnderMaintenance }],
            }),
            Content::MaintenanceUpdate(MaintenanceUpdate {
                maintenance_id: id(3).into(),
                update_id: id(4).into(),
                title: "t".into(),
                phase: MaintenancePhase::InProgress,
                same_phase: true,
                body: String::new(),
                language: String::new(),
                displayed_at: at("2026-11-21T12:00:00Z"),
                window: window(),
                moved: true,
                component_names: vec!["API".into(), "Website".into()],
            }),
            Content::MaintenanceApproaching(MaintenanceApproaching {
                maintenance_id: id(3).into(),
                title: "t".into(),
                body: "b".into(),
                language: "en".into(),
                window: window(),
                component_names: Vec::new(),
            }),
            Content::Postmortem(Postmortem {
                incident_id: id(1).into(),
                title: "t".into(),
                body: "b".into(),
                language: String::new(),
                published_at: at("2026-11-22T12:00:00Z"),
            }),
            Content::NextUpdateDue(NextUpdateDue {
                incident_id: id(1).into(),
                title: "t".into(),
                next_update_at: at("2026-11-21T13:00:00Z"),
            }),
            Content::Confirmation { subscriber: id(5).into() },
        ]
    }

    #[test]
    fn what_is_told_comes_back_from_its_columns() {
        for content in contents() {
            let columns = Columns::from(&content);
            assert_eq!(columns.content(content.kind()), Ok(content));
        }
    }

    #[test]
    fn a_row_that_lacks_what_its_kind_says_is_unreadable() {
        let content = |kind| Columns::default().content(kind).unwrap_err();
        assert_eq!(content(Kind::IncidentUpdate), "incident_id");
        assert_eq!(content(Kind::Confirmation), "subscriber_id");
        let reminder = Columns { maintenance: Some(id(3)), title: Some("t".into()), ..Columns::default() };
        assert_eq!(reminder.content(Kind::MaintenanceApproaching), Err("body"));
    }
}
