//! The repository's own policies.

use super::*;
use crate::channel::{Channel, Stance};
use crate::library::PolicyFile;

fn repository() -> Vec<PolicyFile> {
    fn walk(dir: &std::path::Path, out: &mut Vec<PolicyFile>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|x| x == "toml") {
                let bytes = std::fs::read(&path).unwrap();
                out.push(PolicyFile { name: path.to_string_lossy().into_owned(), bytes });
            }
        }
    }
    let mut out = Vec::new();
    walk(
        &std::path::Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
            .join("../../policies"),
        &mut out,
    );
    out.sort_by(|a, b| a.name.cmp(&b.name));
    out
}

#[test]
fn the_library_does_not_contradict_itself() {
    let start = std::time::Instant::now();
    let (library, _) = Library::load_what_is_good(&repository());
    let loaded = start.elapsed();
    let proving = std::time::Instant::now();
    let report = prove(&library);
    println!(
        "{} policies, {} pairs of rules, {} pairs of instruments, {} unsettled: loaded in {loaded:?}, proved in {:?}",
        report.policies,
        report.pairs_checked,
        report.instruments_pairs,
        report.unsettled,
        proving.elapsed()
    );
    let found: Vec<String> = report.diagnostics.iter().map(Diagnostic::to_string).collect();
    assert!(report.is_proof(), "{}", found.join("\n\n"));
    let dead = report.diagnostics.iter().filter(|d| d.code == "dead-rule").count();
    assert_eq!(report.rules, report.rules_alive + dead);
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}

/// As though every two rules of every policy disagreed, and every two instruments.
#[test]
fn every_pair_of_real_rules_is_settled() {
    let (library, _) = Library::load_what_is_good(&repository());
    let start = std::time::Instant::now();
    let mut space = Space::new(place::spots(library.places()));
    let mut report = Report::default();
    let mut quarrel = |(policy, odd): (&Policy, bool)| {
        let mut policy = policy.clone();
        let rules = policy.clauses.iter_mut().filter(|c| !c.is_default);
        let stances = [Stance::May, Stance::Must, Stance::MustNot];
        policy.speakers = Default::default();
        for (i, clause) in rules.enumerate() {
            let stance = stances[(i + usize::from(odd)) % 3];
            clause.stances = vec![(Channel::Hold, stance)];
            let slot = [0, 2, 3][(i + usize::from(odd)) % 3];
            policy.speakers[Channel::Hold as usize].rules[slot] |= 1 << i;
        }
        policy.spoken = vec![Channel::Hold];
        pairs::within_policy(&policy, &mut space, &mut report);
        policy
    };
    let policies: Vec<Policy> =
        library.policies().flat_map(|(_, p)| [(p, false), (p, true)]).map(&mut quarrel).collect();
    let here: Vec<usize> = (0..space.spots.len()).collect();
    for pair in policies.windows(2) {
        pairs::instruments(&pair[0], &pair[1], &here, &mut space, &mut report);
    }
    let met = report.diagnostics.iter().filter(|d| d.is_error()).count();
    println!(
        "{} pairs of rules, {} of instruments, {met} meet, {} unsettled: {:?}",
        report.pairs_checked,
        report.instruments_pairs,
        report.unsettled,
        start.elapsed()
    );
    let open: Vec<String> = report
        .diagnostics
        .iter()
        .filter(|d| d.code.starts_with("unproved"))
        .map(Diagnostic::to_string)
        .collect();
    assert!(open.is_empty(), "{}", open.join("\n\n"));
    assert!(met > 100);
}
