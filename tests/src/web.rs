//! A reader of pages: HTTP/1.1, one request a connection.

use bytes::Bytes;
use http::{Response, Uri};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};

/// Gets what is at an address.
///
/// # Errors
/// If nobody answers there.
pub(crate) async fn get(uri: Uri) -> anyhow::Result<Response<Bytes>> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let (parts, body) = client.get(uri).await?.into_parts();
    Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
}
