//! temp
mod support;
use comity_policy::Scope;
use std::time::Instant;
#[test]
fn time_it() {
    let l = support::library();
    let f = comity_model::CaseFacts::default();
    let t = Instant::now();
    l.decide(&f, &Scope::InForce);
    eprintln!("decide {:?}", t.elapsed());
    let t = Instant::now();
    let d = l.derive(&f, &Scope::InForce);
    eprintln!("derive {:?}", t.elapsed());
    for (c, n) in &d.needs { eprintln!("{c} {}", n.len()); }
    for (name, c) in support::golden_cases().iter().take(40) {
        let t = Instant::now();
        let mut g = c.steps[0].facts.clone();
        let d = l.derive(&g, &Scope::InForce);
        let a = t.elapsed();
        for li in support::filling::lists() { g.list_mut(li).clear(); }
        for p in support::filling::slots(&g) { if !p.to_string().starts_with("place") && !p.to_string().starts_with("decision") { support::filling::put(&mut g, p, comity_model::Value::Unknown); } }
        let t = Instant::now();
        let e = l.derive(&g, &Scope::InForce);
        eprintln!("{name} {a:?} ({} open) all unknown {:?} ({} open)", d.needs.len(), t.elapsed(), e.needs.len());
    }
}
