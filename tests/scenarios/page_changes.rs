//! The changes of all pages, for whoever keeps pages.

use std::{path::Path, sync::Arc};

use pharos_tests::{Cluster, PATIENCE, PageOf, Shape, eventually, postgres::Database, signed};
use proto::{
    incidents::v1::CreateComponentRequest,
    internal::v1::{
        WatchPageChangesRequest, WatchPageChangesResponse,
        page_change_service_client::PageChangeServiceClient,
    },
};
use rustix::process::Signal;
use sqlx::{AssertSqlSafe, Executor as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    sync::watch,
};
use tonic::{Code, Request, Status, Streaming};

/// Somebody who keeps pages.
struct Changes(Streaming<WatchPageChangesResponse>);

impl Changes {
    async fn of(cluster: &Cluster) -> Self {
        let request = signed(&cluster.service_token(), WatchPageChangesRequest {});
        let mut client = PageChangeServiceClient::new(cluster.internal_channel("incidents"));
        Self(client.watch_page_changes(request).await.unwrap().into_inner())
    }

    async fn next(&mut self) -> Result<WatchPageChangesResponse, Status> {
        let next = tokio::time::timeout(PATIENCE, self.0.message()).await;
        next.expect("waited in vain for the stream").map(|next| next.expect("the stream goes on"))
    }

    /// Reads until a gap, whatever is told before it.
    async fn gap(&mut self) {
        let until = tokio::time::Instant::now() + PATIENCE;
        while !self.next().await.unwrap().gap {
            assert!(tokio::time::Instant::now() < until, "waited in vain for a gap");
        }
    }

    /// Whether the page is told of at this version, and there is no gap before.
    async fn tells(&mut self, page: &PageOf, version: i64) -> bool {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            let next = self.next().await.unwrap();
            if next.gap {
                return false;
            }
            if next.changes.iter().any(|change| change.page_id == page.id() && change.version == version) {
                return true;
            }
            assert!(tokio::time::Instant::now() < until, "waited in vain for a change");
        }
    }

    /// The next version of the page.
    async fn version(&mut self, page: &PageOf) -> i64 {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            let next = self.next().await.unwrap();
            assert!(!next.gap, "a gap without a cause");
            if let Some(change) = next.changes.iter().find(|change| change.page_id == page.id()) {
                return change.version;
            }
            assert!(tokio::time::Instant::now() < until, "waited in vain for a change");
        }
    }
}

#[tokio::test]
async fn a_change_of_any_tenants_page_is_told_with_the_version_that_the_page_shows() {
    for shape in Shape::BOTH {
        let cluster = Cluster::start(shape).await;
        let pages = [
            cluster.company("Acme").await.page("acme").await,
            cluster.company("Other").await.page("other").await,
        ];
        let mut changes = Changes::of(&cluster).await;
        let first = changes.next().await.unwrap();
        assert_eq!(first, WatchPageChangesResponse { gap: true, changes: Vec::new() });
        for name in ["API", "Web", "Mail"] {
            for page in &pages {
                page.component(name).await;
                let now = page.shown().await.version;
                assert_eq!(changes.version(page).await, now, "{shape:?}: {name}");
            }
        }
        let mut second = Changes::of(&cluster).await;
        assert!(second.next().await.unwrap().gap, "whoever comes knows nothing");
        let silence = second.next().await.unwrap();
        assert_eq!(silence, WatchPageChangesResponse::default(), "nothing changed since");
    }
}

#[tokio::test]
async fn changes_in_a_row_end_at_the_newest_version() {
    let cluster = Cluster::one_process_each().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let (mut one, mut other) = (Changes::of(&cluster).await, Changes::of(&cluster).await);
    one.gap().await;
    other.gap().await;
    for number in 0..20 {
        page.component(&format!("Component {number}")).await;
        page.incident(&format!("Incident {number}"), &[]).await;
    }
    let now = page.shown().await.version;
    for changes in [&mut one, &mut other] {
        let mut seen = 0;
        while seen < now {
            let next = changes.version(&page).await;
            assert!(next > seen);
            seen = next;
        }
        assert_eq!(seen, now);
    }
}

#[tokio::test]
async fn nobody_but_a_service_is_told() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let inside = cluster.internal_channel("incidents");
    let refused = async |channel, request: Request<WatchPageChangesRequest>| {
        PageChangeServiceClient::new(channel).watch_page_changes(request).await.unwrap_err().code()
    };
    let member = || signed(company.token(), WatchPageChangesRequest {});
    assert_eq!(
        refused(inside.clone(), Request::new(WatchPageChangesRequest {})).await,
        Code::Unauthenticated
    );
    assert_eq!(refused(inside, member()).await, Code::Unauthenticated);
    assert_eq!(refused(cluster.channel(), member()).await, Code::Unimplemented);
    let service = signed(&cluster.service_token(), WatchPageChangesRequest {});
    assert_eq!(refused(cluster.channel(), service).await, Code::Unimplemented);
}

#[tokio::test]
async fn a_process_that_stops_ends_the_stream_at_once() {
    let mut cluster = Cluster::one_process_each().await;
    let mut changes = Changes::of(&cluster).await;
    changes.gap().await;
    cluster.process("incidents").signal(Signal::TERM);
    let ended = loop {
        if let Err(ended) = changes.next().await {
            break ended;
        }
    };
    assert_eq!(ended.code(), Code::Unavailable, "{ended}");
    let process = cluster.process("incidents");
    eventually("the process to end", || std::future::ready(process.ended())).await;
    assert!(!process.log().contains("did not end within"), "{}", process.log());
}

#[tokio::test]
async fn a_database_that_was_away_leaves_a_gap_and_later_changes_are_told() {
    let cluster = Cluster::one_process_each().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let mut changes = Changes::of(&cluster).await;
    changes.gap().await;
    let name = cluster.database.owner().get_database().unwrap().to_owned();
    let mut database = cluster.database.connect().await;
    for time in 0..3 {
        // The owner may still connect, no service may.
        let shut = format!("alter database {name} connection limit 0");
        database.execute(AssertSqlSafe(shut)).await.unwrap();
        let mut is_connected = true;
        while is_connected {
            let ended = sqlx::query_scalar!(
                r#"select count(pg_terminate_backend(pid)) as "count!" from pg_stat_activity
               where datname = current_database() and usename = 'pharos_incidents'"#
            );
            is_connected = ended.fetch_one(&mut database).await.unwrap() > 0;
        }
        let open = format!("alter database {name} connection limit -1");
        database.execute(AssertSqlSafe(open)).await.unwrap();
        changes.gap().await;
        // Listening may have begun on a connection that was about to end: then there is one more gap.
        let mut attempt = 0;
        loop {
            attempt += 1;
            let now = changed(&page, &format!("Component {time}.{attempt}")).await;
            if changes.tells(&page, now).await {
                break;
            }
        }
    }
}

/// The page's version after a change. A call may find its own connection ended.
async fn changed(page: &PageOf, name: &str) -> i64 {
    eventually("the page to be changed", || async {
        let request = CreateComponentRequest { page_id: page.id(), name: name.into(), ..Default::default() };
        page.caller().components().create_component(request).await.ok()?;
        Some(page.shown().await.version)
    })
    .await
}

#[tokio::test]
async fn a_listener_whose_connection_fell_silent_is_noticed_and_leaves_a_gap() {
    let database = Database::create().await;
    let owner = database.owner();
    let folder = tempfile::tempdir().unwrap();
    let wire = Wire::start(owner.get_socket().unwrap(), folder.path());
    let url = format!(
        "postgres:///{}?host={}&user=postgres",
        owner.get_database().unwrap(),
        folder.path().display()
    );
    let cluster = Cluster::start_on(database, Shape::AllInOne, &[("DATABASE_URL", &url)]).await;
    let page = cluster.company("Acme").await.page("acme").await;
    let mut changes = Changes::of(&cluster).await;
    changes.gap().await;
    wire.mute();
    page.component("API").await;
    changes.gap().await;
    page.component("Web").await;
    let now = page.shown().await.version;
    assert_eq!(changes.version(&page).await, now);
}

const LISTEN: &[u8] = br#"LISTEN "incidents_page""#;

/// A way to the database on which those who listen to pages' changes can be cut off without a word.
struct Wire(watch::Sender<u32>);

impl Wire {
    fn start(server: &Path, folder: &Path) -> Self {
        const SOCKET: &str = ".s.PGSQL.5432";
        let server = Arc::<Path>::from(server.join(SOCKET));
        let listener = UnixListener::bind(folder.join(SOCKET)).unwrap();
        let (muted, seen) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&server).await.unwrap();
                tokio::spawn(pass(client, server, seen.clone()));
            }
        });
        Self(muted)
    }

    /// Cuts off those who listen now.
    fn mute(&self) {
        self.0.send_modify(|muted| *muted += 1);
    }
}

async fn pass(client: UnixStream, server: UnixStream, mut muted: watch::Receiver<u32>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    let mut listens = false;
    loop {
        tokio::select! {
            count = from_client.read(&mut asked) => {
                let Ok(count @ 1..) = count else { return };
                if asked[..count].windows(LISTEN.len()).any(|bytes| bytes == LISTEN) {
                    listens = true;
                    muted.mark_unchanged();
                }
                if to_server.write_all(&asked[..count]).await.is_err() { return }
            }
            count = from_server.read(&mut answered) => {
                let Ok(count @ 1..) = count else { return };
                if to_client.write_all(&answered[..count]).await.is_err() { return }
            }
            _ = muted.changed(), if listens => std::future::pending().await,
        }
    }
}
