//! What must hold after a fan-out, whatever went wrong in it: what the mail server recorded against what the database
//! says.

use std::collections::{HashMap, HashSet};

use kit::ids::{PageId, UpdateId};
use tokio::time::{Duration, Instant};
use uuid::Uuid;

use crate::{Cluster, Mail, PATIENCE, PageOf, Seed};

/// A fan-out that is over: the updates of one incident, and what went wrong.
#[derive(Debug, Clone, Copy)]
pub struct FanOut<'a> {
    /// The system.
    pub cluster: &'a Cluster,
    /// The page.
    pub page: &'a PageOf,
    /// Of one incident, the oldest first.
    pub updates: &'a [&'a str],
    /// What went wrong, for the report.
    pub fault: &'a str,
    /// Where its chances came from.
    pub seed: &'a Seed,
    /// So many mails may have come twice.
    pub most_doubled: usize,
}

/// What was found; what must hold, held.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// All mails of the updates.
    pub mails: usize,
    /// Those that had come before.
    pub doubled: usize,
    /// By update, in the order given: how many ended how.
    pub outcomes: Vec<HashMap<String, usize>>,
}

impl Found {
    /// How many deliveries of an update ended so.
    #[must_use]
    pub fn count(&self, update: usize, outcome: &str) -> usize {
        self.outcomes[update].get(outcome).copied().unwrap_or(0)
    }
}

struct Subscriber {
    email: String,
    is_confirmed: bool,
    /// In seconds since 1970.
    unsubscribed_at: Option<f64>,
    component_ids: Vec<Uuid>,
}

/// A mail of one of the updates.
struct Told<'a> {
    update: usize,
    message_id: String,
    mail: &'a Mail,
}

impl FanOut<'_> {
    /// Waits until every broadcast of the updates has come to its end; as long as something moves, and [`PATIENCE`]
    /// after that. With `hurry`, what waits for its time is taken as due.
    ///
    /// # Panics
    /// If nothing moves any more.
    pub async fn finish(&self, hurry: bool) {
        let mut database = self.cluster.database.connect().await;
        let updates = self.uuids();
        let began = Instant::now();
        let (mut last, mut moved_at) = ((0, 0), began);
        loop {
            let left = sqlx::query!(
                r#"select count(*) filter (where completed_at is not null) as "over!",
                          coalesce(sum(planned), 0)::bigint as "planned!",
                          (select count(*) from notifications.delivery_lot, unnest(outcomes) outcome
                           where outcome <> 'deferred') as "ended!"
                   from notifications.broadcast where update_id = any ($1)"#,
                &updates
            );
            let left = left.fetch_one(&mut database).await.expect("the database answers");
            if left.over == updates.len() as i64 {
                return;
            }
            if hurry {
                sqlx::query!("update notifications.segment set due_at = now() where state = 'waiting' and due_at > now()")
                    .execute(&mut database)
                    .await
                    .expect("the database answers");
            }
            let now = (left.ended, left.planned);
            if now != last {
                (last, moved_at) = (now, Instant::now());
            }
            assert!(
                moved_at.elapsed() < PATIENCE,
                "{}: nothing moves any more; {left:?}, {} mails taken",
                self.fault,
                self.cluster.smtp.accepted()
            );
            // A look costs more the more there is.
            tokio::time::sleep((began.elapsed() / 50).max(Duration::from_millis(20))).await;
        }
    }

    /// Waits until so many mails were taken in all, as long as some are.
    ///
    /// # Panics
    /// If none is any more.
    pub async fn taken(&self, count: usize) {
        let (mut last, mut moved_at) = (0, Instant::now());
        loop {
            let taken = self.cluster.smtp.accepted();
            if taken >= count {
                return;
            }
            if taken != last {
                (last, moved_at) = (taken, Instant::now());
            }
            assert!(moved_at.elapsed() < PATIENCE, "{}: no mail comes any more after {taken}", self.fault);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn uuids(&self) -> Vec<Uuid> {
        self.updates.iter().map(|update| update.parse::<UpdateId>().expect("an update's id").uuid()).collect()
    }

    /// Checks everything, and prints one line for the report.
    ///
    /// # Panics
    /// If something does not hold.
    pub async fn check(&self) -> Found {
        let mails = self.cluster.smtp.mails();
        let subscribers = self.subscribers().await;
        let by_email =
            subscribers.iter().map(|(id, who)| (who.email.as_str(), *id)).collect::<HashMap<_, _>>();
        let told = self.told(&mails);
        is_private(&told);
        let doubled = self.repeats_and_order(&told);

        let mut found = Found { mails: told.len(), doubled, outcomes: Vec::new() };
        for (index, update) in self.uuids().into_iter().enumerate() {
            let log = self.log(update).await;
            let due = self.due(update).await;
            let mailed = told.iter().filter(|mail| mail.update == index);
            let mailed = mailed.map(|mail| mail.mail.recipient()).collect::<HashSet<_>>();
            for email in &mailed {
                let id = by_email.get(email).unwrap_or_else(|| panic!("{email} is nobody's"));
                assert!(
                    due.may(&subscribers[id]),
                    "{} got update {index} and must not",
                    subscribers[id].email
                );
            }
            for (id, who) in &subscribers {
                let outcome = log.get(id).map(String::as_str);
                let mailed = mailed.contains(who.email.as_str());
                let is_right = match outcome {
                    Some("sent") => mailed,
                    Some("bounced" | "suppressed" | "superseded" | "abandoned") => !mailed,
                    None => !mailed && !due.must(who),
                    Some(_) => false,
                };
                let took = if mailed { "took" } else { "did not take" };
                assert!(
                    is_right,
                    "{}: update {index} to {}: the log says {outcome:?}, the server {took} it",
                    self.fault, who.email
                );
                assert!(outcome.is_none() || due.may(who), "{} is in the log of update {index}", who.email);
            }
            let mut counts = HashMap::new();
            for outcome in log.into_values() {
                *counts.entry(outcome).or_default() += 1;
            }
            self.progress(update, &counts).await;
            found.outcomes.push(counts);
        }
        self.no_transaction_is_idle().await;
        println!(
            "fan-out | {} | {} mails | {} doubled | at most {} | seed {} | {:?}",
            self.fault,
            found.mails,
            found.doubled,
            self.most_doubled,
            self.seed.first(),
            found.outcomes
        );
        assert!(
            found.doubled <= self.most_doubled,
            "{}: {} mails came twice, more than {}",
            self.fault,
            found.doubled,
            self.most_doubled
        );
        found
    }

    async fn subscribers(&self) -> HashMap<Uuid, Subscriber> {
        let page: PageId = self.page.id().parse().expect("a page's id");
        let rows = sqlx::query!(
            r#"select subscriber_id, email, state = 'confirmed' as "is_confirmed!",
                      extract(epoch from unsubscribed_at)::float8 as unsubscribed_at, component_ids
               from subscriptions.subscriber where page_id = $1"#,
            page.uuid(),
        )
        .fetch_all(&mut self.cluster.database.connect().await)
        .await
        .expect("the database answers");
        rows.into_iter()
            .map(|row| {
                let subscriber = Subscriber {
                    email: row.email,
                    is_confirmed: row.is_confirmed,
                    unsubscribed_at: row.unsubscribed_at,
                    component_ids: row.component_ids,
                };
                (row.subscriber_id, subscriber)
            })
            .collect()
    }

    /// The mails of the updates in the order in which the server took them.
    fn told<'a>(&self, mails: &'a [Mail]) -> Vec<Told<'a>> {
        let told = mails.iter().filter_map(|mail| {
            let message_id = mail.header("message-id").expect("a mail has a Message-ID");
            let (told, _) =
                message_id.trim_start_matches('<').split_once('.').expect("what it tells, and whom");
            let update = self.updates.iter().position(|update| *update == told)?;
            Some(Told { update, message_id, mail })
        });
        told.collect()
    }

    /// Repeats keep their Message-ID, and nobody gets an older update after a newer one. Answers how many came again.
    fn repeats_and_order(&self, told: &[Told<'_>]) -> usize {
        let (mut ids, mut newest) = (HashMap::new(), HashMap::new());
        let mut doubled = 0;
        for Told { update, message_id, mail } in told {
            let who = mail.recipient();
            if let Some(before) = ids.insert((who, *update), message_id) {
                assert_eq!(before, message_id, "a repeated mail keeps its Message-ID");
                doubled += 1;
            }
            let newest = newest.entry(who).or_insert(*update);
            assert!(*newest <= *update, "{who} got update {update} after {newest}");
            *newest = *update;
        }
        assert_eq!(
            ids.values().collect::<HashSet<_>>().len(),
            ids.len(),
            "each mail has a Message-ID of its own"
        );
        doubled
    }

    /// The last word of the log on each recipient; what was sent stays sent.
    async fn log(&self, update: Uuid) -> HashMap<Uuid, String> {
        let rows = sqlx::query!(
            r#"select entry.recipient as "recipient!", lot.pass, lot.generation, entry.outcome::text as "outcome!"
               from notifications.delivery_lot lot
               join notifications.broadcast using (tenant_id, broadcast_id)
               cross join lateral unnest(lot.recipient_ids, lot.outcomes) as entry (recipient, outcome)
               where update_id = $1
               order by lot.pass, lot.generation"#,
            update,
        )
        .fetch_all(&mut self.cluster.database.connect().await)
        .await
        .expect("the database answers");
        let mut log: HashMap<Uuid, ((i16, i32), String)> = HashMap::new();
        for row in rows {
            let at = (row.pass, row.generation);
            if let Some((before, outcome)) = log.get(&row.recipient) {
                assert_ne!(*before, at, "{} has two outcomes of one pass and generation", row.recipient);
                if outcome == "sent" {
                    continue;
                }
            }
            log.insert(row.recipient, (at, row.outcome));
        }
        log.into_iter().map(|(who, (_, outcome))| (who, outcome)).collect()
    }

    async fn due(&self, update: Uuid) -> Due {
        let row = sqlx::query!(
            r#"select extract(epoch from created_at)::float8 as "planned_at!", component_ids
               from notifications.broadcast where update_id = $1"#,
            update,
        );
        let row = row.fetch_one(&mut self.cluster.database.connect().await).await.expect("a broadcast");
        Due { planned_at: row.planned_at, component_ids: row.component_ids }
    }

    /// What members are told is what the log says, and nothing of the work is left.
    async fn progress(&self, update: Uuid, counts: &HashMap<String, usize>) {
        let row = sqlx::query!(
            r#"select sent, bounced, suppressed, superseded, abandoned,
                      (select count(*) from notifications.segment s where s.broadcast_id = b.broadcast_id) as "left!"
               from notifications.broadcast b where update_id = $1"#,
            update,
        );
        let row = row.fetch_one(&mut self.cluster.database.connect().await).await.expect("a broadcast");
        assert_eq!(row.left, 0, "{}: segments of a broadcast that is over", self.fault);
        for (outcome, told) in [
            ("sent", row.sent),
            ("bounced", row.bounced),
            ("suppressed", row.suppressed),
            ("superseded", row.superseded),
            ("abandoned", row.abandoned),
        ] {
            let logged = counts.get(outcome).copied().unwrap_or(0) as i64;
            assert_eq!(told, logged, "{}: {outcome}, as told and as logged", self.fault);
        }
    }

    /// A connection between two statements is idle for a moment; one that nobody tracks any more stays so.
    async fn no_transaction_is_idle(&self) {
        let mut database = self.cluster.database.connect().await;
        let mut suspects: Option<HashSet<(i32, String)>> = None;
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            let rows = sqlx::query!(
                r#"select pid as "pid!", state_change::text as "since!" from pg_stat_activity
                   where datname = current_database() and usename like 'pharos\_%'
                       and state like 'idle in transaction%'"#
            );
            let rows = rows.fetch_all(&mut database).await.expect("the database answers");
            let idle = rows.into_iter().map(|row| (row.pid, row.since)).collect::<HashSet<_>>();
            let still = match suspects.take() {
                None => idle,
                Some(suspects) => suspects.intersection(&idle).cloned().collect(),
            };
            if still.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "{}: idle in transactions: {still:?}", self.fault);
            suspects = Some(still);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Who was meant.
struct Due {
    /// In seconds since 1970.
    planned_at: f64,
    component_ids: Vec<Uuid>,
}

impl Due {
    fn is_concerned(&self, who: &Subscriber) -> bool {
        who.component_ids.is_empty() || who.component_ids.iter().any(|id| self.component_ids.contains(id))
    }

    /// Whether the update may be told to this one.
    fn may(&self, who: &Subscriber) -> bool {
        let left_meanwhile = who.unsubscribed_at.is_some_and(|left| left >= self.planned_at);
        self.is_concerned(who) && (who.is_confirmed || left_meanwhile)
    }

    /// Whether it must end somehow for this one; who leaves in the middle may be in the log or not.
    fn must(&self, who: &Subscriber) -> bool {
        self.is_concerned(who) && who.is_confirmed
    }
}

/// One recipient a mail, and nothing of another's in it: no address, no token, no envelope sender.
fn is_private(told: &[Told<'_>]) {
    let mut owners: HashMap<String, &str> = HashMap::new();
    for Told { update, mail, .. } in told {
        let who = mail.recipient();
        // Quoted-printable breaks lines anywhere, and headers are folded.
        let raw = mail.raw.replace("=\r\n", "").replace("\r\n ", "");
        for (at, _) in raw.match_indices("@example.net") {
            let begun = raw[..at].rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |before| before + 1);
            assert_eq!(&raw[begun..at + "@example.net".len()], who, "a mail to {who}");
        }
        let mut marks = vec![format!("{update} {}", mail.envelope.sender)];
        for (at, path) in raw.match_indices("/u/").chain(raw.match_indices("<mailto:u+")) {
            let rest = &raw[at + path.len()..];
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
            marks.push(rest[..end.unwrap_or(rest.len())].to_owned());
        }
        assert!(marks.len() > 2, "a mail without a link to unsubscribe: {raw}");
        for mark in marks {
            let owner = owners.entry(mark).or_insert(who);
            assert_eq!(*owner, who, "a mail to {who} has what is another's");
        }
    }
}
