//! Tokens: JWTs (RFC 7519) signed with Ed25519 (RFC 8037), the only algorithm taken.
//!
//! The library checks `aud` and `iss` only where they are there, and neither `typ` nor `crit`; all claims
//! are required fields here, and everything is checked by this module against the clock it is given.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, RwLock},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    jwk::{Jwk, JwkSet, ThumbprintHash},
};
use proto::{
    common::v1::Role,
    tenants::v1::{GetKeySetRequest, account_service_client::AccountServiceClient},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::{sync::Mutex, time::Instant};
use tonic::transport::Channel;

use crate::{
    Clock, Secret,
    caller::Member,
    ids::{MemberId, SessionId, TenantId},
};

/// How long an access token of a member is good.
pub const ACCESS_LIFETIME: SignedDuration = SignedDuration::from_mins(5);
/// How long a token of a service is good; a new one is made for each call.
const SERVICE_LIFETIME: SignedDuration = SignedDuration::from_secs(60);
/// How far two machines' clocks may differ.
const LEEWAY: SignedDuration = SignedDuration::from_secs(5);
/// An unknown key id makes us ask for the key set again, but not more often than this.
const KEY_SET_PAUSE: Duration = Duration::from_secs(1);
/// How long the key set may take to come.
const KEY_SET_PATIENCE: Duration = Duration::from_secs(3);

/// RFC 9068, section 2.1.
const MEMBER_TYPE: &str = "at+jwt";
const SERVICE_TYPE: &str = "pharos-service+jwt";
const MEMBER_AUDIENCE: &str = "pharos";
const SERVICE_AUDIENCE: &str = "pharos-services";
/// Those that call others.
const SERVICES: [&str; 4] = ["incidents", "subscriptions", "notifications", "edge"];

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct MemberClaims {
    #[serde(flatten)]
    claims: Claims,
    ten: String,
    sid: String,
    role: String,
}

/// Why a token was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It is malformed, expired, not yet good, for somebody else, or signed by somebody else.
    #[error("the token is not good: {0}")]
    NotGood(&'static str),
    /// The key set to check it with cannot be had.
    #[error("the key set cannot be had")]
    NoKeySet(#[source] Box<tonic::Status>),
    /// Its key is not known, and the key set was asked for a moment ago.
    #[error("its key is not known, and the key set was asked for a moment ago")]
    TooSoon,
}

struct KeyPair {
    id: String,
    signing: EncodingKey,
    public: Jwk,
}

impl KeyPair {
    fn from_seed(seed: &Secret) -> Result<Self, jsonwebtoken::errors::Error> {
        // PKCS#8 version 1 around a seed (RFC 8410, section 7): the only form that can be made a JWK of.
        const PREFIX: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        let signing = EncodingKey::from_ed_der(&[PREFIX.as_slice(), seed.expose()].concat());
        let mut public = Jwk::from_encoding_key(&signing, Algorithm::EdDSA)?;
        let id = public.thumbprint(ThumbprintHash::SHA256)?;
        public.common.key_id = Some(id.clone());
        Ok(Self { id, signing, public })
    }

    fn sign(&self, kind: &str, claims: &impl Serialize) -> Result<String, jsonwebtoken::errors::Error> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(kind.to_owned());
        header.kid = Some(self.id.clone());
        jsonwebtoken::encode(&header, claims, &self.signing)
    }
}

/// Signs access tokens of members; only the service that knows members has one.
#[derive(Clone)]
pub struct MemberSigner {
    keys: Arc<KeyPair>,
    issuer: String,
    clock: Clock,
}

impl fmt::Debug for MemberSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemberSigner").field("key", &self.keys.id).finish_non_exhaustive()
    }
}

impl MemberSigner {
    /// Signs with the key pair that follows from the seed.
    ///
    /// # Errors
    /// If the crypto library refuses the key.
    pub fn new(seed: &Secret, issuer: String, clock: Clock) -> Result<Self, jsonwebtoken::errors::Error> {
        Ok(Self { keys: Arc::new(KeyPair::from_seed(seed)?), issuer, clock })
    }

    /// An access token and when it ends.
    ///
    /// # Errors
    /// If the crypto library fails.
    pub fn sign(
        &self,
        member: &Member,
        session: SessionId,
    ) -> Result<(String, Timestamp), jsonwebtoken::errors::Error> {
        let now = self.clock.now();
        let ends = now.saturating_add(ACCESS_LIFETIME).unwrap_or(now);
        let claims = MemberClaims {
            claims: Claims {
                iss: self.issuer.clone(),
                aud: MEMBER_AUDIENCE.to_owned(),
                sub: member.member.to_string(),
                iat: now.as_second(),
                nbf: now.as_second(),
                exp: ends.as_second(),
            },
            ten: member.tenant.to_string(),
            sid: session.to_string(),
            role: member.role.as_str_name().to_owned(),
        };
        Ok((self.keys.sign(MEMBER_TYPE, &claims)?, ends))
    }

    /// The public half, as a JSON Web Key Set (RFC 7517).
    #[must_use]
    pub fn key_set(&self) -> JwkSet {
        JwkSet { keys: vec![self.keys.public.clone()] }
    }
}

/// Signs a service's calls to the others; all services have the secret it is made from.
#[derive(Clone)]
pub struct ServiceSigner {
    keys: Arc<KeyPair>,
    name: &'static str,
    clock: Clock,
}

impl fmt::Debug for ServiceSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceSigner").field("name", &self.name).finish_non_exhaustive()
    }
}

impl ServiceSigner {
    /// Signs as the service of this name.
    ///
    /// # Errors
    /// If the crypto library refuses the key.
    pub fn new(
        secret: &Secret,
        name: &'static str,
        clock: Clock,
    ) -> Result<Self, jsonwebtoken::errors::Error> {
        let keys = Arc::new(KeyPair::from_seed(&secret.derive("service tokens"))?);
        Ok(Self { keys, name, clock })
    }

    /// A token for one call.
    ///
    /// # Errors
    /// If the crypto library fails.
    pub fn sign(&self) -> Result<String, jsonwebtoken::errors::Error> {
        let now = self.clock.now();
        self.keys.sign(
            SERVICE_TYPE,
            &Claims {
                iss: self.name.to_owned(),
                aud: SERVICE_AUDIENCE.to_owned(),
                sub: self.name.to_owned(),
                iat: now.as_second(),
                nbf: now.as_second(),
                exp: now.saturating_add(SERVICE_LIFETIME).unwrap_or(now).as_second(),
            },
        )
    }
}

/// Checks tokens of members and of services.
pub struct Verifier {
    issuer: String,
    clock: Clock,
    service_key: (String, DecodingKey),
    member_keys: RwLock<HashMap<String, DecodingKey>>,
    source: Mutex<Source>,
}

struct Source {
    client: AccountServiceClient<Channel>,
    last: Option<Asked>,
}

struct Asked {
    asked_at: Instant,
    ended_at: Instant,
    was_answered: bool,
}

const UNKNOWN_KEY: TokenError = TokenError::NotGood("its key is not known");

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl Verifier {
    /// Checks against the key set that the account service publishes, asked for when first needed.
    ///
    /// # Errors
    /// If the crypto library refuses the service key.
    pub fn new(
        issuer: String,
        service_secret: &Secret,
        accounts: Channel,
        clock: Clock,
    ) -> Result<Self, jsonwebtoken::errors::Error> {
        let keys = KeyPair::from_seed(&service_secret.derive("service tokens"))?;
        Ok(Self {
            issuer,
            clock,
            service_key: (keys.id, DecodingKey::from_jwk(&keys.public)?),
            member_keys: RwLock::default(),
            source: Mutex::new(Source { client: AccountServiceClient::new(accounts), last: None }),
        })
    }

    /// The member that the token speaks for.
    ///
    /// # Errors
    /// [`TokenError`]
    pub async fn member(&self, token: &str) -> Result<Member, TokenError> {
        let header = self.header(token, MEMBER_TYPE)?;
        let id = header.kid.ok_or(TokenError::NotGood("it names no key"))?;
        let key = match self.known(&id) {
            Some(key) => key,
            None => self.ask_for(&id).await?,
        };
        let claims: MemberClaims = decode(token, &key)?;
        self.check(&claims.claims, &self.issuer, MEMBER_AUDIENCE)?;
        Ok(Member {
            tenant: claims.ten.parse::<TenantId>().map_err(|_| TokenError::NotGood("its tenant is no id"))?,
            member: claims
                .claims
                .sub
                .parse::<MemberId>()
                .map_err(|_| TokenError::NotGood("its subject is no id"))?,
            role: Role::from_str_name(&claims.role).ok_or(TokenError::NotGood("its role is not known"))?,
        })
    }

    /// Whether the token is another service's.
    ///
    /// # Errors
    /// [`TokenError::NotGood`]
    pub fn service(&self, token: &str) -> Result<(), TokenError> {
        let header = self.header(token, SERVICE_TYPE)?;
        if header.kid.as_deref() != Some(self.service_key.0.as_str()) {
            return Err(TokenError::NotGood("it names another key"));
        }
        let claims: Claims = decode(token, &self.service_key.1)?;
        let issuer = SERVICES.iter().find(|service| **service == claims.sub);
        self.check(&claims, issuer.ok_or(TokenError::NotGood("its subject is no service"))?, SERVICE_AUDIENCE)
    }

    fn header(&self, token: &str, kind: &str) -> Result<Header, TokenError> {
        let header =
            jsonwebtoken::decode_header(token).map_err(|_| TokenError::NotGood("it is malformed"))?;
        if header.typ.as_deref() != Some(kind) {
            return Err(TokenError::NotGood("it is of another type"));
        }
        if header.alg != Algorithm::EdDSA {
            return Err(TokenError::NotGood("it is signed by another algorithm"));
        }
        // RFC 7515, section 4.1.11: what is critical must be understood, and nothing is understood here.
        if header.crit.is_some() {
            return Err(TokenError::NotGood("it has critical extensions"));
        }
        Ok(header)
    }

    fn check(&self, claims: &Claims, issuer: &str, audience: &str) -> Result<(), TokenError> {
        let at = |seconds| Timestamp::from_second(seconds).map_err(|_| TokenError::NotGood("a time is none"));
        let now = self.clock.now();
        if claims.iss != issuer || claims.aud != audience {
            return Err(TokenError::NotGood("it is for another system"));
        }
        if now.duration_since(at(claims.exp)?) >= LEEWAY {
            return Err(TokenError::NotGood("it has expired"));
        }
        if at(claims.nbf)?.duration_since(now) > LEEWAY {
            return Err(TokenError::NotGood("it is not good yet"));
        }
        Ok(())
    }

    fn known(&self, id: &str) -> Option<DecodingKey> {
        self.member_keys.read().ok()?.get(id).cloned()
    }

    /// Asks for the key set, at most once a second. Whoever comes while it is asked for is told by that one
    /// answer, and whoever comes too soon after it is asked to try again.
    async fn ask_for(&self, id: &str) -> Result<DecodingKey, TokenError> {
        let came_at = Instant::now();
        let mut source = self.source.lock().await;
        if let Some(key) = self.known(id) {
            return Ok(key);
        }
        if let Some(last) = &source.last
            && last.ended_at >= came_at
        {
            // An answer to a question from before may be older than the token.
            let is_told = last.was_answered && last.asked_at >= came_at;
            return Err(if is_told { UNKNOWN_KEY } else { TokenError::TooSoon });
        }
        // Nobody waits for the pause to end: tokens with made-up keys would fill the room of all callers.
        if source.last.as_ref().is_some_and(|last| last.asked_at.elapsed() < KEY_SET_PAUSE) {
            return Err(TokenError::TooSoon);
        }
        let asked_at = Instant::now();
        let mut request = tonic::Request::new(GetKeySetRequest {});
        request.set_timeout(KEY_SET_PATIENCE);
        let reply = source.client.get_key_set(request).await;
        source.last = Some(Asked { asked_at, ended_at: Instant::now(), was_answered: reply.is_ok() });
        let jwks = reply.map_err(|status| TokenError::NoKeySet(Box::new(status)))?.into_inner().jwks;
        let set: JwkSet =
            serde_json::from_str(&jwks).map_err(|_| TokenError::NotGood("the key set is malformed"))?;
        let keys = set
            .keys
            .iter()
            .filter_map(|jwk| Some((jwk.common.key_id.clone()?, DecodingKey::from_jwk(jwk).ok()?)))
            .collect::<HashMap<_, _>>();
        let found = keys.get(id).cloned();
        if let Ok(mut known) = self.member_keys.write() {
            *known = keys;
        }
        found.ok_or(UNKNOWN_KEY)
    }
}

fn decode<T: DeserializeOwned>(token: &str, key: &DecodingKey) -> Result<T, TokenError> {
    let mut validation = Validation::new(Algorithm::EdDSA);
    // Times and audience are checked by `Verifier::check`, against the clock that was passed in.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims =
        ["exp", "nbf", "iss", "aud", "sub"].into_iter().map(str::to_owned).collect();
    let data = jsonwebtoken::decode::<T>(token, key, &validation)
        .map_err(|_| TokenError::NotGood("its signature or its claims are not good"))?;
    Ok(data.claims)
}

#[cfg(test)]
mod tests;
