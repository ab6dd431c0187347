//! `POST /api/v2/subscribers.json`: subscribing, as programs of other makers do it.

use axum::{
    Form, Json,
    extract::{FromRequest as _, Request, State},
    response::Response,
};
use http::{StatusCode, header::CONTENT_TYPE};
use kit::{code::Code, ids::ComponentId};
use proto::subscriptions::v1::SubscribeRequest;
use serde_json::{Value, json};
use tonic::Status;
use tonic_types::StatusExt as _;

use super::refusal::{Refusal, told};
use crate::{
    formats::{Source, compat},
    pages::{reader::Segments, slug::Slug, snapshots::Snapshots, subscribe::READ},
    peers::{self, Fault, Peers, ask},
};

/// What is sent: fields of `subscriber`.
type Fields = Vec<(String, String)>;

/// The answer is the same for every address, whatever it is to the page; of a new subscriber programs are told an `id`
/// elsewhere, here there is none before the address is confirmed.
pub(super) async fn subscribe(
    State(snapshots): State<Snapshots>,
    State(peers): State<Peers>,
    Segments(slug): Segments<Slug>,
    request: Request,
) -> Result<Response, Refusal> {
    let Ok(read) = tokio::time::timeout(READ, read(request)).await else {
        return Ok(told(StatusCode::REQUEST_TIMEOUT, &json!({ "error": "it took too long to come" })));
    };
    let Some(fields) = read else {
        return Ok(wrong("subscriber", "must be a form or JSON with the fields of a subscriber"));
    };
    let source = snapshots.source(&slug).await?;
    let email = all(&fields, "email").next().unwrap_or_default().trim().to_owned();
    if let Some((field, _)) = fields.iter().find(|(field, _)| UNKNOWN.contains(&field.as_str())) {
        return Ok(wrong(field, "is not offered here: subscribe with an e-mail address"));
    }
    let mut component_ids = Vec::new();
    let named = || fields.iter().filter(|(field, _)| COMPONENTS.contains(&field.as_str()));
    if named().count() > MAX_COMPONENTS {
        return Ok(wrong(COMPONENTS[1], "must be at most 100 components"));
    }
    for (field, name) in named() {
        match component(&source, name) {
            Some(id) => component_ids.push(id),
            None => return Ok(wrong(field, "must be a component of the page")),
        }
    }
    let page_id = source.page.page_id.clone();
    let asked =
        SubscribeRequest { page_id, email: email.clone(), locale: None, time_zone: None, component_ids };
    match ask(peers.subscribers().subscribe(peers::request(asked))).await {
        Ok(_) => {
            let subscriber = json!({
                "created_at": compat::time(&source, source.now),
                "skip_confirmation_notification": false,
                "quarantined_at": null,
                "id": null,
                "mode": "email",
                "purge_at": null,
                "email": email,
            });
            Ok(told(StatusCode::CREATED, &subscriber))
        }
        Err(status) => match refused(&status) {
            Some((field, why)) => Ok(wrong(&field, &why)),
            None => Err(Fault::from(status).into()),
        },
    }
}

/// Fields by which others subscribe to what is not offered.
const UNKNOWN: [&str; 4] = ["endpoint", "phone_number", "phone_country", "incident_id"];
/// Fields that name components.
const COMPONENTS: [&str; 2] = ["component_id", "component_ids"];
/// From the contract (`SubscribeRequest.component_ids`).
const MAX_COMPONENTS: usize = 100;

fn wrong(field: &str, why: &str) -> Response {
    told(StatusCode::UNPROCESSABLE_ENTITY, &json!({ "error": { "field": field, "message": why } }))
}

/// The first field that a refusal names, and why.
fn refused(status: &Status) -> Option<(String, String)> {
    let violation = status.get_details_bad_request()?.field_violations.into_iter().next()?;
    Some((violation.field, violation.description))
}

fn all<'a>(fields: &'a Fields, name: &str) -> impl Iterator<Item = &'a str> {
    fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
}

/// A component by its code, or by its id.
fn component(source: &Source, name: &str) -> Option<String> {
    let code = name.parse::<Code>().ok();
    let has_code = |id: &str| {
        code.is_some_and(|code| id.parse().is_ok_and(|id| Code::of(ComponentId::uuid(id)) == code))
    };
    let mut ids = source.front.components.iter().map(|component| component.component_id.as_str());
    ids.find(|id| *id == name || has_code(id)).map(str::to_owned)
}

/// The fields; nothing if it is neither a form nor JSON.
async fn read(request: Request) -> Option<Fields> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.trim_start().to_ascii_lowercase().starts_with("application/json") {
        let Json(body) = Json::<Value>::from_request(request, &()).await.ok()?;
        let mut fields = Vec::new();
        for (name, value) in body.get("subscriber")?.as_object()? {
            match value {
                Value::String(text) => fields.push((name.clone(), text.clone())),
                Value::Array(texts) => {
                    for text in texts {
                        fields.push((name.clone(), text.as_str()?.to_owned()));
                    }
                }
                Value::Null => {}
                Value::Bool(_) | Value::Number(_) | Value::Object(_) => return None,
            }
        }
        return Some(fields);
    }
    let Form(fields) = Form::<Fields>::from_request(request, &()).await.ok()?;
    let inner = |(name, value): (String, String)| {
        let name = name.strip_prefix("subscriber[")?;
        Some((name.trim_end_matches("[]").trim_end_matches(']').to_owned(), value))
    };
    Some(fields.into_iter().filter_map(inner).collect())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    async fn sent(kind: &str, body: &str) -> Option<Fields> {
        let request =
            Request::post("/").header(CONTENT_TYPE, kind).body(Body::from(body.to_owned())).unwrap();
        read(request).await
    }

    #[tokio::test]
    async fn a_subscriber_is_read_from_a_form_and_from_json() {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let both = [field("email", "a@b.c"), field("component_ids", "1"), field("component_ids", "2")];
        let form =
            "subscriber[email]=a%40b.c&subscriber[component_ids][]=1&subscriber%5Bcomponent_ids%5D=2&x=y";
        assert_eq!(sent("application/x-www-form-urlencoded", form).await.unwrap(), both);
        let json = r#"{"subscriber":{"email":"a@b.c","component_ids":["1","2"],"phone_number":null}}"#;
        let mut read = sent("application/json; charset=utf-8", json).await.unwrap();
        read.sort();
        let mut both = both.to_vec();
        both.sort();
        assert_eq!(read, both);
        for bad in ["", "{}", "[]", r#"{"subscriber":[]}"#, r#"{"subscriber":{"email":1}}"#] {
            assert_eq!(sent("application/json", bad).await, None, "{bad}");
        }
    }
}
