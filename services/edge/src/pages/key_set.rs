//! The keys that access tokens are signed with, for everybody who wants to verify one.

use std::time::Duration;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{
    StatusCode,
    header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
};
use moka::future::Cache;
use proto::tenants::v1::GetKeySetRequest;

use crate::peers::{Fault, Peers, ask, request};

/// How long the key set is kept, here and by its readers.
const FRESH: Duration = Duration::from_secs(60);

/// The key set as last read.
#[derive(Debug, Clone)]
pub(super) struct KeySet {
    peers: Peers,
    kept: Cache<(), String>,
}

impl KeySet {
    pub(super) fn new(peers: &Peers) -> Self {
        Self { peers: peers.clone(), kept: Cache::builder().max_capacity(1).time_to_live(FRESH).build() }
    }

    /// The key set; many readers at once are one call.
    async fn read(&self) -> Result<String, Fault> {
        let load = async {
            let mut accounts = self.peers.accounts();
            let told = ask(accounts.get_key_set(request(GetKeySetRequest {}))).await?;
            Ok::<_, Fault>(told.jwks)
        };
        self.kept.try_get_with((), load).await.map_err(|fault| *fault)
    }
}

/// `GET /.well-known/jwks.json` (RFC 7517, section 8.5.1 for the type)
pub(super) async fn show(State(keys): State<KeySet>) -> Response {
    match keys.read().await {
        Ok(jwks) => {
            let headers = [
                (CONTENT_TYPE, "application/jwk-set+json"),
                (CACHE_CONTROL, "public, max-age=60"),
                (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            ];
            (headers, jwks).into_response()
        }
        Err(Fault::NotFound | Fault::Away) => {
            (StatusCode::SERVICE_UNAVAILABLE, [(CACHE_CONTROL, "no-store"), (RETRY_AFTER, "5")])
                .into_response()
        }
    }
}
