//! What counsel's pages stand on: cases as texts of their own, drafts beside the library, and
//! where two versions of an instrument part.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use comity_policy::case::{Question, read_case};
use comity_policy::prove::{Compared, compare, prove_one};
use comity_policy::{PolicyFile, Scope};
use support::{library, shown};

#[test]
fn every_case_of_the_library_reads_the_same_as_a_file_of_its_own() {
    let library = library();
    let mut count = 0;
    for (index, policy) in library.policies() {
        let texts = library.own_case_texts(index);
        assert_eq!(texts.len(), library.cases(index).len(), "{}", policy.id);
        for (i, text) in texts.iter().enumerate() {
            let own = library.own_case(index, i).unwrap();
            let read = read_case(library, "case.toml", text.as_bytes(), &Question::default());
            let read = read.unwrap_or_else(|e| panic!("{} {i}: {}\n{text}", policy.id, shown(&e)));
            assert_eq!(own.title, read.title);
            assert_eq!(own.steps.len(), read.steps.len(), "{text}");
            for (a, b) in own.steps.iter().zip(&read.steps) {
                assert_eq!(format!("{:?}", a.facts), format!("{:?}", b.facts), "{text}");
            }
            count += 1;
        }
        assert!(library.own_case(index, texts.len()).is_err());
    }
    assert!(count > 900, "{count}");
}

fn draft(text: String) -> PolicyFile {
    PolicyFile { name: "draft.toml".to_owned(), bytes: text.into_bytes() }
}

#[test]
fn a_draft_stands_beside_the_library_and_changes_nothing_in_it() {
    let library = library();
    let index = library.find("us-pa.philadelphia.eo-1-14").unwrap();
    let policy = library.policy(index);
    let (hash, len) = (policy.hash, library.len());
    let changed = policy.text.replace("must_not = [\"hold\", \"notify\"]", "must_not = [\"hold\"]");
    assert_ne!(changed, policy.text);
    let (with, at, found) = library.with_draft(&draft(changed)).unwrap();
    assert!(found.is_empty(), "{}", shown(&found));
    assert_eq!((with.len(), library.len()), (len, len));
    assert_ne!(with.policy(at).hash, hash);
    assert_eq!(library.policy(index).hash, hash);
    let failing = with.run_own_cases(at).0.iter().filter(|r| !r.passes()).count();
    assert!(failing > 0, "its cases say that it changed");
    let added = policy.text.replace("eo-1-14\"", "eo-9-99\"").replace(
        "instrument = \"us-pa.philadelphia.ice-detainers\"",
        "instrument = \"us-pa.philadelphia.other\"",
    );
    let (with, at, _) = library.with_draft(&draft(added.clone())).unwrap();
    assert_eq!(
        (with.len(), with.policy(at).id.0.as_str()),
        (len + 1, "us-pa.philadelphia.eo-9-99")
    );
    let case = with.own_case(at, 0).unwrap();
    assert!(!with.derive(&case.steps[0].facts, &Scope::InForce).answer.channels.is_empty());
    assert!(prove_one(&with, at).is_proof());
    let overlapping = policy
        .text
        .replace("id         = \"us-pa.philadelphia.eo-1-14\"", "id = \"us-pa.philadelphia.x\"");
    let errors = library.with_draft(&draft(overlapping)).unwrap_err();
    assert!(errors.iter().any(|d| d.code == "overlapping-versions"), "{}", shown(&errors));
    let broken = library.with_draft(&draft(added.replace("[default]", "[defualt]"))).unwrap_err();
    assert!(broken.iter().any(|d| d.line > 0 && !d.help.is_empty()), "{}", shown(&broken));
}

#[test]
fn versions_of_an_instrument_part_on_cases_that_are_real_or_are_proved_the_same() {
    let library = library();
    let find = |id: &str| library.policy(library.find(id).unwrap());
    let a = find("us-pa.philadelphia.eo-1-14");
    let (mut parts, mut same) = (0, 0);
    for other in ["us-pa.philadelphia.eo-7-15", "us-pa.philadelphia.eo-5-16"] {
        for (channel, compared) in compare(a, find(other), library.places()) {
            match compared {
                Compared::Same => same += 1,
                Compared::Unsettled => panic!("{other} {channel}"),
                Compared::Parts(parting) => {
                    parts += 1;
                    assert_ne!(parting.first.stance, parting.second.stance);
                    let answer = |id: &str| {
                        let scope = Scope::Under(vec![library.find(id).unwrap()]);
                        let derived = library.derive(&parting.facts, &scope);
                        derived.answer.on(channel).stances.only().unwrap()
                    };
                    assert_eq!(answer(a.id.0.as_str()), parting.first.stance);
                    assert_eq!(answer(other), parting.second.stance);
                }
            }
        }
    }
    // Order 7-15 tells more releases than 1-14 did; 5-16 brought 1-14 back word for word.
    assert_eq!((parts, same), (1, 3));
}
