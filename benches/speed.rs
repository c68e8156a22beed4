//! The measurements: `cargo bench --manifest-path benches/Cargo.toml`, options after `--`.
//!
//! `--json` prints one JSON object instead of tables; `--cases N` and `--seed N` choose the
//! synthetic cases that all must agree on, `--timed N` how many of them are timed, and
//! `--rounds N` how often each contender runs; `--peers` and `--library` run one half alone.
//! `--loop decide|derive|derive-known|explain|clock SECONDS` runs one thing for a profiler.

use comity_benches::measure::{Contender, Timing, alone, interleaved, show_ns, table};
use comity_benches::ours::{Twelve, hold};
use comity_benches::synth::{self, Synthetic};
use comity_benches::{Failure, Hold, cedar, rego, whole};
use comity_model::CaseFacts;
use comity_policy::prove::prove;
use comity_policy::{Library, Scope};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

struct Options {
    json: bool,
    cases: usize,
    timed: usize,
    seed: u64,
    rounds: usize,
    peers: bool,
    library: bool,
    profiled: Option<(String, u64)>,
}

fn options() -> Result<Options, Failure> {
    let mut o = Options {
        json: false,
        cases: 20_000,
        timed: 500,
        seed: 20_140_101,
        rounds: 7,
        peers: true,
        library: true,
        profiled: None,
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} wants a value"));
        match arg.as_str() {
            "--bench" => {}
            "--json" => o.json = true,
            "--peers" => o.library = false,
            "--library" => o.peers = false,
            "--cases" => o.cases = value()?.parse()?,
            "--timed" => o.timed = value()?.parse()?,
            "--seed" => o.seed = value()?.parse()?,
            "--rounds" => o.rounds = value()?.parse()?,
            "--loop" => o.profiled = Some((value()?, value()?.parse()?)),
            other => return Err(format!("no option {other}").into()),
        }
    }
    o.timed = o.timed.min(o.cases);
    Ok(o)
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let o = options()?;
    if let Some((what, seconds)) = &o.profiled {
        return spin(&o, what, *seconds);
    }
    let mut numbers: BTreeMap<String, f64> = BTreeMap::new();
    let mut text = String::new();
    if o.peers {
        peers(&o, &mut text, &mut numbers)?;
    }
    if !o.json {
        print!("{}", std::mem::take(&mut text));
    }
    if o.library {
        library(&o, &mut text, &mut numbers)?;
    }
    if o.json {
        let lines: Vec<String> =
            numbers.iter().map(|(k, v)| format!("  \"{k}\": {v:.3}")).collect();
        println!("{{\n{}\n}}", lines.join(",\n"));
    } else {
        print!("{text}");
    }
    Ok(())
}

/// The engines, ready.
struct Engines {
    twelve: Twelve,
    interpreter: RefCell<rego::Interpreter>,
    machine: RefCell<rego::Machine>,
    cedar: cedar::Cedar,
}

fn peers(
    o: &Options,
    text: &mut String,
    numbers: &mut BTreeMap<String, f64>,
) -> Result<(), Failure> {
    let e = Engines {
        twelve: Twelve::load()?,
        interpreter: RefCell::new(rego::Interpreter::new()?),
        machine: RefCell::new(rego::Machine::new()?),
        cedar: cedar::Cedar::new()?,
    };
    let cases = synth::cases(o.seed, o.cases);
    agree(&e, &cases, text, numbers)?;
    let timed = &cases[..o.timed];
    let masked: Vec<&Synthetic> = timed.iter().map(|(_, masked)| masked).collect();
    let full: Vec<&Synthetic> = timed.iter().map(|(full, _)| full).collect();
    for (key, name, cases) in
        [("unknown", "1 to 10 % of the facts unknown", masked), ("known", "every fact known", full)]
    {
        let timings = race(o, &e, &cases)?;
        let (usual, best) = (fastest(&timings, &[PEERS[0], PEERS[2]]), fastest(&timings, &PEERS));
        text.push_str(&format!(
            "\n{} cases, {name}; one thread, {} rounds in turn\n\n{}",
            o.timed,
            o.rounds,
            table(&timings, &[(usual.name, &usual), (best.name, &best)])
        ));
        for t in &timings {
            numbers.insert(format!("{key}: {} (ns)", t.name), t.median());
            numbers.insert(
                format!("{key}: {} (times as fast as {})", t.name, usual.name),
                usual.median() / t.median(),
            );
            numbers.insert(
                format!("{key}: {} (times as fast as {})", t.name, best.name),
                best.median() / t.median(),
            );
        }
    }
    Ok(())
}

/// Checks that all say the same of every case that is fully known; counts the others.
fn agree(
    e: &Engines,
    cases: &[(Synthetic, Synthetic)],
    text: &mut String,
    numbers: &mut BTreeMap<String, f64>,
) -> Result<(), Failure> {
    let mut may = 0;
    for i in 0..cases.len() {
        let [ours, interpreted, machine, cedar] = say(e, &cases[i].0)?;
        if ours == Hold::Open || interpreted != ours || machine != ours || cedar != ours {
            return Err(format!(
                "case {i}, fully known: comity {ours:?}, regorus {interpreted:?} and {machine:?}, cedar {cedar:?}\n{}",
                cases[i].0.rego_json()
            )
            .into());
        }
        may += usize::from(ours == Hold::May);
    }
    let n = cases.len();
    text.push_str(&format!(
        "{n} cases, every fact known: all engines agree on every one ({may} may hold, {} must not)\n",
        n - may
    ));
    let (mut known, mut open, mut wrong) = (0, 0, 0);
    // By engine: gives one answer to a case that is open; says otherwise though the case is settled.
    let (mut guessed_wrong, mut differs) = ([0; 3], [0; 3]);
    for i in 0..n {
        let truth = say(e, &cases[i].0)?[0];
        let [ours, others @ ..] = say(e, &cases[i].1)?;
        known += usize::from(cases[i].1.is_known());
        open += usize::from(ours == Hold::Open);
        wrong += usize::from(ours != Hold::Open && ours != truth);
        for (k, other) in others.into_iter().enumerate() {
            guessed_wrong[k] += usize::from(ours == Hold::Open && other != truth);
            differs[k] += usize::from(ours != Hold::Open && other != ours);
        }
    }
    text.push_str(&format!(
        "the same with 1 to 10 % of the facts unknown ({} of {n} cases touched): comity leaves {open} open \
         and of the others answers {wrong} differently from the full case\n",
        n - known
    ));
    for (k, name) in [PEERS[0], PEERS[1], PEERS[2]].into_iter().enumerate() {
        text.push_str(&format!(
            "  {name}: cannot leave a case open; of the {open} open ones it answers {} differently from the full case, \
             of the settled ones {}\n",
            guessed_wrong[k], differs[k]
        ));
        numbers.insert(
            format!("agreement: {name}, open cases answered wrongly"),
            guessed_wrong[k] as f64,
        );
        numbers.insert(
            format!("agreement: {name}, settled cases answered wrongly"),
            differs[k] as f64,
        );
    }
    numbers.insert("agreement: cases".into(), n as f64);
    numbers.insert("agreement: cases with unknown facts left open".into(), open as f64);
    if wrong > 0 {
        return Err(format!("{wrong} answers that the full case contradicts").into());
    }
    Ok(())
}

fn say(e: &Engines, case: &Synthetic) -> Result<[Hold; 4], Failure> {
    let input = rego::input(&case.rego_json())?;
    Ok([
        hold(&e.twelve.decide(&case.facts())),
        rego::hold(&e.interpreter.borrow_mut().eval(&input)?),
        rego::hold(&e.machine.borrow_mut().eval(&input)?),
        cedar::hold(&e.cedar.eval(&e.cedar.request(&case.cedar_json())?)),
    ])
}

/// The peers; the bytecode machine is the second way in which `regorus` runs the same policy.
const PEERS: [&str; 3] = ["regorus (Engine)", "regorus (RVM)", "cedar-policy"];

fn fastest(timings: &[Timing], of: &[&str]) -> Timing {
    let some = timings.iter().filter(|t| of.contains(&t.name));
    let best = some.min_by(|a, b| a.median().total_cmp(&b.median()));
    best.cloned().unwrap_or(Timing { name: "nobody", ns: Vec::new() })
}

/// Times everybody. Outside the watch: parsing and compiling policies, and turning every
/// case into the form that its engine reads. The forms of one engine are made together, so
/// that nobody's lie scattered among the others'.
fn race(o: &Options, e: &Engines, cases: &[&Synthetic]) -> Result<Vec<Timing>, Failure> {
    let facts: Vec<CaseFacts> = cases.iter().map(|c| c.facts()).collect();
    let inputs: Vec<regorus::Value> =
        cases.iter().map(|c| rego::input(&c.rego_json())).collect::<Result<_, _>>()?;
    let requests: Vec<cedar_policy::Request> =
        cases.iter().map(|c| e.cedar.request(&c.cedar_json())).collect::<Result<_, _>>()?;
    let (facts, inputs, requests) = (&facts[..], &inputs[..], &requests[..]);
    let (lib, scope) = (&e.twelve.library, &e.twelve.scope);
    let mut contenders = vec![
        ours("comity, answer", 100, facts, |f| e.twelve.decide(f).channels[3].stances.0 as u64),
        ours("comity, answer with its derivation", 20, facts, |f| {
            lib.derive(f, scope).policies.len() as u64
        }),
        ours("comity, answer with its explanation as text", 4, facts, |f| {
            lib.explain(f, scope, None).channels.len() as u64
        }),
        Contender {
            name: PEERS[0],
            per_pass: inputs.len(),
            passes: 4,
            run: Box::new(|| {
                let mut engine = e.interpreter.borrow_mut();
                inputs
                    .iter()
                    .filter(|v| engine.eval(v).is_ok_and(|v| rego::hold(&v) == Hold::May))
                    .count() as u64
            }),
        },
        Contender {
            name: PEERS[1],
            per_pass: inputs.len(),
            passes: 4,
            run: Box::new(|| {
                let mut vm = e.machine.borrow_mut();
                inputs
                    .iter()
                    .filter(|v| vm.eval(v).is_ok_and(|v| rego::hold(&v) == Hold::May))
                    .count() as u64
            }),
        },
        Contender {
            name: PEERS[2],
            per_pass: requests.len(),
            passes: 4,
            run: Box::new(|| {
                requests.iter().filter(|r| cedar::hold(&e.cedar.eval(r)) == Hold::May).count()
                    as u64
            }),
        },
    ];
    Ok(interleaved(&mut contenders, o.rounds))
}

fn ours<'a>(
    name: &'static str,
    passes: usize,
    facts: &'a [CaseFacts],
    mut one: impl FnMut(&CaseFacts) -> u64 + 'a,
) -> Contender<'a> {
    Contender {
        name,
        per_pass: facts.len(),
        passes,
        run: Box::new(move || facts.iter().map(|f| one(black_box(f))).sum()),
    }
}

/// The whole library: loading, proof, golden cases under the law in force.
fn library(
    o: &Options,
    text: &mut String,
    numbers: &mut BTreeMap<String, f64>,
) -> Result<(), Failure> {
    let files = whole::files("policies")?;
    let (library, found) = Library::load_what_is_good(&files);
    let errors = found.iter().filter(|d| d.is_error()).count();
    text.push_str(&format!("\nthe library: {} policies, {errors} errors\n", library.len()));
    let load = alone(o.rounds, || Library::load_what_is_good(&files).0.len());
    let mut line = |name: &str, limit: &str, ms: f64| {
        text.push_str(&format!("  {name:<58} {:>10}   {limit}\n", show_ns(ms * 1e6)));
        numbers.insert(format!("library: {name} (ms)"), ms);
    };
    line("load and type-check every file, from memory", "under 100 ms", load[load.len() / 2]);
    let mut report = None;
    let proof = alone(o.rounds.min(3), || report = Some(prove(&library)));
    line("prove that no two rules of one rank disagree", "under 10 s", proof[proof.len() / 2]);
    let questions = whole::golden(&library)?;
    let facts: Vec<CaseFacts> = questions.into_iter().map(|(_, f)| f).collect();
    let derived: Vec<_> = facts.iter().map(|f| library.derive(f, &Scope::InForce)).collect();
    let here = &library;
    let mut contenders = vec![
        ours("decide, law in force", 20, &facts, |f| {
            u64::from(here.decide(f, &Scope::InForce).channels[3].stances.0)
        }),
        ours("derive, law in force", 5, &facts, |f| {
            here.derive(f, &Scope::InForce).policies.len() as u64
        }),
        ours("explain as text with clock, law in force", 2, &facts, |f| {
            here.explain(f, &Scope::InForce, None).channels.len() as u64
        }),
        Contender {
            name: "hold clock of a derived case",
            per_pass: facts.len(),
            passes: 5,
            run: Box::new(|| {
                let pairs = facts.iter().zip(&derived);
                pairs
                    .filter(|(f, d)| {
                        matches!(
                            here.hold_clock(f, &Scope::InForce, d, None),
                            comity_policy::hold::HoldClock::Reading(..)
                        )
                    })
                    .count() as u64
            }),
        },
    ];
    let timings = interleaved(&mut contenders, o.rounds);
    for t in &timings {
        line(
            &format!("{} (mean of {} golden questions)", t.name, facts.len()),
            "",
            t.median() / 1e6,
        );
    }
    if let Some(r) = report {
        text.push_str(&format!(
            "  proof: {} pairs of rules and {} of instruments, {} unsettled, {} findings\n",
            r.pairs_checked,
            r.instruments_pairs,
            r.unsettled,
            r.diagnostics.len()
        ));
    }
    Ok(())
}

/// Runs one thing for some seconds, for a profiler.
fn spin(o: &Options, what: &str, seconds: u64) -> Result<(), Failure> {
    let twelve = Twelve::load()?;
    let cases = synth::cases(o.seed, o.timed);
    let facts: Vec<CaseFacts> = cases.iter().map(|(_, masked)| masked.facts()).collect();
    let known: Vec<CaseFacts> = cases.iter().map(|(full, _)| full.facts()).collect();
    let (lib, scope) = (&twelve.library, &twelve.scope);
    let full_library = Library::load_what_is_good(&whole::files("policies")?).0;
    let golden: Vec<CaseFacts> =
        whole::golden(&full_library)?.into_iter().map(|(_, f)| f).collect();
    let derived: Vec<_> = golden.iter().map(|f| full_library.derive(f, &Scope::InForce)).collect();
    let (start, mut sum, mut n) = (Instant::now(), 0_u64, 0_u64);
    while start.elapsed() < Duration::from_secs(seconds) {
        match what {
            "decide" => {
                sum +=
                    facts.iter().map(|f| twelve.decide(f).channels[3].stances.0 as u64).sum::<u64>()
            }
            "derive" => {
                sum += facts.iter().map(|f| lib.derive(f, scope).policies.len() as u64).sum::<u64>()
            }
            "derive-known" => {
                sum += known.iter().map(|f| lib.derive(f, scope).policies.len() as u64).sum::<u64>()
            }
            "explain" => {
                sum += facts
                    .iter()
                    .map(|f| lib.explain(f, scope, None).channels.len() as u64)
                    .sum::<u64>()
            }
            "clock" => {
                sum += golden
                    .iter()
                    .zip(&derived)
                    .map(|(f, d)| {
                        matches!(
                            full_library.hold_clock(f, &Scope::InForce, d, None),
                            comity_policy::hold::HoldClock::NoHold
                        ) as u64
                    })
                    .sum::<u64>();
            }
            other => return Err(format!("nothing is called {other}").into()),
        }
        n += 1;
    }
    println!(
        "{what}: {n} passes, {sum}, {}",
        show_ns(start.elapsed().as_nanos() as f64 / (n as f64) / facts.len() as f64)
    );
    Ok(())
}
