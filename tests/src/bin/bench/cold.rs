//! Pages that nobody has read yet: how long the first who asks for one waits.

use http::{StatusCode, header::ACCEPT_ENCODING};
use pharos_tests::Cluster;
use sqlx::{AssertSqlSafe, Executor as _};

use super::{
    audience::{Server, checkpoint},
    figures::{Figures, Target, quantile},
    machine,
    visitor::{Visitor, product},
};

/// Companies, and pages of each.
const TENANTS: usize = 1_000;
const PAGES: usize = 10;
/// Of each page.
const COMPONENTS: usize = 10;
/// Of each page, all of them over.
const INCIDENTS: usize = 3;
/// Of each incident: somebody looks into it, watches it, and resolves it.
const UPDATES: usize = 3;

/// Memory for documents, in MiB: less than all pages have together, and more than those that are read again and again.
const MEMORY_MIB: &str = "32";

/// What a browser takes.
const BROWSER: &str = "gzip, deflate, br, zstd";

pub(crate) async fn run() -> anyhow::Result<()> {
    println!(
        "{} pages of {TENANTS} companies; one of each is read, and then all, one after the other on one connection, \
         with {MEMORY_MIB} MiB for documents",
        TENANTS * PAGES
    );
    println!("  {}", machine::load());
    let server = Server::start().await?;
    let mut cluster = product(&server, &[("PHAROS__EDGE__MEMORY_MIB", MEMORY_MIB)]).await?;
    seed(&cluster).await?;
    checkpoint(&cluster).await?;

    let mut figures = Figures::default();
    let some = || (0..TENANTS).map(|company| company * PAGES + company % PAGES);
    read(&mut cluster, some(), "never read before", &mut figures).await?;
    read(&mut cluster, some(), "read once", &mut figures).await?;
    cluster.restart("edge");
    cluster.wait_until_ready().await;
    read(&mut cluster, some(), "after a restart of the edge", &mut figures).await?;
    read(&mut cluster, some(), "once more", &mut figures).await?;
    // twice, so that what left the memory for others comes from the disk
    for when in ["all of them", "all of them again"] {
        read(&mut cluster, 0..TENANTS * PAGES, when, &mut figures).await?;
    }
    figures.print();
    drop(cluster);
    server.stop().await
}

/// Reads the pages with these numbers.
async fn read(
    cluster: &mut Cluster,
    pages: impl ExactSizeIterator<Item = usize>,
    when: &str,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let edge = cluster.process("edge").id();
    let mut visitor = Visitor::of(&cluster.url()).await?;
    let before = machine::cpu(edge);
    let asked = pages.len() as f64;
    let (mut took, mut bytes) = (Vec::with_capacity(pages.len()), 0);
    for page in pages {
        let path = format!("/p/cold-{page}");
        let answer = visitor.get(&path, &[(ACCEPT_ENCODING, BROWSER)]).await?;
        anyhow::ensure!(answer.status == StatusCode::OK, "{path} is {}", answer.status);
        took.push(answer.first_byte.as_secs_f64() * 1e3);
        bytes += answer.body.len();
    }
    let cpu = (machine::cpu(edge) - before) * 1e3 / asked;
    let name = |what: &str| format!("{when}: {what}");
    figures.note(&name("first byte, p50"), "ms", quantile(&took, 0.5));
    figures.hold(&name("first byte, p99"), "ms", quantile(&took, 0.99), Target::AtMost(20.0));
    figures.note(&name("first byte, the slowest"), "ms", quantile(&took, 1.0));
    figures.note(&name("CPU of the edge a page"), "ms", cpu);
    figures.note(&name("memory of the edge"), "MiB", machine::status_kib(edge, "VmRSS") as f64 / 1024.0);
    figures.note(&name("a page as it came"), "B", bytes as f64 / asked);
    Ok(())
}

/// Writes companies with pages as the services would: through the API it would take minutes.
async fn seed(cluster: &Cluster) -> anyhow::Result<()> {
    let mut database = cluster.database.connect().await;
    database.execute(AssertSqlSafe(rows())).await?;
    database.execute("vacuum analyze").await?;
    Ok(())
}

/// SQL for all rows. Ids hold the number of what they stand for; each incident of a page hurt another component of it.
fn rows() -> String {
    format!(
        "create function pg_temp.id(kind integer, number bigint) returns uuid language sql as $$
             select ('019a000' || kind || '-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid
         $$;
         create temporary table seeded_page as
             select page, pg_temp.id(0, page / {PAGES}) as tenant_id, pg_temp.id(1, page) as page_id
             from generate_series(0, {TENANTS} * {PAGES} - 1) page;
         create temporary table seeded_incident as
             select tenant_id, page_id, pg_temp.id(2, page * {COMPONENTS} + place) as component_id,
                 page * {INCIDENTS} + place as incident, pg_temp.id(3, page * {INCIDENTS} + place) as incident_id,
                 now() - interval '3 days' * (place + 1) as began, now() - interval '3 days' * (place + 1)
                     + interval '20 minutes' * ({UPDATES} - 1) as resolved
             from seeded_page, generate_series(0, {INCIDENTS} - 1) place;
         create temporary table seeded_update as
             select seeded_incident.*, pg_temp.id(4, incident * {UPDATES} + place) as update_id, place,
                 began + interval '20 minutes' * place as displayed_at
             from seeded_incident, generate_series(0, {UPDATES} - 1) place;

         insert into tenants.tenant (tenant_id, name)
         select distinct tenant_id, 'Company ' || page / {PAGES} from seeded_page;
         insert into tenants.page (tenant_id, page_id, slug, name, locale, time_zone)
         select tenant_id, page_id, 'cold-' || page, 'Status of company ' || page / {PAGES}, 'en', 'UTC'
         from seeded_page;
         insert into tenants.page_entry (page_id, slug, tenant_id)
         select page_id, 'cold-' || page, tenant_id from seeded_page;

         insert into incidents.page_version (tenant_id, page_id, version, event_position)
         select tenant_id, page_id, {COMPONENTS} + {INCIDENTS} * {UPDATES}, 0 from seeded_page;
         insert into incidents.component
             (tenant_id, component_id, page_id, name, description, status, position)
         select tenant_id, pg_temp.id(2, page * {COMPONENTS} + place), page_id, 'Component ' || place,
             'What it is for.', 'operational', place
         from seeded_page, generate_series(0, {COMPONENTS} - 1) place;
         insert into incidents.incident
             (tenant_id, incident_id, page_id, title, phase, impact, started_at, resolved_at)
         select tenant_id, incident_id, page_id, 'Slow answers', 'resolved', 'major', began, resolved
         from seeded_incident;
         insert into incidents.incident_component (tenant_id, incident_id, component_id, status)
         select tenant_id, incident_id, component_id, 'operational' from seeded_incident;
         insert into incidents.status_interval
             (tenant_id, status_interval_id, page_id, component_id, status, started_at, ended_at, cause,
              cause_id, recorded_at)
         select tenant_id, pg_temp.id(5, incident), page_id, component_id, 'partial_outage', began, resolved,
             'incident', incident_id, began
         from seeded_incident;
         insert into incidents.incident_update
             (tenant_id, update_id, incident_id, phase, body, silent, displayed_at)
         select tenant_id, update_id, incident_id,
             (array['investigating', 'monitoring', 'resolved']::incidents.phase[])[place + 1],
             'Some requests take seconds. We tell more as soon as we know more.', true, displayed_at
         from seeded_update;
         insert into incidents.update_component (tenant_id, update_id, component_id, status)
         select tenant_id, update_id, component_id,
             case when place = {UPDATES} - 1 then 'operational'
                 else 'partial_outage' end::incidents.component_status
         from seeded_update;"
    )
}
