//! The corpus of broken files: each yields the finding that its first line names, never a panic.
//!
//! `cases/broken/README.md` says how the files are named and what they hold.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use comity_model::tree::{self, Node};
use comity_model::{Diagnostic, SourceText};
use comity_policy::case::{Question, read_case};
use comity_policy::prove::prove;
use comity_policy::{Library, PolicyFile};
use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::Duration;
use support::{files_below, root, shown};

/// How long the whole corpus may take before the test calls it hung.
const HUNG: Duration = Duration::from_secs(240);

/// One broken file, or the files of one broken library.
struct Broken {
    name: String,
    files: Vec<PolicyFile>,
    code: String,
    line: Option<usize>,
}

/// `# expect: <code> line <n>`
fn expectation(name: &str, bytes: &[u8]) -> Option<(String, Option<usize>)> {
    let first = bytes.split(|b| *b == b'\n' || *b == b'\r').next().unwrap_or(&[]);
    let first = String::from_utf8_lossy(first);
    let words = first.trim_start_matches('\u{feff}').strip_prefix("# expect: ")?;
    let words: Vec<&str> = words.split_whitespace().collect();
    let line = match words.as_slice() {
        [_] => None,
        [_, "line", n] => Some(n.parse().unwrap_or_else(|_| panic!("{name}: line {n}"))),
        other => panic!("{name}: the first line is {other:?}"),
    };
    Some((words[0].to_owned(), line))
}

/// Makes the big file that a `.gen` file describes.
fn generated(name: &str, bytes: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).unwrap();
    let root_node = tree::parse_toml(&SourceText { name, text }).unwrap();
    let get = |key: &str| {
        root_node.get(key).and_then(Node::text).unwrap_or_else(|| panic!("{name}: {key}"))
    };
    let size = match root_node.get("bytes").map(|n| &n.raw) {
        Some(tree::Raw::Int(n)) => *n as usize,
        other => panic!("{name}: bytes is {other:?}"),
    };
    let folder = root().join(name).parent().unwrap().to_path_buf();
    let base = std::fs::read_to_string(folder.join(get("base"))).unwrap();
    let mut repeated = String::with_capacity(size + 1000);
    let mut n = 0;
    while repeated.len() + base.len() < size {
        n += 1;
        repeated.push_str(&get("piece").replace("@N@", &n.to_string()));
    }
    let with = get("with").replace("@REPEAT@", &repeated);
    let out = match get("replace") {
        "" => base + &with,
        old => {
            assert!(base.contains(old), "{name}: the base does not hold {old}");
            base.replacen(old, &with, 1)
        }
    };
    assert!(out.len() + 1_000 >= size, "{name}: {} bytes", out.len());
    out.into_bytes()
}

/// Every broken file below a folder, with what it must yield.
fn corpus(folder: &str) -> Vec<Broken> {
    let all = files_below(&format!("cases/broken/{folder}"), &[""]);
    let beside: BTreeMap<String, Vec<u8>> =
        all.iter().filter(|(n, _)| n.ends_with(".expect")).cloned().collect();
    let mut out: Vec<Broken> = Vec::new();
    for (name, bytes) in all.into_iter().filter(|(n, _)| !n.ends_with(".expect")) {
        let place = name.strip_prefix(&format!("cases/broken/{folder}/")).unwrap();
        let (name, bytes, head) = match name.strip_suffix(".gen") {
            Some(stem) => (format!("{stem}.toml"), generated(&name, &bytes), bytes),
            None => {
                let head = beside.get(&format!("{name}.expect")).unwrap_or(&bytes).clone();
                (name.clone(), bytes, head)
            }
        };
        let file = PolicyFile { name: name.clone(), bytes };
        // Of a library of two files, `b.toml` says what must be reported.
        if let Some((library, "a.toml")) = place.split_once('/') {
            let name = library.to_owned();
            out.push(Broken { name, files: vec![file], code: String::new(), line: None });
            continue;
        }
        let found = expectation(&name, &head);
        let (code, line) = found.unwrap_or_else(|| panic!("{name}: nothing says what is expected"));
        if let Some((library, _)) = place.split_once('/') {
            let last = out.last_mut().filter(|b| b.name == library).expect("a.toml comes first");
            last.files.push(file);
            (last.code, last.line) = (code, line);
            continue;
        }
        out.push(Broken { name, files: vec![file], code, line });
    }
    out
}

/// Runs some work on a thread; fails if it hangs, and hands a panic on.
fn watched<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (send, receive) = mpsc::channel();
    let thread = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(move || send.send(work()).ok())
        .unwrap();
    match receive.recv_timeout(HUNG) {
        Ok(out) => out,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("the corpus hangs: nothing after {HUNG:?}"),
        Err(mpsc::RecvTimeoutError::Disconnected) => match thread.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(_) => panic!("the thread ended without an answer"),
        },
    }
}

/// What differs from the expectation, or nothing.
fn verdict(b: &Broken, found: &[Diagnostic]) -> Option<String> {
    let ours = |d: &&Diagnostic| d.is_error() && d.code == b.code;
    let hit = found.iter().filter(ours).any(|d| match b.line {
        None => d.line == 0 || b.name.ends_with(".json"),
        Some(line) => d.line == line,
    });
    let nameless: Vec<&Diagnostic> =
        found.iter().filter(|d| !b.files.iter().any(|f| f.name == d.file)).collect();
    let empty = found.iter().any(|d| d.message.trim().is_empty() || d.code.is_empty());
    let why = if !hit {
        let line = b.line.map_or(String::new(), |l| format!(" line {l}"));
        format!("expected {}{line}", b.code)
    } else if !nameless.is_empty() {
        "a finding without the file's name".to_owned()
    } else if empty {
        "a finding that says nothing".to_owned()
    } else {
        return None;
    };
    let list: Vec<String> = found
        .iter()
        .map(|d| format!("    {} line {} ({}): {}", d.code, d.line, d.file, d.message))
        .collect();
    Some(format!("{}: {why}; found\n{}", b.name, list.join("\n")))
}

fn places_file() -> PolicyFile {
    let bytes = std::fs::read(root().join("policies/places.toml")).unwrap();
    PolicyFile { name: "policies/places.toml".to_owned(), bytes }
}

/// All findings on the policies of one library: loading, own cases, contradictions.
fn policy_findings(files: &[PolicyFile]) -> Vec<Diagnostic> {
    let mut all = vec![places_file()];
    all.extend(files.iter().cloned());
    let (library, mut found) = Library::load_what_is_good(&all);
    for (index, _) in library.policies() {
        found.extend(library.run_own_cases(index).1);
    }
    found.extend(prove(&library).diagnostics);
    found
}

#[test]
fn every_broken_policy_yields_the_finding_it_is_named_for() {
    let all = corpus("policies");
    assert!(all.len() >= 60, "only {} broken policies", all.len());
    let wrong: Vec<String> = watched(move || {
        all.iter().filter_map(|b| verdict(b, &policy_findings(&b.files))).collect()
    });
    assert!(wrong.is_empty(), "{} files:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_broken_case_yields_the_finding_it_is_named_for() {
    let all = corpus("cases");
    assert!(all.len() >= 40, "only {} broken cases", all.len());
    let wrong: Vec<String> = watched(move || {
        let library = Library::load(&support::policy_files()).unwrap();
        all.iter()
            .filter_map(|b| {
                let file = &b.files[0];
                match read_case(&library, &file.name, &file.bytes, &Question::default()) {
                    Ok(_) => Some(format!("{}: it was read without a finding", b.name)),
                    Err(found) => verdict(b, &found),
                }
            })
            .collect()
    });
    assert!(wrong.is_empty(), "{} files:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_files_from_which_the_broken_ones_are_made_have_no_defect() {
    let (mut policies, mut cases) = (0, 0);
    for (name, bytes) in files_below("cases/broken/control", &[".toml", ".json"]) {
        if name.contains("us-") {
            let file = PolicyFile { name, bytes };
            let all = [places_file(), file];
            let library = Library::load(&all).unwrap_or_else(|found| panic!("{}", shown(&found)));
            let (index, _) = library.policies().next().unwrap();
            let (reports, found) = library.run_own_cases(index);
            assert!(found.is_empty() && reports.iter().all(|r| r.passes()), "{reports:?}");
            assert!(prove(&library).diagnostics.is_empty());
            policies += 1;
        } else {
            let read = read_case(support::library(), &name, &bytes, &Question::default());
            read.unwrap_or_else(|found| panic!("{}", shown(&found)));
            cases += 1;
        }
    }
    assert_eq!((policies, cases), (1, 2));
}

#[test]
fn most_findings_say_what_to_do_next() {
    let all = corpus("policies");
    let mut without: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut with = 0;
    for b in &all {
        for d in policy_findings(&b.files).iter().filter(|d| d.code == b.code) {
            if d.help.is_empty() {
                *without.entry(d.code).or_default() += 1;
            } else {
                with += 1;
            }
        }
    }
    let missing: usize = without.values().sum();
    assert!(with > 4 * missing, "{with} with a next step, without: {without:?}");
}
