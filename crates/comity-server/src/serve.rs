//! One node, up and running: the thread of the node, the scheduler, the mailer, the searcher,
//! and HTTP over all of it.

use crate::alarm;
use crate::app::{App, Readers};
use crate::backups::Backups;
use crate::door::Door;
use crate::engine::{Clock, Engine, Running};
use crate::home::{Home, SystemRandom};
use crate::import::folder::{self, DropFolder};
use crate::mailer::Mailer;
use crate::metrics::Metrics;
use crate::research::Desk;
use crate::routes::router;
use crate::searcher::{self, Searcher};
use crate::webhook::{self, Webhook};
use comity_exchange::case::Side;
use comity_model::Diagnostic;
use comity_node::Node;
use comity_policy::Library;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Connections for reading beside the node's own.
const READERS: usize = 8;

/// Longest wait for requests that are under way when the server stops.
const GRACE: Duration = Duration::from_secs(10);

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
    handle: axum_server::Handle<SocketAddr>,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
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
        let mut store = home.store()?;
        home.finish_log_key(store.as_mut())?;
        let identity = home.identity()?;
        let store_kind = store.kind();
        let readers: Result<Vec<_>, _> = (0..READERS).map(|_| store.reader()).collect();
        let readers = readers.map_err(|e| failed(e.code(), e))?;
        let (party, side) = (identity.party.clone(), identity.side);
        let store_key = identity.store_key.clone();
        let node = Node::open(store, identity, library.clone(), Box::new(SystemRandom));
        let node = node.map_err(|fault| {
            Diagnostic::error("node-not-opened", fault.to_string())
                .help("`comity ledger fsck` says what of the store is damaged")
        })?;
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
        let mailer =
            Mailer { engine: engine.clone(), client: client(home)?, metrics: metrics.clone() };
        tokio::spawn(mailer.clone().run());
        tokio::spawn(mailer.show_heads(Duration::from_secs(settings.head_s.max(1))));
        tokio::spawn(alarm::run(engine.clone(), metrics));
        tokio::spawn(alarm::clean(app.clone()));
        serve_programs(&app, &client(home)?, folder);
        if let Some(searcher) = searcher {
            tokio::spawn(searcher::run(engine, searcher));
        }
        let (listener, address) = listen(settings.listen)?;
        let handle = axum_server::Handle::new();
        let serving = match serve(home, listener, &app, &handle).await {
            Ok(serving) => serving,
            Err(fault) => {
                running.stop();
                return Err(fault);
            }
        };
        Ok(Server { app, address, handle, serving, running })
    }

    /// Stops: no new requests, those under way are finished, the ledger is signed.
    pub async fn stop(self) {
        self.handle.graceful_shutdown(Some(GRACE));
        let _ = self.serving.await;
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

/// Serves HTTP: over TLS, or without it on the machine itself.
async fn serve(
    home: &Home,
    listener: TcpListener,
    app: &Arc<App>,
    handle: &axum_server::Handle<SocketAddr>,
) -> Result<tokio::task::JoinHandle<std::io::Result<()>>, Diagnostic> {
    let local = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
    let service = router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let failed = |e: std::io::Error| failed("not-listening", e);
    match tls(home).await? {
        Some(tls) => {
            let server = axum_server::from_tcp_rustls(listener, tls).map_err(failed)?;
            Ok(tokio::spawn(server.handle(handle.clone()).serve(service)))
        }
        None if local => {
            let server = axum_server::from_tcp(listener).map_err(failed)?;
            Ok(tokio::spawn(server.handle(handle.clone()).serve(service)))
        }
        None => {
            let message = "without TLS a node listens on its own machine only";
            Err(Diagnostic::error("no-tls", message)
                .path("tls")
                .help("name a certificate and key in node.toml, or listen on 127.0.0.1"))
        }
    }
}

fn zone(name: &str) -> Result<jiff::tz::TimeZone, Diagnostic> {
    jiff::tz::TimeZone::get(name).map_err(|e| {
        failed("bad-settings", e)
            .path("time_zone")
            .help("a time zone has an IANA name, like `America/Los_Angeles`")
    })
}

fn drop_folder(home: &Home) -> Result<Option<DropFolder>, Diagnostic> {
    let Some(path) = &home.settings.drop_folder else { return Ok(None) };
    if home.settings.side != Side::Agency {
        let fault = failed("bad-settings", "the federal side books nobody").path("drop_folder");
        return Err(fault.help("a drop folder is a setting of an agency's node"));
    }
    DropFolder::open(home.path(path), home.settings.drop_keep_days).map(Some)
}

fn listen(at: SocketAddr) -> Result<(TcpListener, SocketAddr), Diagnostic> {
    let bound = TcpListener::bind(at).and_then(|l| l.set_nonblocking(true).map(|()| l));
    let listener = bound.map_err(|e| {
        failed("address-taken", format!("`{at}` cannot be listened on: {e}"))
            .help("another node may run already; `listen` in node.toml is the address")
    })?;
    let address = listener.local_addr().map_err(|e| failed("address-taken", e))?;
    Ok((listener, address))
}

async fn tls(home: &Home) -> Result<Option<axum_server::tls_rustls::RustlsConfig>, Diagnostic> {
    let Some(tls) = &home.settings.tls else { return Ok(None) };
    provider();
    let (certificate, key) = (home.path(&tls.certificate), home.path(&tls.key));
    let config = axum_server::tls_rustls::RustlsConfig::from_pem_file(&certificate, &key).await;
    let config = config.map_err(|e| {
        let mut fault = failed("bad-tls", e).path("tls");
        fault.file = certificate.display().to_string();
        fault.help("certificate chain and private key are PEM files")
    })?;
    Ok(Some(config))
}

/// Which cryptography TLS uses; said once in a process.
fn provider() {
    // An error says that it was said before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn client(home: &Home) -> Result<reqwest::Client, Diagnostic> {
    client_with(home, home.settings.peer_ca.as_deref(), "peer_ca")
}

/// Speaks HTTP, and believes a certificate authority beside those of the system.
///
/// # Errors
/// `bad-tls`: its file, by the name of its setting.
pub(crate) fn client_with(
    home: &Home,
    ca: Option<&Path>,
    setting: &'static str,
) -> Result<reqwest::Client, Diagnostic> {
    provider();
    let mut builder = reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("comity/", env!("CARGO_PKG_VERSION")));
    if let Some(path) = ca {
        let path = home.path(path);
        let bad = |why: String| {
            let mut fault = failed("bad-tls", why).path(setting);
            fault.file = path.display().to_string();
            fault
        };
        let pem = std::fs::read(&path).map_err(|e| bad(e.to_string()))?;
        let certificate = reqwest::Certificate::from_pem(&pem).map_err(|e| bad(e.to_string()))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|e| failed("no-client", e))
}

/// Waits for Ctrl-C, or for the system's request to end.
pub async fn until_stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let kind = tokio::signal::unix::SignalKind::terminate();
        if let Ok(mut terminate) = tokio::signal::unix::signal(kind) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}
