//! Clusters as people run them: a scheduler and executors as programs of their own, and a
//! replay whose result is the one of this machine, also when an executor dies on the way.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "cluster/fake_s3.rs"]
mod fake_s3;

use fake_s3::FakeS3;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Rows of the data of all tests: a row group has a quarter of a million, a task a million.
const ROWS: &str = "3000000";

const LAW: [&str; 6] =
    ["--under", "us-ca.trust-act.2014", "--versus", "us-tx.sb-4.2017", "--by", "year,state"];

/// A secret that may be in no message.
const SECRET: &str = "kept-to-itself";

fn comity() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_comity"));
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", SECRET);
    command.env("AWS_REGION", "us-east-1").env("AWS_ALLOW_HTTP", "true");
    command
}

/// Made once for all tests; a folder with one file a year.
fn cases() -> &'static Path {
    static CASES: OnceLock<PathBuf> = OnceLock::new();
    CASES.get_or_init(|| {
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cluster-cases");
        if out.exists() {
            fs::remove_dir_all(&out).unwrap();
        }
        let args = ["generate", "--rows", ROWS, "--seed", "11", "--partition", "year", "--quiet"];
        let ran = comity().args(args).arg("--out").arg(&out).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        out
    })
}

/// A program that ends with the test.
struct Role {
    child: Child,
    says: String,
}

impl Role {
    fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Role {
        let mut command = comity();
        command.arg("cluster").args(arguments).envs(environment.iter().copied());
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let says = lines.next().unwrap().unwrap();
        // What it says later is shown with the test, and its pipe never fills.
        thread::spawn(move || lines.map_while(Result::ok).for_each(|l| eprintln!("{l}")));
        Role { child, says }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct TestCluster {
    address: String,
    executors: Vec<Role>,
    _scheduler: Role,
    // The last to go: what a killed executor leaves in it is deleted here.
    _work: TempDir,
}

impl TestCluster {
    fn start(executors: usize, environment: &[(&str, &str)]) -> TestCluster {
        let scheduler = Role::start(&["scheduler", "--bind", "127.0.0.1:0"], environment);
        let address = scheduler.says.rsplit(' ').next().unwrap().to_owned();
        let work = TempDir::new().unwrap();
        let executor = |i: usize| {
            let own = path(work.path(), &i.to_string());
            let args = ["executor", "--scheduler", &address, "--slots", "1", "--work-dir", &own];
            let role = Role::start(&args, environment);
            assert!(role.says.contains("executor of"), "{}", role.says);
            role
        };
        let executors = (0..executors).map(executor).collect();
        TestCluster { address, executors, _scheduler: scheduler, _work: work }
    }
}

fn replay(data: &str, out: &str, more: &[&str]) -> Command {
    let mut command = comity();
    command.args(["replay", data, "--out", out, "--quiet"]).args(LAW).args(more);
    command
}

fn ended(output: &Output) -> String {
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!err.contains("panicked") && !err.contains(SECRET), "{err}");
    err
}

fn done(mut command: Command) {
    let output = command.output().unwrap();
    let err = ended(&output);
    assert!(output.status.success(), "{err}");
}

/// The error of a command that must fail, with what it says to do next.
fn refused(mut command: Command) -> String {
    let output = command.output().unwrap();
    let err = ended(&output);
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("help:"), "it says what to do: {err}");
    err
}

/// Every file of a result with its hash, those of the rows among them, and the hashes of the
/// data and the law.
fn result(folder: &Path) -> Value {
    let text = fs::read_to_string(folder.join("receipt.json")).unwrap();
    let receipt: Value = serde_json::from_str(&text).unwrap();
    let rows =
        receipt["outputs"].as_array().unwrap().iter().filter(|o| o["role"] == "rows").count();
    assert!(rows > 4, "{rows} files of rows");
    let pick = |key: &str| receipt[key].clone();
    Value::Array(["engine", "inputs", "outputs", "library_sha256"].map(pick).to_vec())
}

/// How many parts have all their rows.
fn parts(out: &Path) -> usize {
    let Ok(entries) = fs::read_dir(out.join("rows")) else { return 0 };
    entries
        .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with("part-"))
        .count()
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

#[test]
fn a_cluster_gives_the_result_of_one_machine_also_when_an_executor_dies() {
    let folder = TempDir::new().unwrap();
    let data = cases().display().to_string();
    let here = path(folder.path(), "here");
    done(replay(&data, &here, &[]));
    let expected = result(Path::new(&here));

    let mut cluster = TestCluster::start(2, &[]);
    let address = cluster.address.clone();
    let there = path(folder.path(), "there");
    done(replay(&data, &there, &["--cluster", &address]));
    assert_eq!(result(Path::new(&there)), expected, "two executors");

    let cut = folder.path().join("cut");
    let running = replay(&data, &path(folder.path(), "cut"), &["--cluster", &address])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // Rows of a part appear when an executor has done it; both have one task at a time.
    let started = Instant::now();
    while parts(&cut) < 2 {
        assert!(started.elapsed() < Duration::from_secs(120), "no executor began");
        thread::sleep(Duration::from_millis(5));
    }
    cluster.executors[1].kill();
    let (done, all) = (parts(&cut), parts(Path::new(&here)));
    assert!(done < all / 2, "it was killed in the middle, when {done} of {all} parts were done");
    let output = running.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", ended(&output));
    assert_eq!(result(&cut), expected, "one executor was killed");
    let left = fs::read_dir(cut.join("rows")).unwrap().count();
    assert_eq!(left, all, "what it had begun is gone");
}

#[test]
fn a_cluster_of_another_version_is_refused_with_both_versions() {
    let (send, receive) = std::sync::mpsc::channel();
    thread::spawn(move || {
        comity_cluster::roles::scheduler("127.0.0.1:0", "0.0.0", &mut |address| {
            send.send(address.to_string()).unwrap();
        })
    });
    let address = receive.recv().unwrap();
    let folder = TempDir::new().unwrap();
    let data = cases().display().to_string();
    let out = path(folder.path(), "out");
    let mut executor = comity();
    executor.args(["cluster", "executor", "--scheduler", &address]);
    for command in [replay(&data, &out, &["--cluster", &address]), executor] {
        let err = refused(command);
        let mine = concat!("comity ", env!("CARGO_PKG_VERSION"));
        assert!(err.contains("comity 0.0.0") && err.contains(mine), "{err}");
    }
}

#[test]
fn what_no_cluster_can_do_is_said_before_anything_is_written() {
    let folder = TempDir::new().unwrap();
    let out = path(folder.path(), "out");
    let err = refused(replay(&cases().display().to_string(), &out, &["--cluster", "127.0.0.1:1"]));
    assert!(err.contains("no cluster answers at 127.0.0.1:1"), "{err}");
    let err = refused(replay(&cases().display().to_string(), &out, &["--cluster", "somewhere"]));
    assert!(err.contains("`somewhere` is no HOST:PORT"), "{err}");

    let cluster = TestCluster::start(1, &[]);
    fs::write(folder.path().join("a.csv"), "decision_on\n2014-01-01\n").unwrap();
    let csv = path(folder.path(), "a.csv");
    let err = refused(replay(&csv, &out, &["--cluster", &cluster.address]));
    assert!(err.contains("a.csv") && err.contains("Parquet"), "{err}");
    assert!(!folder.path().join("out/receipt.json").exists());
}

#[test]
fn object_stores_hold_data_and_results() {
    let store = FakeS3::start();
    let years = cases();
    for entry in fs::read_dir(years).unwrap() {
        let file = entry.unwrap().path();
        let name = file.strip_prefix(years).unwrap().display().to_string();
        if file.is_dir() {
            for inner in fs::read_dir(&file).unwrap() {
                let inner = inner.unwrap().path();
                let last = inner.file_name().unwrap().to_string_lossy().into_owned();
                store.put(&format!("bucket/cases/{name}/{last}"), fs::read(&inner).unwrap());
            }
        } else {
            store.put(&format!("bucket/cases/{name}"), fs::read(&file).unwrap());
        }
    }
    let endpoint = store.endpoint();
    let environment = [("AWS_ENDPOINT", endpoint.as_str())];
    let cluster = TestCluster::start(2, &environment);
    let mut command =
        replay("s3://bucket/cases", "s3://bucket/out", &["--cluster", &cluster.address]);
    command.envs(environment);
    done(command);

    let folder = TempDir::new().unwrap();
    let here = path(folder.path(), "here");
    done(replay(&cases().display().to_string(), &here, &[]));
    for table in ["answers.csv", "transitions.csv", "causes.csv", "groups.csv", "needs.csv"] {
        let local = fs::read(Path::new(&here).join(table)).unwrap();
        assert!(local.len() > 20, "{table} says something");
        assert_eq!(store.get(&format!("bucket/out/{table}")), Some(local), "{table}");
    }
    let receipt: Value =
        serde_json::from_slice(&store.get("bucket/out/receipt.json").unwrap()).unwrap();
    let outputs = receipt["outputs"].as_array().unwrap();
    let rows: Vec<&Value> = outputs.iter().filter(|o| o["role"] == "rows").collect();
    assert!(rows.len() > 4);
    for row in rows {
        let name = row["name"].as_str().unwrap();
        let bytes = store.get(&format!("bucket/out/{name}")).unwrap();
        assert_eq!(bytes.len() as u64, row["bytes"].as_u64().unwrap(), "{name}");
    }

    let mut again =
        replay("s3://bucket/cases", "s3://bucket/out", &["--cluster", &cluster.address]);
    again.envs(environment);
    assert!(refused(again).contains("holds a whole result"));
}

#[test]
fn a_store_that_cannot_be_read_is_named_with_what_to_check() {
    let folder = TempDir::new().unwrap();
    let out = path(folder.path(), "out");
    let store = FakeS3::start();
    let endpoint = store.endpoint();
    // Nothing listens at port 1; the fake store refuses a bucket of this name, and has no other.
    for (address, endpoint, why) in [
        ("s3://bucket/a.parquet", "http://127.0.0.1:1", "error"),
        ("s3://forbidden/a.parquet", endpoint.as_str(), "denied"),
        ("s3://bucket/nothing/", endpoint.as_str(), "nothing is there"),
    ] {
        let mut command = replay(address, &out, &[]);
        command.env("AWS_ENDPOINT", endpoint);
        let err = refused(command);
        assert!(err.contains(address) && err.contains("AWS_ACCESS_KEY_ID"), "{err}");
        assert!(err.to_lowercase().contains(why), "{err}");
    }

    // The command can read the store and the executors cannot.
    store.put("bucket/a.parquet", fs::read(first_file(cases())).unwrap());
    let cluster = TestCluster::start(1, &[("AWS_ENDPOINT", "http://127.0.0.1:1")]);
    let mut command = replay("s3://bucket/a.parquet", &out, &["--cluster", &cluster.address]);
    command.env("AWS_ENDPOINT", &endpoint);
    let err = refused(command);
    assert!(err.contains("on an executor") && err.contains("s3://bucket/a.parquet"), "{err}");
    assert!(!folder.path().join("out/receipt.json").exists());
}

fn first_file(folder: &Path) -> PathBuf {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    let first = entries.into_iter().next().unwrap();
    if first.is_dir() { first_file(&first) } else { first }
}
