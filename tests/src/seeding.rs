//! Chances that can be had again, and crowds of subscribers.

use pharos::settings;
use proto::incidents::v1::Component;

use crate::{Cluster, PageOf};

/// Where a seed is told, to see again what a test saw.
const SEED_VARIABLE: &str = "PHAROS_TEST_SEED";
/// Where is told how many subscribers the heaviest tests have.
const CROWD_VARIABLE: &str = "PHAROS_TEST_CROWD";
const USUAL_CROWD: usize = 20_000;

/// Where a test's chances come from. Not for secrets.
#[derive(Debug, Clone)]
pub struct Seed {
    first: u64,
    state: u64,
}

impl Seed {
    /// A new one, printed; or the one that `PHAROS_TEST_SEED` tells.
    ///
    /// # Panics
    /// If that is no number.
    #[must_use]
    pub fn new() -> Self {
        let told =
            settings::variables().get(SEED_VARIABLE).map(|seed| seed.parse().expect("a seed is a number"));
        let first = told.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0 >> 32);
        println!("{SEED_VARIABLE}={first}");
        Self { first, state: first }
    }

    /// What it began with.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The next number (`SplitMix64`).
    #[expect(clippy::should_implement_trait, reason = "it has no end")]
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut next = self.state;
        next = (next ^ (next >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        next = (next ^ (next >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        next ^ (next >> 31)
    }

    /// So many different ones of these, or all if there are fewer.
    pub fn some<T>(&mut self, count: usize, mut of: Vec<T>) -> Vec<T> {
        let mut chosen = Vec::new();
        while chosen.len() < count && !of.is_empty() {
            let index = usize::try_from(self.next() % of.len() as u64).unwrap_or(0);
            chosen.push(of.swap_remove(index));
        }
        chosen
    }
}

impl Default for Seed {
    fn default() -> Self {
        Self::new()
    }
}

/// How many subscribers the heaviest tests have: 20,000, or what `PHAROS_TEST_CROWD` tells.
///
/// # Panics
/// If that is no number.
#[must_use]
pub fn crowd() -> usize {
    settings::variables()
        .get(CROWD_VARIABLE)
        .map_or(USUAL_CROWD, |count| count.parse().expect("a crowd is a number"))
}

/// Whom a crowd is made of. Their addresses are `told1@example.net` and so on, each kind by its field's name; those of
/// the first component are `choosy0x1@example.net` and so on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Crowd<'a> {
    /// Confirmed, of the whole page.
    pub told: usize,
    /// Confirmed, so many of each of these components alone.
    pub choosy: &'a [(&'a Component, usize)],
    /// Asked, and never confirmed.
    pub pending: usize,
    /// Unsubscribed.
    pub gone: usize,
    /// Confirmed, and not to be mailed.
    pub suppressed: usize,
}

impl Crowd<'_> {
    /// So many confirmed ones, with a few among them who must not be mailed.
    #[must_use]
    pub fn of(told: usize) -> Self {
        let few = told / 100 + 1;
        Self { told, choosy: &[], pending: few, gone: few, suppressed: few }
    }
}

impl PageOf {
    /// Writes a crowd into the database, in an order that follows from the seed; beside one that is there, if its kinds
    /// are others.
    ///
    /// # Panics
    /// If the database refuses.
    pub async fn given_crowd(&self, cluster: &Cluster, crowd: Crowd<'_>, seed: &Seed) {
        let mut database = cluster.database.connect().await;
        let tenant = self.company.tenant().uuid();
        let page = self.page.page_id.parse::<kit::ids::PageId>().expect("a page's id").uuid();
        let mut parts = vec![
            ("told".to_owned(), "confirmed", crowd.told, Vec::new()),
            ("pending".to_owned(), "pending", crowd.pending, Vec::new()),
            ("gone".to_owned(), "unsubscribed", crowd.gone, Vec::new()),
            ("suppressed".to_owned(), "confirmed", crowd.suppressed, Vec::new()),
        ];
        for (index, (component, count)) in crowd.choosy.iter().enumerate() {
            let id = component.component_id.parse::<kit::ids::ComponentId>().expect("a component's id");
            parts.push((format!("choosy{index}x"), "confirmed", *count, vec![id.uuid()]));
        }
        for (name, state, count, components) in parts {
            sqlx::query!(
                "insert into subscriptions.subscriber
                     (tenant_id, subscriber_id, page_id, email, locale, state, confirmation_round, created_at,
                      confirmed_at, unsubscribed_at, suppressed, component_ids)
                 select $1, md5($4::text || $3::text || number)::uuid, $2, $3::text || number || '@example.net', 'en',
                        $5::text::subscriptions.subscriber_state, 1, now(),
                        case when $5 = 'confirmed' then now() end, case when $5 = 'unsubscribed' then now() end,
                        $3 = 'suppressed', $7
                 from generate_series(1, $6::bigint) number",
                tenant,
                page,
                name,
                format!("{page} {} ", seed.first()),
                state,
                count as i64,
                &components,
            )
            .execute(&mut database)
            .await
            .expect("subscribers");
        }
        sqlx::query!(
            "insert into subscriptions.suppression (tenant_id, email, reason, reply, created_at)
             select tenant_id, email, 'bounced', '550 5.1.1 no such mailbox', now() from subscriptions.subscriber
             where tenant_id = $1 and page_id = $2 and suppressed
             on conflict do nothing",
            tenant,
            page,
        )
        .execute(&mut database)
        .await
        .expect("suppressions");
        sqlx::query!(
            "insert into subscriptions.subscriber_component (tenant_id, component_id, subscriber_id)
             select tenant_id, unnest(component_ids), subscriber_id from subscriptions.subscriber
             where tenant_id = $1 and page_id = $2 and state = 'confirmed'
             on conflict do nothing",
            tenant,
            page,
        )
        .execute(&mut database)
        .await
        .expect("what they chose");
    }
}
