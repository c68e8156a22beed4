//! A PostgreSQL server of the tests' own: started once per test program, gone with it.

#![allow(dead_code, reason = "each test program uses a part")]

use comity_store::PostgresOptions;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const HELP: &str = "PostgreSQL's server programs are needed: apt-get install postgresql \
     (or another way to get initdb and postgres onto the PATH)";

/// Starts the server when its folder is made, and ends it when the pipe to it closes: also when
/// the tests are killed.
const SUPERVISOR: &str = r#"
set -e
trap '' INT TERM HUP
folder=$1 programs=$2; shift 2
"$programs/initdb" -D "$folder/data" -U postgres -A trust --no-locale -E UTF8 --no-sync \
  >"$folder/initdb.log" 2>&1 </dev/null || { cat "$folder/initdb.log"; exit 1; }
"$programs/postgres" -D "$folder/data" -k "$folder" "$@" >"$folder/server.log" 2>&1 </dev/null &
server=$!
while ! ls "$folder"/.s.PGSQL.* >/dev/null 2>&1; do
  kill -0 $server 2>/dev/null || { cat "$folder/server.log"; exit 1; }
  sleep 0.05
done
echo ready
read -r _ || true
kill -INT $server; wait $server || true
rm -rf "$folder"
"#;

/// A running server.
pub struct Cluster {
    /// Where its socket is.
    pub folder: PathBuf,
    /// The number of its socket, and of its TCP port if it listens.
    pub port: u16,
    _supervisor: Child,
    // Closed when the tests end.
    _pipe: ChildStdin,
}

/// Finds the folder of the server's programs.
pub fn programs() -> PathBuf {
    let has = |folder: &Path| folder.join("initdb").exists() && folder.join("postgres").exists();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    // The newest first, and those of the PATH after them: a wrapper may refuse to run as root.
    folders.sort_by_key(|folder| {
        let version = folder.parent().and_then(|p| p.file_name()).and_then(|v| v.to_str());
        std::cmp::Reverse(version.and_then(|v| v.parse::<u32>().ok()))
    });
    folders.extend(std::env::split_paths(&path));
    folders.into_iter().find(|folder| has(folder)).unwrap_or_else(|| panic!("{HELP}"))
}

/// True if this process is root, which PostgreSQL refuses to run as.
pub fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout == b"0\n")
}

impl Cluster {
    /// Starts a server with settings (`-c name=value` and the like).
    pub fn start(settings: &[&str]) -> Cluster {
        let programs = programs();
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Short: the path of a socket has about a hundred bytes.
        let folder =
            std::env::temp_dir().join(format!("comity-pg-{}-{number}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let mut command = if is_root() {
            let owner = Command::new("chown").arg("postgres").arg(&folder).status();
            assert!(owner.is_ok_and(|status| status.success()), "no user `postgres`: {HELP}");
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        command.current_dir("/").args(["-c", SUPERVISOR, "sh"]).arg(&folder).arg(&programs);
        command.args(["-c", "fsync=on", "-c", "max_connections=200"]);
        if !settings.iter().any(|setting| setting.starts_with("listen_addresses")) {
            command.args(["-c", "listen_addresses="]);
        }
        for setting in settings {
            command.args(["-c", setting]);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let pipe = child.stdin.take().unwrap();
        let mut said = [0; 6];
        let mut out = child.stdout.take().unwrap();
        if out.read_exact(&mut said).is_err() || &said != b"ready\n" {
            let mut rest = String::from_utf8_lossy(&said).into_owned();
            let _ = out.read_to_string(&mut rest);
            panic!("PostgreSQL did not start:\n{rest}");
        }
        let port = settings.iter().find_map(|setting| setting.strip_prefix("port=")?.parse().ok());
        let cluster =
            Cluster { folder, port: port.unwrap_or(5432), _supervisor: child, _pipe: pipe };
        cluster.wait();
        cluster
    }

    /// Waits until it takes connections.
    fn wait(&self) {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            match postgres::Client::connect(&self.connection(), postgres::NoTls) {
                Ok(_) => return,
                Err(e) => assert!(Instant::now() < until, "PostgreSQL does not answer: {e}"),
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// How to connect to it.
    pub fn connection(&self) -> String {
        format!("host={} port={} user=postgres dbname=postgres", self.folder.display(), self.port)
    }

    /// A client beside the store.
    pub fn client(&self) -> postgres::Client {
        postgres::Client::connect(&self.connection(), postgres::NoTls).unwrap()
    }

    /// The URL of a new database that nobody else has.
    pub fn database(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("d{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.client().batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        let folder = self.folder.display();
        format!("postgresql:///{name}?user=postgres&host={folder}&port={}", self.port)
    }

    /// Options with a schema that nobody else has.
    pub fn options(&self) -> PostgresOptions {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        PostgresOptions { schema: format!("t{number}"), ..PostgresOptions::new(&self.connection()) }
    }
}

/// The server that the tests of one program share.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::start(&[]))
}
