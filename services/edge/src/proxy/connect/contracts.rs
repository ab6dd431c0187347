//! What the public RPCs take and answer, by their paths.

use std::collections::HashMap;

use kit::host::HostError;
use prost_reflect::{DescriptorPool, MessageDescriptor};
use proto::RPCS;

use super::desk::Desk;
use crate::proxy::max_bytes;

/// The public RPCs.
#[derive(Debug)]
pub(in crate::proxy) struct Contracts {
    methods: HashMap<&'static str, Method>,
    /// Where long messages are read and written.
    pub(super) desk: Desk,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Method {
    pub(super) input: MessageDescriptor,
    pub(super) output: MessageDescriptor,
    /// Whether it answers a stream.
    pub(super) is_stream: bool,
    /// How long its request may be, however it is written.
    pub(super) max_bytes: usize,
}

impl Contracts {
    /// # Errors
    /// [`HostError::Contracts`] if they cannot be read.
    pub(in crate::proxy) fn new() -> Result<Self, HostError> {
        let pool = DescriptorPool::decode(proto::PUBLIC_DESCRIPTORS);
        let pool = pool.map_err(|error| HostError::Contracts(error.into()))?;
        let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
        let mut by_path = methods
            .map(|method| (format!("/{}/{}", method.parent_service().full_name(), method.name()), method))
            .collect::<HashMap<_, _>>();
        let public = RPCS.iter().filter_map(|rpc| {
            let (method, max_bytes) = (by_path.remove(rpc.path)?, max_bytes(rpc)?);
            let (input, output) = (method.input(), method.output());
            Some((rpc.path, Method { input, output, is_stream: rpc.is_stream, max_bytes }))
        });
        Ok(Self { methods: public.collect(), desk: Desk::new() })
    }

    pub(super) fn find(&self, path: &str) -> Option<&Method> {
        self.methods.get(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_public_rpc_is_described_and_no_other_one() {
        let contracts = Contracts::new().unwrap();
        for rpc in RPCS {
            assert_eq!(contracts.find(rpc.path).is_some(), max_bytes(rpc).is_some(), "{}", rpc.path);
        }
    }
}
