//! One node, up and running: the thread of the node, the scheduler, the mailer, the searcher,
//! and HTTP over all of it.

use crate::alarm;
use crate::app::{App, Readers};
use crate::backups::Backups;
use crate::door::Door;
use crate::engine::{Clock, Engine, Running};
use crate::home::{Home, SystemRandom};
use crate::import::folder::{self, DropFolder};
use crate::listen::{self, Listener, Serving};
use crate::mailer::Mailer;
use crate::metrics::Metrics;
use crate::post::Post;
use crate::research::Desk;
use crate::routes::router;
use crate::searcher::{self, Searcher};
use crate::webhook::{self, Webhook};
use comity_exchange::case::Side;
use comity_model::Diagnostic;
use comity_node::Node;
use comity_policy::Library;
use comity_store::Reads;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Connections for reading beside the node's own.
const READERS: usize = 8;

/// What a node offers at the desk beside custody.
#[derive(Default)]
pub struct Offers {
    /// Golden cases, to choose samples from at the workbench.
    pub cases: Vec<comity_policy::PolicyFile>,
    /// Runs over data sets.
    pub research: Option<Arc<dyn crate::research::Research>>,
}

/// A server that is up.
pub struct Server {
    /// What its requests reach.
    pub app: Arc<App>,
    /// Where it listens.
    pub address: SocketAddr,
    serving: Serving,
    running: Running,
}

fn failed(code: &'static str, why: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error(code, why.to_string())
}

impl Server {
    /// Starts a node from its folder. Runs inside a tokio runtime.
    ///
    /// # Errors
    /// Settings, keys or store that cannot be used; an address that is taken.
    pub async fn start(
        home: &Home,
        library: Arc<Library>,
        searcher: Option<Arc<dyn Searcher>>,
    ) -> Result<Server, Diagnostic> {
        Server::start_with(home, library, searcher, Offers::default()).await
    }

    /// Starts a node that offers more at the desk.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start_with(
        home: &Home,
        library: Arc<Library>,
        searcher: Option<Arc<dyn Searcher>>,
        offers: Offers,
    ) -> Result<Server, Diagnostic> {
        let settings = &home.settings;
        let folder = drop_folder(home)?;
        let webhooks = Webhook::all(home)?;
        // PostgreSQL's client waits with a runtime of its own, which none may surround.
        let opened = {
            let (home, library) = (home.clone(), library.clone());
            tokio::task::spawn_blocking(move || open(&home, library)).await
        };
        let (node, readers, store_kind) = opened.map_err(|e| failed("node-not-opened", e))??;
        let identity = node.identity();
        let (party, side) = (identity.party.clone(), identity.side);
        let store_key = identity.store_key.clone();
        let clock = settings.simulated_from.map_or_else(Clock::system, Clock::simulated);
        let (engine, running) = Engine::start(node, clock).map_err(|e| failed("no-thread", e))?;
        let metrics = Arc::new(Metrics::default());
        let zone = zone(&settings.time_zone)?;
        let research = offers.research.map(|r| Desk::new(r, &home.folder, &library));
        let app = Arc::new(App {
            zone,
            place: settings.place.clone(),
            home: home.clone(),
            backups: Backups::new(&home.folder, store_kind),
            outside: crate::outside::Outside::of(home)?,
            door: Door::of(settings, &store_key, engine.clock.clone())?,
            engine: engine.clone(),
            readers: Arc::new(Readers::new(readers)),
            party,
            side,
            store_key,
            library,
            metrics: metrics.clone(),
            searcher: searcher.clone(),
            comparisons: crate::compared::Comparisons::default(),
            counsel: crate::pages::policies::Counsel::new(offers.cases),
            research: research.map(Arc::new),
            webhooks,
        });
        let client = listen::client(&home.folder, settings.peer_ca.as_deref(), "peer_ca")?;
        let post =
            Post { engine: engine.clone(), client: client.clone(), relay: settings.relay.clone() };
        let mailer = Mailer { post, engine: engine.clone(), metrics: metrics.clone() };
        tokio::spawn(mailer.clone().run());
        tokio::spawn(mailer.show_heads(Duration::from_secs(settings.head_s.max(1))));
        tokio::spawn(alarm::run(engine.clone(), metrics));
        tokio::spawn(alarm::clean(app.clone()));
        serve_programs(&app, &client, folder);
        if let Some(searcher) = searcher {
            tokio::spawn(searcher::run(engine, searcher));
        }
        let listener = Listener::new(settings.listen)?;
        let address = listener.address;
        let tls = settings.tls.as_ref();
        match listener.serve(&home.folder, tls, router(app.clone())).await {
            Ok(serving) => Ok(Server { app, address, serving, running }),
            Err(fault) => {
                running.stop();
                Err(fault)
            }
        }
    }

    /// Stops: no new requests, those under way are finished, the ledger is signed.
    pub async fn stop(self) {
        self.serving.stop().await;
        let running = self.running;
        let _ = tokio::task::spawn_blocking(move || running.stop()).await;
    }
}

/// What goes on for the party's other programs: events out, bookings in.
fn serve_programs(app: &Arc<App>, client: &reqwest::Client, folder: Option<DropFolder>) {
    for webhook in app.webhooks.clone() {
        tokio::spawn(webhook::tell(app.clone(), webhook, client.clone()));
    }
    if let Some(folder) = folder {
        tokio::spawn(folder::watch(app.clone(), folder));
    }
}

fn zone(name: &str) -> Result<jiff::tz::TimeZone, Diagnostic> {
    jiff::tz::TimeZone::get(name).map_err(|e| {
        failed("bad-settings", e)
            .path("time_zone")
            .help("a time zone has an IANA name, like `America/Los_Angeles`")
    })
}

type Opened = (Node, Vec<Box<dyn Reads + Send>>, &'static str);

/// The node on its store, connections for reading, and the kind of the store.
fn open(home: &Home, library: Arc<Library>) -> Result<Opened, Diagnostic> {
    let mut store = home.store()?;
    home.finish_log_key(store.as_mut())?;
    let kind = store.kind();
    let readers: Result<Vec<_>, _> = (0..READERS).map(|_| store.reader()).collect();
    let readers = readers.map_err(|e| failed(e.code(), e))?;
    let node = Node::open(store, home.identity()?, library, Box::new(SystemRandom));
    let node = node.map_err(|fault| {
        Diagnostic::error("node-not-opened", fault.to_string())
            .help("`comity ledger fsck` says what of the store is damaged")
    })?;
    Ok((node, readers, kind))
}

fn drop_folder(home: &Home) -> Result<Option<DropFolder>, Diagnostic> {
    let Some(path) = &home.settings.drop_folder else { return Ok(None) };
    if home.settings.side != Side::Agency {
        let fault = failed("bad-settings", "the federal side books nobody").path("drop_folder");
        return Err(fault.help("a drop folder is a setting of an agency's node"));
    }
    DropFolder::open(home.path(path), home.settings.drop_keep_days).map(Some)
}

/// Ends with Ctrl-C, or with the system's request to end. It listens for both from the call on and
/// not from when it is waited for: who was told that a server is up may end it at once. Called
/// inside a tokio runtime.
pub fn until_stopped() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let told = {
        use tokio::signal::unix::{SignalKind, signal};
        [SignalKind::interrupt(), SignalKind::terminate()].map(signal)
    };
    async move {
        #[cfg(unix)]
        if let [Ok(mut interrupt), Ok(mut terminate)] = told {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
        let _ = tokio::signal::ctrl_c().await;
    }
}
