//! A bad network and bad mail servers: a TCP proxy in front of a good one, which knows at which stage of its
//! conversation each side is, and makes trouble there.

mod conversation;

use std::{
    mem,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_util::sync::CancellationToken;

use conversation::converse;

/// Where a conversation is, by what is said there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The server's first words.
    Greeting,
    /// EHLO or HELO.
    Ehlo,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA.
    Data,
    /// The first lines of the text; it has no reply.
    Body,
    /// The final dot.
    Dot,
    /// RSET, NOOP, QUIT and what we do not know.
    Other,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The connection is reset before the stage's line reaches the server; of a text, in the middle of a line.
    Reset,
    /// The connection is reset when the server has replied, and the reply is lost.
    ResetAfter,
    /// The reply and all that follows wait until [`Proxy::heal`].
    Silence,
    /// The reply and all that follows come a byte a second until [`Proxy::heal`].
    OneByteASecond,
    /// In place of the reply the server's side is closed; what the client says is still taken.
    HalfClose,
    /// These words come in place of the reply, and then the server's side is closed.
    Says(&'static str),
}

#[derive(Debug)]
struct Plan {
    after: usize,
    at: Stage,
    trouble: Trouble,
}

#[derive(Debug, Default)]
struct State {
    /// Where connections lead; none while the server is away.
    target: Option<SocketAddr>,
    plans: Vec<Plan>,
    struck: Vec<(Stage, Trouble)>,
    passed: usize,
    turned_away: usize,
    conversations: CancellationToken,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Raised by each healing.
    healed: watch::Sender<u64>,
    delay: watch::Sender<Duration>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The trouble that is due at this stage, once.
    fn trouble(&self, at: Stage, is_before: bool) -> Option<Trouble> {
        let mut state = self.state();
        let passed = state.passed;
        let due = state.plans.iter().position(|plan| {
            plan.at == at && plan.after <= passed && (plan.trouble == Trouble::Reset) == is_before
        })?;
        let trouble = state.plans.remove(due).trouble;
        state.struck.push((at, trouble));
        Some(trouble)
    }
}

/// The proxy. It leads nowhere, and turns every connection away, until [`Proxy::lead_to`].
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
}

impl Proxy {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// If there is none.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            healed: watch::Sender::new(0),
            delay: watch::Sender::new(Duration::ZERO),
        });
        let stop = CancellationToken::new();
        tokio::spawn(stop.clone().run_until_cancelled_owned(accept(listener, Arc::clone(&shared))));
        Self { address, shared, stop }
    }

    /// Where it is, as a setting.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://{}?tls=never", self.address)
    }

    /// Leads connections to this server from now on; the address may be the one of a URL.
    ///
    /// # Panics
    /// If there is no address in it.
    pub fn lead_to(&self, server: &str) {
        let address = server.trim_start_matches("smtp://").split('?').next().unwrap_or_default();
        self.shared.state().target = Some(address.parse().expect("an address"));
    }

    /// The server is away: every conversation is reset, and every new connection is turned away.
    pub fn away(&self) {
        let mut state = self.shared.state();
        state.target = None;
        mem::take(&mut state.conversations).cancel();
    }

    /// Once so many mails were taken through this proxy, the next conversation that comes to this stage has this
    /// trouble.
    pub fn plan(&self, after: usize, at: Stage, trouble: Trouble) {
        self.shared.state().plans.push(Plan { after, at, trouble });
    }

    /// Every reply comes so much later.
    pub fn delay(&self, delay: Duration) {
        self.shared.delay.send_replace(delay);
    }

    /// Ends every silence and slowness that has begun: what was held back comes at once.
    pub fn heal(&self) {
        self.shared.healed.send_modify(|healed| *healed += 1);
    }

    /// Which troubles there were, in their order.
    #[must_use]
    pub fn struck(&self) -> Vec<(Stage, Trouble)> {
        self.shared.state().struck.clone()
    }

    /// How many mails were taken, by the replies that passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.shared.state().passed
    }

    /// How many connections were turned away.
    #[must_use]
    pub fn turned_away(&self) -> usize {
        self.shared.state().turned_away
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.cancel();
        self.shared.state().conversations.cancel();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        let (target, end) = {
            let mut state = shared.state();
            state.turned_away += usize::from(state.target.is_none());
            (state.target, state.conversations.child_token())
        };
        let Some(target) = target else {
            reset(&client);
            continue;
        };
        tokio::spawn(converse(client, target, Arc::clone(&shared), end));
    }
}

/// Closing sends a reset, and what was not sent yet is dropped.
fn reset(socket: &TcpStream) {
    // It may be gone already, and then there is nothing to reset.
    let _ = socket.set_zero_linger();
}
