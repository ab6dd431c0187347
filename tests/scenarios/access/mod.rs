//! Who may call what: every RPC of every contract, by everybody.
//!
//! The RPCs come from the contracts. One without a row in [`examples::example`] fails the test.

mod examples;
mod things;

use bytes::{Buf, BufMut};
use pharos_tests::{Cluster, Dns, Shape};
use proto::{Access, RPCS, common::v1::Role};
use tonic::{
    Code, Request, Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::Channel,
};

use examples::{Stranger, admitted, example};
use things::Things;

const ROLES: [Role; 4] = [Role::Viewer, Role::Responder, Role::Admin, Role::Owner];

#[tokio::test]
async fn every_rpc_is_open_to_those_whom_its_contract_names_and_to_nobody_else() {
    let dns = Dns::start().await;
    let settings = [("PHAROS__NOTIFICATIONS__DNS_SERVER", dns.address())];
    let settings = settings.each_ref().map(|(key, value)| (*key, value.as_str()));
    let cluster = Cluster::start_with(Shape::AllInOne, &settings).await;
    let things = Things::of_a_new_company(&cluster).await;
    let stranger = cluster.company("Stranger").await;
    let (edge, inside) = (cluster.channel(), cluster.internal_channel("tenants"));

    let mut members = Vec::new();
    for role in ROLES {
        members.push(things.page.company.given_member(&cluster, role).await);
    }

    for rpc in RPCS {
        let access = rpc.access.unwrap_or_else(|| panic!("{} does not say who may call it", rpc.path));
        let (_, foreign) = example(rpc.path, &things);
        // Made anew for each call: what makes something cannot make it twice.
        let ask = async |channel: &Channel, token: Option<String>| {
            let (request, _) = example(rpc.path, &things);
            code(&call(channel.clone(), rpc.path, request, token).await)
        };
        let admitted = admitted(rpc.path);
        match access {
            Access::Anyone => assert_eq!(ask(&edge, None).await, admitted, "{}: anyone", rpc.path),
            Access::Member(least) => {
                assert_eq!(ask(&edge, None).await, Code::Unauthenticated, "{}: nobody", rpc.path);
                for role in ROLES {
                    let member = members.iter().find(|member| member.role == role).unwrap();
                    let token = cluster.token_of(member);
                    let is_enough = i32::from(role) >= i32::from(least);
                    let wanted = if is_enough { admitted } else { Code::PermissionDenied };
                    assert_eq!(ask(&edge, Some(token)).await, wanted, "{}: {role:?}", rpc.path);
                }
                for channel in [&edge, &inside] {
                    let got = ask(channel, Some(cluster.service_token())).await;
                    assert_eq!(got, Code::Unauthenticated, "{}: another service", rpc.path);
                }
                let as_stranger = async |things: &Things| {
                    let (request, _) = example(rpc.path, things);
                    call(edge.clone(), rpc.path, request, Some(stranger.token().to_owned())).await
                };
                let got = as_stranger(&things).await;
                match foreign {
                    Stranger::NotFound => {
                        assert_eq!(code(&got), Code::NotFound, "{}: a stranger", rpc.path);
                        let random = as_stranger(&things.random()).await;
                        assert_eq!(
                            on_the_wire(got),
                            on_the_wire(random),
                            "{}: tells that it is there",
                            rpc.path
                        );
                    }
                    Stranger::Own => {
                        let reply = String::from_utf8_lossy(&got.unwrap()).into_owned();
                        for id in [things.page.id(), things.page.company.tenant().to_string()] {
                            assert!(!reply.contains(&id), "{}: a stranger sees {id}", rpc.path);
                        }
                    }
                }
            }
            Access::Service => {
                let owner = things.page.company.token().to_owned();
                for token in [None, Some(owner.clone()), Some(cluster.service_token())] {
                    assert_eq!(ask(&edge, token).await, Code::Unimplemented, "{}: the public door", rpc.path);
                }
                assert_eq!(ask(&inside, None).await, Code::Unauthenticated, "{}: nobody", rpc.path);
                assert_eq!(ask(&inside, Some(owner)).await, Code::Unauthenticated, "{}: an owner", rpc.path);
                let got = ask(&inside, Some(cluster.service_token())).await;
                assert_eq!(got, admitted, "{}: another service", rpc.path);
            }
        }
    }
}

/// All of a refusal that goes over the wire, but for the date.
fn on_the_wire(answer: Result<Vec<u8>, Status>) -> (Code, String, Vec<u8>, String) {
    let status = answer.unwrap_err();
    let mut headers = status.metadata().clone().into_headers();
    headers.remove("date");
    (status.code(), status.message().to_owned(), status.details().to_vec(), format!("{headers:?}"))
}

#[tokio::test]
async fn a_token_that_is_not_ours_is_nobodys() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let good = company.token().to_owned();
    let (head, signature) = good.rsplit_once('.').unwrap();
    let (_, claims) = head.split_once('.').unwrap();
    // {"alg":"none","typ":"at+jwt"}
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{claims}.");
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let altered = format!("{head}.{flipped}{}", &signature[1..]);
    let other = Cluster::all_in_one().await.company("Other").await.token().to_owned();
    // A key that is not known is looked up, but only once a second: until then its owner is asked to try again.
    pharos_tests::eventually("the other system's token to be refused", || async {
        let path = "/pharos.tenants.v1.TenantService/GetTenant";
        let got = code(&call(cluster.channel(), path, Vec::new(), Some(other.clone())).await);
        assert!(matches!(got, Code::Unavailable | Code::Unauthenticated), "{got:?}");
        (got == Code::Unauthenticated).then_some(())
    })
    .await;
    for bad in ["", "x", "a.b.c", &unsigned, &altered, &cluster.service_token()] {
        let got = call(
            cluster.channel(),
            "/pharos.tenants.v1.TenantService/GetTenant",
            Vec::new(),
            Some(bad.to_owned()),
        );
        assert_eq!(code(&got.await), Code::Unauthenticated, "{bad}");
    }
    let got = call(cluster.channel(), "/pharos.tenants.v1.TenantService/GetTenant", Vec::new(), Some(good));
    assert_eq!(code(&got.await), Code::Ok);
}

fn code(answer: &Result<Vec<u8>, Status>) -> Code {
    answer.as_ref().map_or_else(Status::code, |_| Code::Ok)
}

async fn call(
    channel: Channel,
    path: &'static str,
    request: Vec<u8>,
    token: Option<String>,
) -> Result<Vec<u8>, Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let mut request = Request::new(request);
    if let Some(token) = token {
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    // Of a stream the first message; what is not a stream is one of a single message.
    let answer = client.server_streaming(request, http::uri::PathAndQuery::from_static(path), Raw).await;
    let first = answer?.into_inner().message().await?;
    Ok(first.expect("an answer has a message"))
}

/// Messages as they are: one codec for every RPC.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut item = vec![0; buffer.remaining()];
        buffer.copy_to_slice(&mut item);
        Ok(Some(item))
    }
}
