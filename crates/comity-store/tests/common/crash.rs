//! Kills a process that writes, again and again, and looks at what it left.

use super::cluster::cluster;
use super::ledger::{Writer, checked};
use super::random::Random;
use comity_ledger::{Hash, Tree};
use comity_store::*;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Tells a copy of this program which store it is to write to.
pub const TARGET: &str = "COMITY_STORE_TARGET";

/// Opens what [`TARGET`] names: `sqlite PATH` or `postgres SCHEMA CONNECTION`.
pub fn open(target: &str) -> Result<Box<dyn Store>, Fault> {
    match target.split_once(' ') {
        Some(("sqlite", path)) => {
            Ok(Box::new(SqliteStore::open(Path::new(path), SqliteOptions::default())?))
        }
        Some(("postgres", rest)) => {
            let (schema, connection) = rest.split_once(' ').unwrap();
            let options = PostgresOptions::new(connection);
            let options = PostgresOptions { schema: schema.to_owned(), ..options };
            Ok(Box::new(PostgresStore::open(options)?))
        }
        _ => panic!("`{target}` names no store"),
    }
}

/// If this is the copy that writes: writes until it is killed, and says after each commit how
/// many leaves are acknowledged. Returns if it is not.
pub fn write_if_told() {
    let Ok(target) = std::env::var(TARGET) else { return };
    let mut store = open(&target).unwrap();
    let mut writer = Writer::after(&mut *store);
    let mut random = Random::new(store.size().unwrap() + 1);
    let mut out = std::io::stdout().lock();
    loop {
        let batch = writer.batch(1 + random.below(40));
        store.commit(&batch).unwrap();
        writeln!(out, "acknowledged {}", writer.size()).unwrap();
        out.flush().unwrap();
    }
}

/// Lets a copy of this program (started with `arguments`) write, kills it at a random moment,
/// and checks the store; so many times. Returns the number of leaves at the end.
pub fn kill_again_and_again(
    target: &str,
    arguments: &[&str],
    kills: u64,
    seed: u64,
    mut progress: impl FnMut(u64, u64),
) -> u64 {
    let mut random = Random::new(seed);
    let mut leaves = 0;
    for kill in 0..kills {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(arguments)
            .env(TARGET, target)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (tell, told) = std::sync::mpsc::channel();
        let reader = std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if let Some(size) = line.strip_prefix("acknowledged ") {
                    let _ = tell.send(size.parse::<u64>().unwrap());
                }
            }
        });
        // After some commits, or while it starts; and then at any moment of the next one.
        let mut acknowledged = leaves;
        for _ in 0..random.below(6) {
            acknowledged = told.recv_timeout(Duration::from_secs(120)).expect("it does not write");
        }
        std::thread::sleep(Duration::from_micros(random.below(20_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        reader.join().unwrap();
        until_quiet(target);
        let acknowledged = told.try_iter().last().unwrap_or(acknowledged);
        let mut store = open(target).unwrap();
        let size = store.size().unwrap();
        assert!(size >= acknowledged, "kill {kill}: {acknowledged} acknowledged, {size} there");
        assert!(size >= leaves, "kill {kill}: what was there before is gone");
        let report = checked(&mut *store);
        assert!(report.is_clean(), "kill {kill}: {:?}", report.findings);
        leaves = size;
        progress(kill + 1, leaves);
    }
    leaves
}

/// A new SQLite file with the persons' keys.
pub fn new_sqlite(path: &Path) -> String {
    let mut store = SqliteStore::create(path, SqliteOptions::default()).unwrap();
    store.commit(&Batch { expects: None, changes: Writer::keys() }).unwrap();
    format!("sqlite {}", path.display())
}

/// Waits until the server has ended what a killed writer had sent: its last commit may still be
/// under way, and a check that reads meanwhile would see half of a story.
fn until_quiet(target: &str) {
    let Some((_, database)) = target.split_once(" dbname=") else { return };
    let mut client = cluster().client();
    let started = std::time::Instant::now();
    loop {
        let count = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1";
        let sessions: i64 = client.query_one(count, &[&database]).unwrap().get(0);
        if sessions == 0 {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "the server does not end a session");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A new database, so that its sessions can be told from others, with the persons' keys.
pub fn new_postgres() -> String {
    let mut options = cluster().options();
    let database = format!("crash_{}", options.schema);
    cluster().client().batch_execute(&format!("CREATE DATABASE {database}")).unwrap();
    options.connection =
        options.connection.replace("dbname=postgres", &format!("dbname={database}"));
    let target = format!("postgres {} {}", options.schema, options.connection);
    let mut store = PostgresStore::create(options).unwrap();
    store.commit(&Batch { expects: None, changes: Writer::keys() }).unwrap();
    target
}

impl Writer {
    /// A writer that goes on after what a store has.
    pub fn after(store: &mut dyn Reads) -> Writer {
        let mut tree = Tree::default();
        for row in store.leaves(0, usize::MAX).unwrap() {
            tree.append(Hash::of_leaf(&row.leaf));
        }
        let _ = tree.take_full_tiles();
        Writer { tree }
    }

    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }
}
