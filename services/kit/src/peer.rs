//! Calling another service: always over gRPC, in one process too.

use std::time::Duration;

use http::Uri;
use tonic::{
    Request, Status,
    metadata::MetadataValue,
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

use crate::{deadline, status, token::ServiceSigner};

/// A connection to another service that signs each call.
pub type Peer = InterceptedService<Channel, SignCalls>;

/// A connection that is made when first needed, and made anew, with the name looked up anew, when it broke.
#[must_use]
pub fn channel(address: &Uri) -> Channel {
    Endpoint::from(address.clone())
        .connect_timeout(Duration::from_secs(2))
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .connect_lazy()
}

/// The same, with calls signed as this service's and bounded by the caller's deadline.
#[must_use]
pub fn connect(address: &Uri, signer: ServiceSigner) -> Peer {
    InterceptedService::new(channel(address), SignCalls { signer, is_bounded: true })
}

/// The same for streams, which may last: calls are signed and not bounded.
#[must_use]
pub fn connect_for_streams(address: &Uri, signer: ServiceSigner) -> Peer {
    InterceptedService::new(channel(address), SignCalls { signer, is_bounded: false })
}

/// Puts the service's token and what is left of the deadline on each call.
#[derive(Debug, Clone)]
pub struct SignCalls {
    signer: ServiceSigner,
    is_bounded: bool,
}

impl Interceptor for SignCalls {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let token = self.signer.sign().map_err(|error| status::internal(&error))?;
        let value =
            MetadataValue::try_from(format!("Bearer {token}")).map_err(|error| status::internal(&error))?;
        request.metadata_mut().insert("authorization", value);
        if self.is_bounded {
            request.set_timeout(deadline::remaining());
        }
        Ok(request)
    }
}
