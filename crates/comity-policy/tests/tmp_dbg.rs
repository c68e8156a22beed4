//! temp
mod support;
use comity_policy::{Channel, Scope};
use support::*;
#[test]
fn dbg() {
    let l = library();
    for i in [27u16, 110] {
        let p = l.policy(comity_policy::PolicyIndex(i));
        eprintln!("{} {:?} {:?}", p.id, p.level, p.anchors[3]);
        for (k, c) in p.clauses.iter().enumerate() {
            eprintln!("   {k} {} {:?} {} | {}", c.id, c.stances, c.when_text, c.unless_text);
        }
    }
    let case = golden_cases().iter().find(|(n, _)| n.contains("SC082")).unwrap();
    let mut f = case.1.steps[0].facts.clone();
    for p in filling::slots(&f) {
        if [
            "person.born_on",
            "custody.booked_on",
            "custody.release_eligible_on",
            "custody.booked_at",
            "convictions[0].convicted_on",
        ]
        .contains(&p.to_string().as_str())
        {
            filling::put(&mut f, p, comity_model::Value::Unknown);
        }
    }
    let a = l.decide(&f, &Scope::InForce);
    let d = l.derive(&f, &Scope::InForce);
    eprintln!("{:?}\n{:?}", a.on(Channel::Hold), d.answer.on(Channel::Hold));
    for t in &d.policies {
        let p = l.policy(t.policy);
        if p.speaks_on().contains(&Channel::Hold) {
            eprintln!("{} {:?} binds {:?} {:?}", t.policy.0, p.id, t.by_channel[3], t.truths);
        }
    }
}
