//! `comity node`, `comity serve` and `comity demo`, as an administrator uses them.

use super::ports::{free_port, free_ports};
use super::ran::{comity, command};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;

/// Makes a node.
pub fn init(folder: &Path, name: &str, side: &str) {
    let listen = format!("127.0.0.1:{}", free_port());
    let (party, url) = (format!("{name}.example/party"), format!("http://{listen}"));
    let args = [
        "node", "init", name, "--party", &party, "--side", side, "--url", &url, "--listen", &listen,
    ];
    comity(folder, &args).ends(0);
}

/// Makes one node known to another.
pub fn introduce(folder: &Path, to: &str, of: &str) {
    let news = comity(folder, &["node", "show", of]).ends(0).out;
    assert!(!news.contains("PRIVATE"), "nothing secret is shown");
    fs::write(folder.join("news.json"), news).unwrap();
    comity(folder, &["node", "add-peer", to, "news.json"]).ends(0);
}

#[test]
fn a_day_of_the_demo_ends_in_two_ledgers_that_hold() {
    let folder = TempDir::new().unwrap();
    let listen = format!("127.0.0.1:{}", free_ports(2));
    let args = ["demo", "--once", "--speed", "100000", "--folder", "demo", "--listen", &listen];
    let ran = comity(folder.path(), &[&["--json"], &args[..]].concat()).ends(0);
    let told: Vec<Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said = |person: u64, what: &str| {
        told.iter()
            .any(|t| t["person"] == person && t["what"].as_str().is_some_and(|w| w.contains(what)))
    };
    assert!(said(0, "handed over in a secure area"));
    assert!(said(1, "not removable"));
    assert!(said(2, "the claim is upheld"));
    assert!(said(3, "the clock has run out"));
    assert!(said(4, "nobody found"));
    for node in ["demo/jail", "demo/office"] {
        let report = comity(folder.path(), &["--json", "node", "fsck", node, "--at-rest"]).ends(0);
        assert!(report.json()["leaves"].as_u64().unwrap() > 20);
        let to = format!("{}.backup", node.replace('/', "-"));
        comity(folder.path(), &["node", "backup", node, &to]).ends(0);
        comity(folder.path(), &["node", "drill", node, &to]).ends(0);
        comity(folder.path(), &["node", "backup", node, &to]).ends(1);
    }
    // One bit of a stored leaf, and the check names it.
    let path = folder.path().join("demo-jail.backup");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let ran = comity(folder.path(), &["node", "drill", "demo/jail", "demo-jail.backup"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
}

#[test]
fn two_nodes_meet_and_change_a_key() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    init(at, "jail", "agency");
    init(at, "office", "federal");
    for (name, other) in [("jail", "office"), ("office", "jail")] {
        introduce(at, name, other);
        let twice = comity(at, &["node", "add-peer", name, "news.json"]).ends(1);
        assert!(twice.err.contains("is known already"), "{}", twice.err);
    }
    let before = comity(at, &["node", "show", "jail"]).ends(0).json()["message_key"].clone();
    comity(at, &["node", "rotate-key", "jail", "--days", "3"]).ends(0);
    let after = comity(at, &["node", "show", "jail"]).ends(0).json()["message_key"].clone();
    assert_ne!(before, after);
    let made = comity(at, &["--json", "node", "add-account", "jail", "chief", "--role", "clerk"]);
    assert!(made.ends(0).json()["invitation"].as_str().unwrap().len() > 20);
    comity(at, &["node", "add-account", "jail", "chief", "--role", "clerk"]).ends(1);
    comity(at, &["node", "add-account", "jail", "other", "--role", "king"]).ends(2);
}

#[test]
fn what_is_wrong_with_a_node_is_said() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let none = comity(at, &["serve", "nowhere"]).ends(1);
    assert!(none.err.contains("comity node init"), "{}", none.err);
    init(at, "jail", "agency");
    let again = [
        "node",
        "init",
        "jail",
        "--party",
        "a.example/party",
        "--side",
        "agency",
        "--url",
        "http://a.example",
    ];
    assert!(comity(at, &again).ends(1).err.contains("there is a node here already"));
    fs::write(at.join("news.json"), "{\n \"party\": 7 }").unwrap();
    let bad = comity(at, &["node", "add-peer", "jail", "news.json"]).ends(1);
    assert!(bad.err.contains("news.json:2"), "{}", bad.err);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let key = at.join("jail/keys/store.key");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        let open = comity(at, &["node", "show", "jail"]).ends(1);
        assert!(open.err.contains("others may read this key"), "{}", open.err);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let text = fs::read_to_string(at.join("jail/node.toml")).unwrap();
    let open = text.replace("listen = \"127.0.0.1", "listen = \"0.0.0.0");
    fs::write(at.join("jail/node.toml"), open).unwrap();
    let plain = comity(at, &["serve", "jail"]).ends(1);
    assert!(plain.err.contains("without TLS"), "{}", plain.err);
}

/// A program that listens, and its log.
pub struct Running {
    child: std::process::Child,
    log: std::path::PathBuf,
    pub address: String,
}

impl Running {
    /// Starts it with the log at its most talkative, and waits until it says where it listens.
    pub fn start(at: &Path, args: &[&str]) -> Running {
        let log = at.join(format!("{}.log", args.join("-")));
        let mut serve = command(at, args);
        serve.env("COMITY_LOG", "trace").stdout(Stdio::piped());
        let mut child = serve.stderr(fs::File::create(&log).unwrap()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let after = line.split("//").nth(1).unwrap_or_else(|| panic!("`{line}`"));
        let address = after.trim().split(',').next().unwrap().to_owned();
        Running { child, log, address }
    }

    /// Ends it as a loss of power does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it as the system does; its log.
    pub fn stop(mut self) -> String {
        let id = self.child.id().to_string();
        let killed = std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(killed.success());
        assert!(self.child.wait().unwrap().success());
        fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind.
        let _ = self.child.kill();
    }
}

/// What a program says of its health.
fn health_of(at: &Path, args: &[&str]) -> String {
    let running = Running::start(at, args);
    let address = &running.address;
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    running.stop();
    reply
}

#[test]
fn a_node_serves_and_stops_when_it_is_told() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    init(at, "jail", "agency");
    assert!(health_of(at, &["serve", "jail"]).contains("\"status\":\"ok\""));
    comity(at, &["node", "fsck", "jail", "--at-rest"]).ends(0);
}

#[test]
fn a_relay_serves_and_says_what_is_wrong_with_its_settings() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let party = "[[party]]\nname = \"jail.example/party\"\nurl = \"http://127.0.0.1:1\"\n";
    fs::write(at.join("relay.toml"), format!("listen = \"127.0.0.1:0\"\n{party}")).unwrap();
    assert!(health_of(at, &["relay", "relay.toml"]).ends_with("ok"));
    for (text, what) in [
        (format!("listen = \"0.0.0.0:0\"\n{party}"), "without TLS"),
        (format!("listen = \"127.0.0.1:0\"\nport = 7\n{party}"), "port"),
        (format!("listen = \"127.0.0.1:0\"\n{party}{party}"), "twice"),
    ] {
        fs::write(at.join("bad.toml"), text).unwrap();
        let ran = comity(at, &["relay", "bad.toml"]).ends(1);
        assert!(ran.err.contains("bad.toml") && ran.err.contains(what), "{}", ran.err);
    }
    let none = comity(at, &["relay", "nowhere.toml"]).ends(1);
    assert!(none.err.contains("nowhere.toml"), "{}", none.err);
}

#[test]
fn a_change_of_the_ledgers_key_that_was_cut_off_is_ended() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    init(at, "jail", "agency");
    init(at, "office", "federal");
    introduce(at, "jail", "office");
    let rotate = |node: &str| comity(at, &["node", "rotate-key", node, "--ledger"]).ends(0);
    let (key, next) = (at.join("jail/keys/log.key"), at.join("jail/keys/log.key.next"));
    let before = fs::read(&key).unwrap();
    // Cut off before the ledger had it: the new key lies there, as it does in a twin.
    let mut copy = std::process::Command::new("cp");
    assert!(copy.args(["-a", "jail", "twin"]).current_dir(at).status().unwrap().success());
    rotate("twin");
    fs::copy(at.join("twin/keys/log.key"), &next).unwrap();
    comity(at, &["node", "fsck", "jail", "--at-rest"]).ends(0);
    assert_eq!(fs::read(&key).unwrap(), before, "nothing was changed yet");
    rotate("jail");
    let after = fs::read(&key).unwrap();
    assert_eq!(after, fs::read(at.join("twin/keys/log.key")).unwrap(), "nobody hears of two keys");
    // Cut off after the ledger had it: the next start ends it.
    fs::rename(&key, &next).unwrap();
    fs::copy(&next, &key).unwrap();
    fs::write(&key, &before).unwrap();
    assert!(health_of(at, &["serve", "jail"]).contains("\"status\":\"ok\""));
    assert_eq!(fs::read(&key).unwrap(), after);
    assert!(!next.exists());
    comity(at, &["node", "fsck", "jail", "--at-rest"]).ends(0);
}
