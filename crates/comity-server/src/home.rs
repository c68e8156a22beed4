//! A node's folder: its settings, its keys, its store.
//!
//! ```text
//! node.toml          settings; no secrets
//! keys/message.key   signs envelopes        keys/log.key      signs checkpoints
//! keys/witness.key   countersigns           keys/store.key    wraps persons' keys
//! keys/message.key.before   opens letters of peers who have not heard of the key in use
//! node.db            the store, where it is SQLite
//! ```
//! The keys are readable by the node's user alone; a folder that others can read is refused.

use crate::listen::Tls;
use comity_exchange::Party;
use comity_exchange::case::Side;
use comity_ledger::{KeyKind, KeyName, SecretKey, StoreKey, Trust};
use comity_model::Diagnostic;
use comity_node::{BY_RELAY, Identity, Peer, PeerNews, Random, log_key_notes, log_keys};
use comity_store::{PostgresOptions, PostgresStore, Reads, SqliteOptions, SqliteStore, Store};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Settings of a node, as `node.toml` writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The party's name, `jail.example/party`.
    pub party: String,
    /// Which side of the exchange it is.
    pub side: Side,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where others reach it.
    pub url: String,
    /// `sqlite:node.db`, or `postgresql://…` without a password.
    #[serde(default = "default_store")]
    pub store: String,
    /// A file with PostgreSQL's password alone, readable by the node's user alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_password: Option<PathBuf>,
    /// The certificates that vouch for a PostgreSQL server on another machine, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_ca: Option<PathBuf>,
    /// Folder of the gallery that a federal node searches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gallery: Option<PathBuf>,
    /// Folder of data sets that researchers may choose from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub research: Option<PathBuf>,
    /// Folder into which the jail's own software drops sheets of bookings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop_folder: Option<PathBuf>,
    /// Days after which sheets and reports are removed from the drop folder.
    #[serde(default = "default_drop_keep_days")]
    pub drop_keep_days: u16,
    /// Programs of the party that are told of events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub webhook: Vec<WebhookSettings>,
    /// Certificate and key for TLS, PEM. Without them the node speaks plain HTTP, on the machine
    /// itself only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// A certificate authority of the peers beside those of the system, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_ca: Option<PathBuf>,
    /// The relay that stands between this node and its peers, `https://bureau.example:8444`:
    /// what they send comes through it, and so goes what the node sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay: Option<String>,
    /// Seconds between checkpoints that are shown to the peers.
    #[serde(default = "default_head_s")]
    pub head_s: u64,
    /// Minutes after which an idle session locks, 1 to 30.
    #[serde(default = "default_idle_minutes")]
    pub idle_minutes: i64,
    /// What stands at the head of papers; the party's name where it is not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letterhead: Option<Letterhead>,
    /// The code of the place whose law applies at the agency: `us-tx.travis`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The IANA name of the zone in which pages show moments where no facility's zone is meant.
    #[serde(default = "default_time_zone")]
    pub time_zone: String,
    /// The agency's own sign-in, beside accounts with passwords.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside_sign_in: Option<OutsideSignIn>,
    /// Whether people need a second factor; off for demonstrations with invented people alone.
    #[serde(default = "default_second_factor")]
    pub second_factor: bool,
    /// A clock that stands still until it is set: for rehearsals, never in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated_from: Option<Timestamp>,
    /// People's sessions live by the machine's clock although the node's is simulated: for a
    /// demonstration whose day hurries or stands still while somebody sits before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub machine_sessions: bool,
}

/// The head of papers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Letterhead {
    /// The agency's name.
    pub name: String,
    /// The facility.
    #[serde(default)]
    pub facility: String,
    /// Lines of its address.
    #[serde(default)]
    pub address: Vec<String>,
    /// The telephone number for questions.
    #[serde(default)]
    pub phone: String,
}

impl Settings {
    /// What a node is set to where nobody says otherwise.
    pub fn new(party: &str, side: Side, url: &str, listen: SocketAddr) -> Settings {
        Settings {
            party: party.to_owned(),
            side,
            listen,
            url: url.to_owned(),
            store: default_store(),
            store_password: None,
            store_ca: None,
            gallery: None,
            research: None,
            webhook: Vec::new(),
            drop_folder: None,
            drop_keep_days: default_drop_keep_days(),
            tls: None,
            peer_ca: None,
            relay: None,
            head_s: default_head_s(),
            idle_minutes: default_idle_minutes(),
            letterhead: None,
            place: None,
            time_zone: default_time_zone(),
            outside_sign_in: None,
            second_factor: default_second_factor(),
            simulated_from: None,
            machine_sessions: false,
        }
    }
}

/// The agency's own sign-in: OpenID Connect, authorization code flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutsideSignIn {
    /// What people know it by: `County sign-in`.
    pub name: String,
    /// The provider's name for itself, an address with https.
    pub issuer: String,
    /// The node's name there.
    pub client_id: String,
    /// A file with the node's secret there, readable by the node's user alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<PathBuf>,
    /// Scopes that are asked for besides `openid`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The claim that says who somebody is.
    #[serde(default = "default_claim")]
    pub claim: String,
    /// Values of `amr` that mean more than a password (RFC 8176).
    #[serde(default = "default_strong")]
    pub strong: Vec<String>,
    /// A certificate authority of the provider beside those of the system, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
}

fn default_claim() -> String {
    "sub".to_owned()
}

fn default_strong() -> Vec<String> {
    ["mfa", "hwk"].map(str::to_owned).to_vec()
}

/// A program that is told of events, `[[webhook]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// Where: `https://`, or `http://` on the machine itself.
    pub url: String,
    /// A file with its secrets, readable by the node's user alone.
    pub secret_file: PathBuf,
    /// Kinds of events, `request.received` or `hold.*`; all where there is none.
    #[serde(default)]
    pub events: Vec<String>,
}

fn default_store() -> String {
    "sqlite:node.db".to_owned()
}

fn default_drop_keep_days() -> u16 {
    7
}

fn default_head_s() -> u64 {
    30
}

fn default_time_zone() -> String {
    "UTC".to_owned()
}

fn default_idle_minutes() -> i64 {
    15
}

fn default_second_factor() -> bool {
    true
}

/// Random bytes of the operating system.
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        // Without random bytes no key and no id may be made: the process ends here, and nothing
        // is half done, because a turn is one commit.
        if getrandom::fill(bytes).is_err() {
            std::process::abort();
        }
    }
}

fn fault(path: &Path, code: &'static str, why: impl std::fmt::Display) -> Diagnostic {
    let mut fault = Diagnostic::error(code, why.to_string());
    fault.file = path.display().to_string();
    fault
}

/// A node's folder.
#[derive(Debug, Clone)]
pub struct Home {
    /// Where it is.
    pub folder: PathBuf,
    /// Its settings.
    pub settings: Settings,
}

const KEYS: [(&str, KeyKind); 3] =
    [("message", KeyKind::Log), ("log", KeyKind::Log), ("witness", KeyKind::Witness)];

impl Home {
    /// Makes a node's folder with new keys and an empty store.
    ///
    /// # Errors
    /// `exists`: there is a node already; names that keys cannot have; what the disk says.
    pub fn init(folder: &Path, settings: Settings) -> Result<Home, Diagnostic> {
        let file = folder.join("node.toml");
        if file.exists() {
            return Err(fault(&file, "exists", "there is a node here already"));
        }
        let party = Party::new(&settings.party).map_err(|d| d.path("party"))?;
        let keys = folder.join("keys");
        fs::create_dir_all(&keys).map_err(|e| fault(&keys, "not-made", e))?;
        close_to_others(&keys, 0o700)?;
        for (name, kind) in KEYS {
            let name_of_key = KeyName::new(&key_name(&party, name))?;
            let mut seed = Zeroizing::new([0; 32]);
            SystemRandom.fill(seed.as_mut());
            let key = SecretKey::from_seed(name_of_key, kind, *seed);
            write_secret(&keys.join(format!("{name}.key")), key.to_line().as_bytes())?;
        }
        let mut bytes = Zeroizing::new([0; 32]);
        SystemRandom.fill(bytes.as_mut());
        let digits = Zeroizing::new(comity_model::hex(bytes.as_ref()));
        write_secret(&keys.join("store.key"), digits.as_bytes())?;
        let home = Home { folder: folder.to_owned(), settings };
        home.open_store(true)?;
        let text = toml::to_string(&home.settings).map_err(|e| fault(&file, "not-toml", e))?;
        // The settings last: where they are, everything else is.
        fs::write(&file, text).map_err(|e| fault(&file, "not-written", e))?;
        Ok(home)
    }

    /// Reads a node's folder.
    ///
    /// # Errors
    /// `no-node`; what is wrong in the settings, at which line.
    pub fn open(folder: &Path) -> Result<Home, Diagnostic> {
        let file = folder.join("node.toml");
        let text = fs::read_to_string(&file).map_err(|e| {
            fault(&file, "no-node", format!("there is no node here: {e}"))
                .help("`comity node init DIR` makes one")
        })?;
        let settings = toml::from_str(&text).map_err(|e| fault(&file, "bad-settings", e))?;
        Ok(Home { folder: folder.to_owned(), settings })
    }

    /// A path of the settings, which starts in the node's folder.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    fn sqlite(&self) -> Option<PathBuf> {
        self.settings.store.strip_prefix("sqlite:").map(|path| self.path(Path::new(path)))
    }

    /// Opens the store.
    ///
    /// # Errors
    /// What the store says.
    pub fn store(&self) -> Result<Box<dyn Store>, Diagnostic> {
        self.open_store(false)
    }

    fn open_store(&self, is_new: bool) -> Result<Box<dyn Store>, Diagnostic> {
        if let Some(path) = self.sqlite() {
            let options = SqliteOptions::default();
            let store = if is_new {
                SqliteStore::create(&path, options)
            } else {
                SqliteStore::open(&path, options)
            };
            return Ok(Box::new(store.map_err(|e| fault(&path, e.code(), e))?));
        }
        let file = self.folder.join("node.toml");
        if !["postgresql://", "postgres://"].iter().any(|s| self.settings.store.starts_with(s)) {
            let message = format!("`{}` is no store", self.settings.store);
            return Err(fault(&file, "bad-store", message)
                .path("store")
                .help("a store is `sqlite:FILE` or `postgresql://…`"));
        }
        let mut options = PostgresOptions::new(&self.settings.store);
        options.password_file = self.settings.store_password.as_ref().map(|p| self.path(p));
        options.root_certificates = self.settings.store_ca.as_ref().map(|p| self.path(p));
        let store =
            if is_new { PostgresStore::create(options) } else { PostgresStore::open(options) };
        Ok(Box::new(store.map_err(|e| fault(&file, e.code(), e))?))
    }

    /// Whose signatures the checkpoints of this node's ledger need, and may carry: its own keys
    /// and the peers'.
    ///
    /// # Errors
    /// As for [`Home::identity`]; a peer that cannot be read.
    pub fn trust(&self, store: &mut dyn Reads) -> Result<Trust, Diagnostic> {
        self.finish_log_key(store)?;
        let identity = self.identity()?;
        let mut keys = vec![identity.witness_key.verifier().clone()];
        for row in store.peers().map_err(Diagnostic::from)? {
            keys.push(Peer::from_row(&row)?.0.witness_key);
        }
        let logs = log_keys(store, identity.log_key.verifier())?;
        Ok(Trust::in_keys(&keys).with_logs(logs))
    }

    fn key(&self, name: &str) -> Result<SecretKey, Diagnostic> {
        read_key(&self.folder.join("keys").join(format!("{name}.key")))
    }

    /// Who the node is.
    ///
    /// # Errors
    /// A key that is missing, damaged, or readable by others.
    pub fn identity(&self) -> Result<Identity, Diagnostic> {
        let path = self.folder.join("keys/store.key");
        let text = read_secret(&path)?;
        let bytes = comity_exchange::Digest::parse(text.trim())
            .ok_or_else(|| fault(&path, "bad-key", "the key is 64 hexadecimal digits"))?;
        let log_key = self.key("log")?;
        Ok(Identity {
            party: Party::new(&self.settings.party)?,
            side: self.settings.side,
            origin: log_key.verifier().name().as_str().to_owned(),
            message_key: self.key("message")?,
            log_key,
            witness_key: self.key("witness")?,
            store_key: StoreKey::from_bytes(bytes.0),
        })
    }

    /// The keys that letters to this node may be sealed to: the one in use, the one before it,
    /// and the one that peers were told of and that is not in use yet.
    ///
    /// # Errors
    /// A key that is damaged, or readable by others.
    pub fn letter_keys(&self) -> Result<Vec<SecretKey>, Diagnostic> {
        let mut keys = vec![self.key("message")?];
        for other in ["message.key.before", "message.key.next"] {
            let path = self.folder.join("keys").join(other);
            if path.exists() {
                keys.push(read_key(&path)?);
            }
        }
        Ok(keys)
    }

    /// What other nodes need to know of this one; no secrets.
    ///
    /// # Errors
    /// As for [`Home::identity`].
    pub fn news(&self) -> Result<PeerNews, Diagnostic> {
        let identity = self.identity()?;
        Ok(PeerNews {
            party: self.settings.party.clone(),
            side: self.settings.side,
            url: match &self.settings.relay {
                Some(relay) => format!("{BY_RELAY}{relay}"),
                None => self.settings.url.clone(),
            },
            message_key: identity.message_key.verifier().to_string(),
            log_key: identity.log_key.verifier().to_string(),
            witness_key: identity.witness_key.verifier().to_string(),
        })
    }

    /// Ends a change of the ledger's key that was cut off after the ledger had it.
    ///
    /// # Errors
    /// What the disk or the store says.
    pub fn finish_log_key(&self, store: &mut dyn Reads) -> Result<(), Diagnostic> {
        let path = self.folder.join("keys/log.key.next");
        if !path.exists() {
            return Ok(());
        }
        let next = read_key(&path)?;
        // A chain that ends at the new key says that the change was made.
        let is_made = !log_key_notes(store)?.is_empty() && log_keys(store, next.verifier()).is_ok();
        if is_made { self.use_next_key("log") } else { Ok(()) }
    }

    /// A new `message` or `log` key: written beside the one in use, which it takes the place of
    /// with [`Home::use_next_key`].
    ///
    /// # Errors
    /// What the disk says.
    pub fn next_key(&self, which: &str) -> Result<SecretKey, Diagnostic> {
        let path = self.folder.join(format!("keys/{which}.key.next"));
        if path.exists() {
            // Begun before, and not finished: the same key, so that nobody is told of two.
            return read_key(&path);
        }
        let party = Party::new(&self.settings.party)?;
        let mut seed = Zeroizing::new([0; 32]);
        SystemRandom.fill(seed.as_mut());
        let name = KeyName::new(&key_name(&party, which))?;
        let key = SecretKey::from_seed(name, KeyKind::Log, *seed);
        write_secret(&path, key.to_line().as_bytes())?;
        Ok(key)
    }

    /// Lets the new `message` or `log` key take the place of the one in use.
    ///
    /// # Errors
    /// What the disk says.
    pub fn use_next_key(&self, which: &str) -> Result<(), Diagnostic> {
        let keys = self.folder.join("keys");
        let path = keys.join(format!("{which}.key"));
        if which == "message" {
            keep_before(&path).map_err(|e| fault(&path, "not-written", e))?;
        }
        fs::rename(keys.join(format!("{which}.key.next")), &path)
            .map_err(|e| fault(&path, "not-written", e))
    }
}

/// The name of a key of a party: the party's own for messages, `…/ledger`, `…/witness`.
fn key_name(party: &Party, key: &str) -> String {
    let party = party.as_str();
    let base = party.rsplit_once('/').map_or(party, |(base, _)| base);
    match key {
        "log" => format!("{base}/ledger"),
        "witness" => format!("{base}/witness"),
        _ => party.to_owned(),
    }
}

/// Keeps the message key in use beside the one that is about to take its place. A second link:
/// cut off anywhere, the key in use is where it was.
fn keep_before(path: &Path) -> std::io::Result<()> {
    let before = path.with_extension("key.before");
    match fs::remove_file(&before) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    fs::hard_link(path, before)
}

fn read_key(path: &Path) -> Result<SecretKey, Diagnostic> {
    SecretKey::parse(read_secret(path)?.trim()).map_err(|mut d| {
        d.file = path.display().to_string();
        d
    })
}

fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let written = options.open(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.write_all(b"\n")?;
        file.sync_all()
    });
    written.map_err(|e| fault(path, "not-written", e))
}

pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<String>, Diagnostic> {
    let metadata = fs::metadata(path).map_err(|e| fault(path, "no-key", e))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let message = format!("others may read this key (mode {mode:o})");
            return Err(fault(path, "key-open", message)
                .help(format!("chmod 600 {}; and think of who may have read it", path.display())));
        }
    }
    let _ = metadata;
    fs::read_to_string(path).map(Zeroizing::new).map_err(|e| fault(path, "no-key", e))
}

#[cfg(unix)]
fn close_to_others(path: &Path, mode: u32) -> Result<(), Diagnostic> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(|e| fault(path, "not-made", e))
}

#[cfg(not(unix))]
fn close_to_others(_: &Path, _: u32) -> Result<(), Diagnostic> {
    Ok(())
}
