//! Signing up, in and out.

use kit::status::reason;
use pharos_tests::{Cluster, Company, signed};
use proto::{
    common::v1::ErrorReason,
    tenants::v1::{
        GetTenantRequest, RefreshSessionRequest, SignInRequest, SignOutRequest, SignUpRequest,
        account_service_client::AccountServiceClient, tenant_service_client::TenantServiceClient,
    },
};
use tonic::Code;

#[tokio::test]
async fn a_company_signs_up_in_and_out() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let mut accounts = AccountServiceClient::new(cluster.channel());
    let request = SignInRequest { email: company.email.to_uppercase(), password: Company::PASSWORD.into() };
    let signed_in = accounts.sign_in(request).await.unwrap().into_inner();
    assert_eq!(signed_in.tenant.unwrap().name, "Acme");
    let session = signed_in.session.unwrap();

    let mut tenants = TenantServiceClient::new(cluster.channel());
    let own = tenants.get_tenant(signed(&session.access_token, GetTenantRequest {})).await.unwrap();
    assert_eq!(own.into_inner().member.unwrap().email, company.email);

    accounts.sign_out(SignOutRequest { refresh_token: session.refresh_token.clone() }).await.unwrap();
    let request = RefreshSessionRequest { refresh_token: session.refresh_token };
    let refused = accounts.refresh_session(request).await.unwrap_err();
    assert_eq!(reason(&refused), Some(ErrorReason::SessionEnded));
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_are_the_same_error() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let mut accounts = AccountServiceClient::new(cluster.channel());
    let mut refusals = Vec::new();
    for (email, password) in
        [(company.email.as_str(), "a wrong password, sorry"), ("nobody@example.com", Company::PASSWORD)]
    {
        let request = SignInRequest { email: email.into(), password: password.into() };
        let refused = accounts.sign_in(request).await.unwrap_err();
        assert_eq!(reason(&refused), Some(ErrorReason::WrongCredentials));
        refusals.push((refused.code(), refused.message().to_owned(), refused.details().to_vec()));
    }
    assert_eq!(refusals[0], refusals[1]);
}

#[tokio::test]
async fn an_address_signs_up_once_in_any_case_of_its_letters() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let request = SignUpRequest {
        company_name: "Other".into(),
        email: company.email.to_uppercase(),
        password: Company::PASSWORD.into(),
    };
    let refused = AccountServiceClient::new(cluster.channel()).sign_up(request).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused)), (Code::AlreadyExists, Some(ErrorReason::EmailTaken)));
}

#[tokio::test]
async fn a_password_is_refused_on_either_side_of_its_limits() {
    let cluster = Cluster::all_in_one().await;
    let mut accounts = AccountServiceClient::new(cluster.channel());
    for (length, good) in [(14, false), (15, true), (256, true), (257, false)] {
        let request = SignUpRequest {
            company_name: "Acme".into(),
            email: format!("p{length}@example.com"),
            password: "é".repeat(length),
        };
        let answer = accounts.sign_up(request).await;
        assert_eq!(answer.is_ok(), good, "{length}");
        if let Err(refused) = answer {
            assert!(refused.message().starts_with("password "), "{refused}");
        }
    }
}

#[tokio::test]
async fn a_refresh_token_swapped_twice_at_once_has_one_successor_and_a_stolen_one_ends_the_session() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let accounts = AccountServiceClient::new(cluster.channel());
    let refresh = |refresh_token: &str| {
        let (mut accounts, refresh_token) = (accounts.clone(), refresh_token.to_owned());
        async move {
            let reply = accounts.refresh_session(RefreshSessionRequest { refresh_token }).await?;
            Ok::<_, tonic::Status>(reply.into_inner().session.unwrap().refresh_token)
        }
    };
    let first = company.session.refresh_token.clone();
    let (one, other) = tokio::join!(refresh(&first), refresh(&first));
    let second = one.unwrap();
    assert_eq!(second, other.unwrap());
    let third = refresh(&second).await.unwrap();

    // More than 10 s later, as the database sees it.
    let mut database = cluster.database.connect().await;
    sqlx::query!("update tenants.used_token set used_at = used_at - interval '11 seconds'")
        .execute(&mut database)
        .await
        .unwrap();
    let refused = refresh(&first).await.unwrap_err();
    assert_eq!(reason(&refused), Some(ErrorReason::SessionEnded));
    let refused = refresh(&third).await.unwrap_err();
    assert_eq!(
        reason(&refused),
        Some(ErrorReason::SessionEnded),
        "the thief's and the owner's token both end"
    );
}

#[tokio::test]
async fn the_key_set_that_the_edge_publishes_verifies_an_access_token() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let (status, jwks) = cluster.get("/.well-known/jwks.json").await;
    assert_eq!(status, 200);
    let keys: serde_json::Value = serde_json::from_str(&jwks).unwrap();
    assert_eq!(keys["keys"][0]["crv"], "Ed25519");
    assert!(keys["keys"][0].get("d").is_none(), "a private key is published");

    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(keys).unwrap();
    let header = jsonwebtoken::decode_header(company.token()).unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(set.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.set_audience(&["pharos"]);
    validation.set_issuer(&[cluster.url()]);
    let verify = |token: &str| jsonwebtoken::decode::<serde_json::Value>(token, &key, &validation);
    let claims = verify(company.token()).unwrap().claims;
    assert_eq!(claims["sub"], company.owner.member.to_string());
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
    let (head, signature) = company.token().rsplit_once('.').unwrap();
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    assert!(verify(&format!("{head}.{flipped}{}", &signature[1..])).is_err());
}
