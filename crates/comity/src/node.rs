//! `comity node`: make a node, show what others need to know of it, make peers known, change a
//! key, make accounts.

use crate::fail::{EXIT_OK, Failure};
use crate::files;
use comity_exchange::case::Side;
use comity_ledger::FsckReport;
use comity_model::Diagnostic;
use comity_node::{Ask, Node, NodeFault, PeerNews};
use comity_server::account::{AccountFault, Actor, AuditEvent, NewAccount, Origin, Role};
use comity_server::door::Door;
use comity_server::engine::Clock;
use comity_server::home::{Home, Settings, SystemRandom};
use comity_server::keys;
use comity_store::{FsckOptions, Reads};
use jiff::Timestamp;
use serde_json::json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Make a node and look after it
#[derive(clap::Subcommand)]
pub enum Command {
    /// Make the folder of a new node: settings, keys, an empty store
    #[command(after_help = "Example: comity node init jail --party jail.example/party --side \
agency --url https://jail.example:8443 --listen 0.0.0.0:8443")]
    Init {
        /// The folder
        folder: PathBuf,
        /// The party's name
        #[arg(long)]
        party: String,
        /// Which side of the exchange it is
        #[arg(long, value_parser = side)]
        side: Side,
        /// Where others reach it
        #[arg(long)]
        url: String,
        /// Where it listens
        #[arg(long, default_value = "127.0.0.1:8443")]
        listen: SocketAddr,
        /// Its store: `sqlite:FILE` in the folder, or `postgres://…`
        #[arg(long, default_value = "sqlite:node.db")]
        store: String,
        /// Folder of the gallery that a federal node searches
        #[arg(long)]
        gallery: Option<PathBuf>,
    },
    /// Print what other nodes need to know of this one, to be handed over by a way that both
    /// trust
    #[command(after_help = "Example: comity node show jail > jail.json")]
    Show {
        /// The folder
        folder: PathBuf,
    },
    /// Make another party known, from what its `comity node show` printed
    #[command(after_help = "Example: comity node add-peer jail office.json")]
    AddPeer {
        /// The folder
        folder: PathBuf,
        /// What the other node printed
        news: PathBuf,
    },
    /// Write the public page of an agency: counts by quarter, method and law, as files
    #[command(after_help = "Small counts are held back. The folder opens from a disk, in English \
and Spanish, and asks for nothing from anywhere.\n\nExample: comity node publish jail --out public")]
    Publish {
        /// The folder
        folder: PathBuf,
        /// Where the files go; nothing else is touched there
        #[arg(long)]
        out: PathBuf,
    },
    /// Change the key that signs messages, or the ledger's, and tell every peer; stop the node first
    #[command(after_help = "Examples: comity node rotate-key jail --days 7, comity node \
rotate-key jail --ledger")]
    RotateKey {
        /// The folder
        folder: PathBuf,
        /// For how long the peers still believe the key before
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=90))]
        days: u16,
        /// The key that signs the ledger; what the one before signed holds as it did
        #[arg(long, conflicts_with = "days")]
        ledger: bool,
    },
    /// Make an account, and print the invitation with which its person chooses a password
    #[command(after_help = "Example: comity node add-account jail chief --role administrator")]
    AddAccount {
        /// The folder
        folder: PathBuf,
        /// Its name: a-z 0-9 . _ -
        name: String,
        /// What it is for: clerk, supervisor, examiner, duty_officer, counsel, auditor,
        /// administrator
        #[arg(long, value_parser = role, required = true)]
        role: Vec<Role>,
    },
    /// Recompute the node's whole ledger from its raw bytes and name the first place that is
    /// wrong
    #[command(after_help = "Example: comity node fsck jail --at-rest")]
    Fsck {
        /// The folder
        folder: PathBuf,
        /// No node is running: a leaf that no checkpoint covers is wrong then
        #[arg(long)]
        at_rest: bool,
    },
    /// Write everything in the store to a file; the node may go on meanwhile
    #[command(after_help = "Example: comity node backup jail jail-2026-11-22.backup")]
    Backup {
        /// The folder
        folder: PathBuf,
        /// The new file; nothing is overwritten
        to: PathBuf,
    },
    /// Put a backup into the node's new and empty store
    #[command(after_help = "Example: comity node restore jail jail-2026-11-22.backup")]
    Restore {
        /// The folder: node.toml and keys, and a store without a row
        folder: PathBuf,
        /// The backup
        from: PathBuf,
    },
    /// Restore a backup into a scratch store, check its ledger, and throw it away
    #[command(after_help = "Example: comity node drill jail jail-2026-11-22.backup")]
    Drill {
        /// The folder, for the keys
        folder: PathBuf,
        /// The backup
        from: PathBuf,
    },
}

fn role(text: &str) -> Result<Role, String> {
    let known = |role: &Role| serde_json::to_value(role).is_ok_and(|v| v == text);
    let found = Role::ALL.into_iter().find(known);
    found.filter(|role| *role != Role::Software).ok_or_else(|| {
        "a role is clerk, supervisor, examiner, duty_officer, counsel, auditor or administrator"
            .to_owned()
    })
}

fn side(text: &str) -> Result<Side, String> {
    match text {
        "agency" => Ok(Side::Agency),
        "federal" => Ok(Side::Federal),
        _ => Err("a side is `agency` or `federal`".to_owned()),
    }
}

fn found(fault: Diagnostic) -> Failure {
    Failure::Findings(vec![fault])
}

fn refused(fault: NodeFault) -> Failure {
    match fault {
        NodeFault::Wrong(list) => Failure::Findings(list),
        fault => Failure::usage(fault.to_string()),
    }
}

/// A node without a server, for one change.
fn open(folder: &Path, policies: Option<&Path>) -> Result<(Home, Node), Failure> {
    let home = Home::open(folder).map_err(found)?;
    let library = Arc::new(files::library(policies)?);
    let mut store = home.store().map_err(found)?;
    home.finish_log_key(store.as_mut()).map_err(found)?;
    let identity = home.identity().map_err(found)?;
    let node = Node::open(store, identity, library, Box::new(SystemRandom)).map_err(refused)?;
    Ok((home, node))
}

fn turn(node: &mut Node, asks: Vec<Ask>) -> Result<(), Failure> {
    for done in node.turn(asks, Timestamp::now()).map_err(refused)? {
        done.map_err(refused)?;
    }
    Ok(())
}

/// Runs the command.
pub fn run(command: &Command, policies: Option<&Path>, as_json: bool) -> Result<u8, Failure> {
    match command {
        Command::Init { folder, party, side, url, listen, store, gallery } => {
            let settings = Settings {
                store: store.clone(),
                gallery: gallery.clone(),
                ..Settings::new(party, *side, url, *listen)
            };
            let home = Home::init(folder, settings).map_err(found)?;
            let news = home.news().map_err(found)?;
            if as_json {
                println!("{}", json!({ "folder": folder, "node": news }));
            } else {
                println!("made {} for {party}", folder.display());
                println!(
                    "next: comity node show {0} > node.json, for the other parties;",
                    folder.display()
                );
                println!("      comity node add-peer {} FILE, with theirs;", folder.display());
                println!("      comity serve {}", folder.display());
            }
        }
        Command::Show { folder } => {
            let news = Home::open(folder).and_then(|home| home.news()).map_err(found)?;
            println!("{}", serde_json::to_string_pretty(&news).unwrap_or_default());
        }
        Command::AddPeer { folder, news } => {
            add_peer(folder, news, policies, as_json)?;
        }
        Command::RotateKey { folder, ledger: true, .. } => {
            rotate_log(folder, policies, as_json)?;
        }
        Command::RotateKey { folder, days, .. } => rotate(folder, *days, policies, as_json)?,
        Command::Publish { folder, out } => publish(folder, out, policies, as_json)?,
        Command::AddAccount { folder, name, role } => {
            add_account(folder, name, role, policies, as_json)?;
        }
        Command::Fsck { folder, at_rest } => return fsck(folder, *at_rest, as_json),
        Command::Backup { folder, to } => {
            let home = Home::open(folder).map_err(found)?;
            let mut store = home.store().map_err(found)?;
            let kind = store.kind();
            let manifest = comity_store::backup(store.as_mut(), kind, Timestamp::now(), to);
            let manifest = manifest.map_err(found)?;
            let text = format!("{} leaves in {}", manifest.leaves, to.display());
            said(as_json, &text, &json!(manifest));
        }
        Command::Restore { folder, from } => {
            restore(folder, from, as_json)?;
        }
        Command::Drill { folder, from } => return drill(folder, from, as_json),
    }
    Ok(EXIT_OK)
}

fn add_peer(
    folder: &Path,
    news: &Path,
    policies: Option<&Path>,
    as_json: bool,
) -> Result<(), Failure> {
    let bytes = files::read(news)?;
    let read: PeerNews = serde_json::from_slice(&bytes).map_err(|e| {
        let mut fault = Diagnostic::error("bad-peer", e.to_string());
        fault.file = news.display().to_string();
        (fault.line, fault.column) = (e.line(), e.column());
        found(fault.help("the file is what `comity node show` printed on the other side"))
    })?;
    let (_, mut node) = open(folder, policies)?;
    let party = read.party.clone();
    turn(&mut node, vec![Ask::AddPeer(read)])?;
    said(as_json, &format!("{party} is known now"), &json!({ "added": party }));
    Ok(())
}

fn restore(folder: &Path, from: &Path, as_json: bool) -> Result<(), Failure> {
    let home = Home::open(folder).map_err(found)?;
    let mut store = home.store().map_err(found)?;
    let manifest = comity_store::restore(from, store.as_mut()).map_err(found)?;
    let text = format!(
        "{} leaves restored; check them: comity node fsck {} --at-rest",
        manifest.leaves,
        folder.display()
    );
    said(as_json, &text, &json!(manifest));
    Ok(())
}

fn said(as_json: bool, text: &str, json: &serde_json::Value) {
    if as_json {
        println!("{json}");
    } else {
        println!("{text}");
    }
}

/// Changes the key for messages; see [`keys::rotate`].
fn rotate(folder: &Path, days: u16, policies: Option<&Path>, as_json: bool) -> Result<(), Failure> {
    let (home, mut node) = open(folder, policies)?;
    let new = keys::rotate(&home, &mut node, days, Timestamp::now()).map_err(refused)?.to_string();
    said(
        as_json,
        &format!(
            "messages are signed with {new} from now on; peers believe the one before for {days} days"
        ),
        &json!({ "message_key": new, "days": days }),
    );
    Ok(())
}

/// Changes the key of the ledger; see [`keys::rotate_log`].
fn rotate_log(folder: &Path, policies: Option<&Path>, as_json: bool) -> Result<(), Failure> {
    let (home, mut node) = open(folder, policies)?;
    let new = keys::rotate_log(&home, &mut node, Timestamp::now()).map_err(refused)?.to_string();
    let text = format!("the ledger is signed with {new} from now on; the peers are told");
    said(as_json, &text, &json!({ "log_key": new }));
    Ok(())
}

fn publish(
    folder: &Path,
    out: &Path,
    policies: Option<&Path>,
    as_json: bool,
) -> Result<(), Failure> {
    let (home, mut node) = open(folder, policies)?;
    if home.settings.side != Side::Agency {
        return Err(Failure::usage(
            "an agency publishes what it answered; this node is no agency's",
        ));
    }
    let key = node.identity().store_key.clone();
    let library = node.library().clone();
    let now = Timestamp::now();
    let figures =
        comity_server::figures::figures(node.store(), &key, &library, &home.settings, now);
    let figures = figures.map_err(refused)?;
    let written = |e: std::io::Error| Failure::usage(format!("{}: {e}", out.display()));
    std::fs::create_dir_all(out).map_err(written)?;
    let mut names = Vec::new();
    for (name, bytes) in comity_notice::publish(&figures) {
        std::fs::write(out.join(&name), bytes).map_err(written)?;
        names.push(name);
    }
    let text = format!("{} in {}", names.join(", "), out.display());
    said(as_json, &text, &json!({ "files": names, "periods": figures.periods.len() }));
    Ok(())
}

fn add_account(
    folder: &Path,
    name: &str,
    roles: &[Role],
    policies: Option<&Path>,
    as_json: bool,
) -> Result<(), Failure> {
    let (home, mut node) = open(folder, policies)?;
    let key = node.identity().store_key.clone();
    let door = Door::of(&home.settings, &key, Clock::system()).map_err(found)?;
    let new = NewAccount {
        name: name.to_owned(),
        roles: roles.iter().copied().collect(),
        external: None,
    };
    let mut random = SystemRandom;
    let mut desk = door.desk(node.store(), &mut random, Timestamp::now(), Origin::Console);
    let made = desk.make_account(Actor::Console, new);
    let made = made.map_err(|fault| match fault {
        AccountFault::Wrong(fault) => found(fault),
        fault => Failure::usage(fault.to_string()),
    })?;
    let mut asks: Vec<Ask> = made.audit.iter().map(AuditEvent::to_ask).collect();
    asks.push(Ask::Keep(made.changes));
    turn(&mut node, asks)?;
    let invitation = made.value.as_ref().map_or("", |secret| secret.show());
    let text =
        format!("{name} signs in with this invitation, once, within three days: {invitation}");
    said(as_json, &text, &json!({ "account": name, "invitation": invitation }));
    Ok(())
}

/// The check of one store of a node.
fn checked(
    home: &Home,
    store: &mut dyn Reads,
    at_rest: bool,
    run: impl FnOnce(&mut dyn Reads, &FsckOptions) -> Result<FsckReport, Diagnostic>,
) -> Result<FsckReport, Failure> {
    let trust = home.trust(store).map_err(found)?;
    let key = home.identity().map_err(found)?.store_key;
    let options = FsckOptions { trust: &trust, store_key: Some(&key), is_at_rest: at_rest };
    run(store, &options).map_err(found)
}

fn fsck(folder: &Path, at_rest: bool, as_json: bool) -> Result<u8, Failure> {
    let home = Home::open(folder).map_err(found)?;
    let mut store = home.store().map_err(found)?;
    let progress = crate::ledger::progress(as_json);
    let report = checked(&home, store.as_mut(), at_rest, |store, options| {
        comity_store::fsck_store(store, options, progress)
    })?;
    Ok(crate::ledger::show(&report, false, as_json))
}

fn drill(folder: &Path, from: &Path, as_json: bool) -> Result<u8, Failure> {
    let home = Home::open(folder).map_err(found)?;
    let mut scratch = comity_store::MemoryStore::new();
    // The peers' keys come from the backup itself: they are in it, and its manifest is checked.
    let manifest = comity_store::restore(from, &mut scratch).map_err(found)?;
    // A running node has leaves that no checkpoint covers yet, and so has its backup.
    let report = checked(&home, &mut scratch, false, |store, options| {
        comity_store::fsck_store(store, options, |_| ())
    })?;
    if !as_json {
        println!("{} leaves restored from {}", manifest.leaves, from.display());
    }
    Ok(crate::ledger::show(&report, false, as_json))
}
