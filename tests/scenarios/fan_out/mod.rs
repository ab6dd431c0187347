//! What becomes of a fan-out when something breaks in the middle of it.

mod clocks;
mod crashes;
mod leaving;
mod machine;
mod servers;

use pharos_tests::{Cluster, Crowd, FanOut, Incident, PageOf, Proxy, Seed, Shape};

/// By the settings of these tests, as the cluster has them.
const CONNECTIONS: usize = 4;
/// The default.
const FLUSH: usize = 20;
/// What one crash may double, by our promise.
const MOST_DOUBLED: usize = CONNECTIONS * (FLUSH + 1);

/// A system with a page and a crowd that listens to it.
struct Given {
    cluster: Cluster,
    page: PageOf,
    seed: Seed,
}

impl Given {
    async fn crowd(shape: Shape, crowd: Crowd<'_>, further: &[(&str, &str)]) -> Self {
        Self::crowd_on(Cluster::start_with(shape, further).await, crowd).await
    }

    async fn crowd_on(cluster: Cluster, crowd: Crowd<'_>) -> Self {
        let seed = Seed::new();
        let page = cluster.company("Acme").await.page("acme").await;
        page.given_crowd(&cluster, crowd, &seed).await;
        Self { cluster, page, seed }
    }

    /// With a bad network before the mail server.
    async fn behind(proxy: &Proxy, crowd: Crowd<'_>, further: &[(&str, &str)]) -> Self {
        let url = proxy.url();
        let further = [&[("SMTP_URL", url.as_str())], further].concat();
        let given = Self::crowd(Shape::AllInOne, crowd, &further).await;
        proxy.lead_to(&given.cluster.smtp.url());
        given
    }

    /// The telling of an incident's first update.
    fn telling<'a>(&'a self, update: &'a [&'a str], fault: &'a str, most_doubled: usize) -> FanOut<'a> {
        FanOut {
            cluster: &self.cluster,
            page: &self.page,
            updates: update,
            fault,
            seed: &self.seed,
            most_doubled,
        }
    }

    async fn incident(&self) -> Incident {
        self.page.incident("Slow", &[]).await
    }
}
