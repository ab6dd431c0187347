//! A small HTTP client for a system on this machine: the inbox, and whether it is ready.

use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};

/// Gets a page whole.
///
/// # Errors
/// If it cannot be reached or the answer breaks off.
pub async fn get(uri: &Uri) -> anyhow::Result<(StatusCode, Bytes)> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let response = client.request(Request::get(uri).body(Empty::new())?).await?;
    let status = response.status();
    Ok((status, response.into_body().collect().await?.to_bytes()))
}
