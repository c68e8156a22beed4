//! Listening and speaking: what a node and a relay have in common.

use comity_model::Diagnostic;
use serde::{Deserialize, Serialize};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Longest wait for requests that are under way when a server stops.
const GRACE: Duration = Duration::from_secs(10);

/// Files for TLS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Certificate chain.
    pub certificate: PathBuf,
    /// Private key.
    pub key: PathBuf,
}

/// An address that is taken, and that nothing is served on yet.
pub struct Listener {
    listener: TcpListener,
    /// Where it listens.
    pub address: SocketAddr,
}

/// HTTP that is served.
pub struct Serving {
    handle: axum_server::Handle<SocketAddr>,
    task: JoinHandle<std::io::Result<()>>,
}

fn failed(code: &'static str, why: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error(code, why.to_string())
}

impl Listener {
    /// Takes an address.
    ///
    /// # Errors
    /// `address-taken`.
    pub fn new(at: SocketAddr) -> Result<Listener, Diagnostic> {
        let bound = TcpListener::bind(at).and_then(|l| l.set_nonblocking(true).map(|()| l));
        let listener = bound.map_err(|e| {
            failed("address-taken", format!("`{at}` cannot be listened on: {e}"))
                .help("another node may run already; `listen` in the settings is the address")
        })?;
        let address = listener.local_addr().map_err(|e| failed("address-taken", e))?;
        Ok(Listener { listener, address })
    }

    /// Serves HTTP: over TLS, or without it on the machine itself. Paths of `tls` start in
    /// `folder`.
    ///
    /// # Errors
    /// `bad-tls`, `no-tls`, `not-listening`.
    pub async fn serve(
        self,
        folder: &Path,
        tls: Option<&Tls>,
        router: axum::Router,
    ) -> Result<Serving, Diagnostic> {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let handle = axum_server::Handle::new();
        let not_listening = |e: std::io::Error| failed("not-listening", e);
        let task = match tls {
            Some(tls) => {
                let tls = read_tls(folder, tls).await?;
                let server = axum_server::from_tcp_rustls(self.listener, tls);
                let server = server.map_err(not_listening)?.handle(handle.clone());
                tokio::spawn(server.serve(service))
            }
            None if self.address.ip().is_loopback() => {
                let server = axum_server::from_tcp(self.listener).map_err(not_listening)?;
                tokio::spawn(server.handle(handle.clone()).serve(service))
            }
            None => {
                let message = "without TLS one listens on one's own machine only";
                return Err(Diagnostic::error("no-tls", message)
                    .path("tls")
                    .help("name a certificate and key in the settings, or listen on 127.0.0.1"));
            }
        };
        Ok(Serving { handle, task })
    }
}

impl Serving {
    /// Stops: no new requests; those under way are finished.
    pub async fn stop(self) {
        self.handle.graceful_shutdown(Some(GRACE));
        let _ = self.task.await;
    }
}

async fn read_tls(
    folder: &Path,
    tls: &Tls,
) -> Result<axum_server::tls_rustls::RustlsConfig, Diagnostic> {
    provider();
    let (certificate, key) = (folder.join(&tls.certificate), folder.join(&tls.key));
    let config = axum_server::tls_rustls::RustlsConfig::from_pem_file(&certificate, &key).await;
    config.map_err(|e| {
        let mut fault = failed("bad-tls", e).path("tls");
        fault.file = certificate.display().to_string();
        fault.help("certificate chain and private key are PEM files")
    })
}

/// Which cryptography TLS uses; said once in a process.
fn provider() {
    // An error says that it was said before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Speaks HTTP, and believes a certificate authority beside those of the system. A path starts
/// in `folder`.
///
/// # Errors
/// `bad-tls`: the authority's file, by the name of its setting.
pub fn client(
    folder: &Path,
    ca: Option<&Path>,
    setting: &'static str,
) -> Result<reqwest::Client, Diagnostic> {
    provider();
    let mut builder = reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("comity/", env!("CARGO_PKG_VERSION")));
    if let Some(path) = ca {
        let path = folder.join(path);
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
