//! What is taken for a token, and what is not.

use serde_json::{Value, json};

use super::*;

const ISSUER: &str = "https://status.example.com";

struct World {
    clock: Clock,
    keys: KeyPair,
    verifier: Verifier,
}

/// A verifier that knows the member's key already; nobody answers where it would ask for more.
fn world() -> World {
    let clock = Clock::manual("2026-11-21T12:00:00Z".parse().unwrap());
    let keys = KeyPair::from_seed(&Secret::new([1; 32])).unwrap();
    let nowhere = crate::peer::channel(&http::Uri::from_static("http://127.0.0.1:1"));
    let verifier = Verifier::new(ISSUER.to_owned(), &Secret::new([2; 32]), nowhere, clock.clone()).unwrap();
    let key = DecodingKey::from_jwk(&keys.public).unwrap();
    verifier.member_keys.write().unwrap().insert(keys.id.clone(), key);
    World { clock, keys, verifier }
}

fn claims(clock: &Clock) -> Value {
    let now = clock.now().as_second();
    json!({
        "iss": ISSUER, "aud": "pharos", "iat": now, "nbf": now, "exp": now + 300,
        "sub": MemberId::new(clock).to_string(), "ten": TenantId::new(clock).to_string(),
        "sid": SessionId::new(clock).to_string(), "role": "ROLE_OWNER",
    })
}

#[tokio::test]
async fn a_members_token_is_taken_until_it_expires_and_five_seconds_more() {
    let World { clock, verifier, .. } = world();
    let member =
        Member { tenant: TenantId::new(&clock), member: MemberId::new(&clock), role: Role::Responder };
    let signer = MemberSigner::new(&Secret::new([1; 32]), ISSUER.to_owned(), clock.clone()).unwrap();
    let (token, ends) = signer.sign(&member, SessionId::new(&clock)).unwrap();
    assert_eq!(ends.duration_since(clock.now()), ACCESS_LIFETIME);
    assert_eq!(verifier.member(&token).await.unwrap(), member);

    clock.advance(ACCESS_LIFETIME + SignedDuration::from_millis(4_999));
    assert!(verifier.member(&token).await.is_ok());
    clock.advance(SignedDuration::from_millis(1));
    assert!(verifier.member(&token).await.is_err());
}

#[tokio::test]
async fn a_token_that_lacks_a_claim_is_refused_though_the_library_would_pass_it() {
    let World { clock, keys, verifier } = world();
    let whole = keys.sign(MEMBER_TYPE, &claims(&clock)).unwrap();
    assert!(verifier.member(&whole).await.is_ok());
    for missing in ["exp", "nbf", "iss", "aud", "sub", "ten", "sid", "role"] {
        let mut claims = claims(&clock);
        claims.as_object_mut().unwrap().remove(missing);
        let token = keys.sign(MEMBER_TYPE, &claims).unwrap();
        assert!(verifier.member(&token).await.is_err(), "without {missing}");
    }
    // The trap itself: asked for an audience, the library passes a token that names none.
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["pharos"]);
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    let mut claims = claims(&clock);
    claims.as_object_mut().unwrap().remove("aud");
    let token = keys.sign(MEMBER_TYPE, &claims).unwrap();
    let key = DecodingKey::from_jwk(&keys.public).unwrap();
    assert!(jsonwebtoken::decode::<Value>(&token, &key, &validation).is_ok());
}

#[tokio::test]
async fn a_token_for_another_system_time_or_purpose_is_refused() {
    let World { clock, keys, verifier } = world();
    let now = clock.now().as_second();
    for (claim, value) in [
        ("iss", json!("https://other.example.com")),
        ("aud", json!("somebody-else")),
        ("nbf", json!(now + 6)),
        ("exp", json!(now - 5)),
        ("sub", json!("ten_01arz3ndektsv4rrffq69g5fav")),
        ("role", json!("ROLE_KING")),
    ] {
        let mut claims = claims(&clock);
        claims[claim] = value;
        let token = keys.sign(MEMBER_TYPE, &claims).unwrap();
        assert!(verifier.member(&token).await.is_err(), "{claim}");
    }
    let other_type = keys.sign("JWT", &claims(&clock)).unwrap();
    assert!(verifier.member(&other_type).await.is_err());
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(MEMBER_TYPE.to_owned());
    header.kid = Some(keys.id.clone());
    header.crit = Some(vec!["exp".to_owned()]);
    let critical = jsonwebtoken::encode(&header, &claims(&clock), &keys.signing).unwrap();
    assert!(verifier.member(&critical).await.is_err());
}

#[tokio::test]
async fn a_token_forged_with_the_public_key_as_a_password_is_refused() {
    let World { clock, keys, verifier } = world();
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some(MEMBER_TYPE.to_owned());
    header.kid = Some(keys.id.clone());
    let public = serde_json::to_vec(&keys.public).unwrap();
    let forged = jsonwebtoken::encode(&header, &claims(&clock), &EncodingKey::from_secret(&public)).unwrap();
    assert!(verifier.member(&forged).await.is_err());
}

#[tokio::test]
async fn a_services_token_and_a_members_are_never_taken_for_each_other() {
    let World { clock, keys, verifier } = world();
    let service = ServiceSigner::new(&Secret::new([2; 32]), "incidents", clock.clone()).unwrap();
    let token = service.sign().unwrap();
    verifier.service(&token).unwrap();
    assert!(verifier.member(&token).await.is_err());
    let member = keys.sign(MEMBER_TYPE, &claims(&clock)).unwrap();
    assert!(verifier.service(&member).is_err());

    let nobody = ServiceSigner::new(&Secret::new([2; 32]), "console", clock.clone()).unwrap();
    assert!(verifier.service(&nobody.sign().unwrap()).is_err(), "no service of ours has that name");
    let stranger = ServiceSigner::new(&Secret::new([3; 32]), "incidents", clock.clone()).unwrap();
    assert!(verifier.service(&stranger.sign().unwrap()).is_err());
    clock.advance(SERVICE_LIFETIME + LEEWAY);
    assert!(verifier.service(&token).is_err(), "it has expired");
}

#[tokio::test]
async fn while_the_key_set_cannot_be_had_the_caller_is_told_to_try_again() {
    let World { clock, verifier, .. } = world();
    let unknown = KeyPair::from_seed(&Secret::new([9; 32])).unwrap();
    let token = unknown.sign(MEMBER_TYPE, &claims(&clock)).unwrap();
    let (one, other) = tokio::join!(verifier.member(&token), verifier.member(&token));
    assert!(matches!(one, Err(TokenError::NoKeySet(_))));
    assert!(matches!(other, Err(TokenError::TooSoon)), "nobody queues up behind it");
}
