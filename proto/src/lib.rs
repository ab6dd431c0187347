#![doc = include_str!("../README.md")]

mod rpcs;
mod validate;

pub use rpcs::{Access, RPCS, Rpc};
pub use validate::{Validate, Violation, Violations};

/// Every contract with its options and comments, as an encoded `google.protobuf.FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The same of the contracts that the public may know: all but `pharos.internal`.
pub const PUBLIC_DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/public_descriptors.bin"));

macro_rules! package {
    ($name:ident, $package:literal, $doc:literal) => {
        #[doc = $doc]
        pub mod $name {
            #[doc = $doc]
            // The reference manual is the comments of the contract itself; they come through here in
            // protobuf's own style, which rustdoc's lints do not know.
            #[allow(
                missing_docs,
                unreachable_pub,
                clippy::doc_markdown,
                clippy::too_long_first_doc_paragraph,
                clippy::wildcard_enum_match_arm
            )]
            pub mod v1 {
                tonic::include_proto!($package);
            }
        }
    };
}

package!(common, "pharos.common.v1", "What all packages share: roles, access, reasons of errors.");
package!(tenants, "pharos.tenants.v1", "Who: tenants, members, sessions, pages.");
package!(incidents, "pharos.incidents.v1", "What happened: components, incidents and their updates.");
package!(subscriptions, "pharos.subscriptions.v1", "Who wants to hear: subscribers and their confirmation.");
package!(notifications, "pharos.notifications.v1", "Telling them: broadcasts and deliveries.");
package!(internal, "pharos.internal.v1", "Calls between services, which the public door never lets through.");
