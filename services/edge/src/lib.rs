#![doc = include_str!("../README.md")]

mod door;
mod formats;
mod health;
mod hosts;
mod pages;
mod peers;
mod proxy;
mod texts;
mod view;
mod webhooks;
mod wire;

use std::{num::NonZero, path::PathBuf};

use http::Uri;
use kit::{Clock, Host, host::HostError, peer::Peer};
use proto::internal::v1::{
    feedback_service_client::FeedbackServiceClient, page_change_service_client::PageChangeServiceClient,
};
use serde::Deserialize;

use crate::{
    hosts::Hosts,
    pages::{Guards, Pages},
};

/// Settings of the edge.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Memory for documents that were made, in MiB. What is asked for least leaves it first.
    pub memory_mib: NonZero<u32>,
    /// Where copies of them are kept for when nothing behind the edge answers, and unsubscriptions until they can be passed
    /// on; without one, copies are lost with the process, and who unsubscribes then has to come back.
    pub folder: Option<PathBuf>,
    /// Room for those on the disk, in MiB. The oldest leave it first.
    pub folder_mib: NonZero<u32>,
    /// Further names by which the edge is asked, separated by white space; `*` is any.
    pub other_hosts: String,
}

/// Why the edge cannot be mounted.
#[derive(Debug, thiserror::Error)]
pub enum MountError {
    /// The contracts cannot be described.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The folder for copies cannot be made or read.
    #[error("edge.folder: {} cannot be used", .0.display())]
    Folder(PathBuf, #[source] std::io::Error),
}

/// What the edge needs: where the services are, and nothing secret but for webhooks and to hear of changes.
#[derive(Debug, Clone)]
pub struct Deps {
    /// Where tenants listens, such as `http://127.0.0.1:7400`.
    pub tenants: Uri,
    /// Where incidents listens.
    pub incidents: Uri,
    /// Where subscriptions listens.
    pub subscriptions: Uri,
    /// Where notifications listens.
    pub notifications: Uri,
    /// Who takes what mail providers tell; without it there are no webhooks.
    pub feedback: Option<FeedbackServiceClient<Peer>>,
    /// Who tells which pages change; without it they are read anew each second that somebody asks for them.
    pub changes: Option<PageChangeServiceClient<Peer>>,
    /// The time.
    pub clock: Clock,
    /// What the world calls the edge, without a slash at the end: `https://status.example.com`.
    pub public_url: String,
    /// The domain whose subdomains are pages; without one, pages are at `/p/{slug}` alone.
    pub pages_domain: Option<String>,
    /// Whether the public contracts are told to whoever asks (gRPC reflection).
    pub reflection: bool,
}

/// Mounts the edge: status pages, gRPC and gRPC-web on the public listener.
///
/// With them come the workers that hear of changes, copy pages to the disk, and say "not serving" as soon as the process
/// stops. No service has to be there yet.
///
/// # Errors
/// [`MountError`]; nothing is mounted then.
pub fn mount(host: &mut Host, config: &Config, deps: Deps) -> Result<(), MountError> {
    let (reporter, health) = tonic_health::server::health_reporter();
    let rpcs = proxy::router(&deps, health)?;
    let hosts = Hosts::new(&deps.public_url, &config.other_hosts, deps.pages_domain.as_deref());
    let Pages { router, snapshots, writing, journal, peers } = Pages::new(config, &deps)?;
    if let Some(writing) = writing {
        host.worker("edge.copies", |stop| writing.run(stop));
    }
    if let Some(journal) = journal {
        host.worker("edge.journal", |stop| journal.pass_on(peers, stop));
    }
    if let Some(changes) = deps.changes {
        let snapshots = snapshots.clone();
        host.worker("edge.changes", |stop| pages::follow(snapshots, changes, stop));
    }
    host.web(door::router(rpcs, router.merge(webhooks::router(deps.feedback)), hosts.clone()));
    let guards = Guards::new(&deps.public_url);
    host.web_ready(door::find(snapshots.clone(), hosts.clone(), guards), door::ready(snapshots, hosts));
    host.worker("edge.health", |stop| health::tell_the_stop(reporter, stop));
    Ok(())
}
