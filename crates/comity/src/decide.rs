//! `comity decide`: one case, every answer explained.

use crate::fail::{EXIT_OK, EXIT_UNDETERMINED, Failure};
use crate::files;
use clap::{Args as ClapArgs, ValueEnum};
use comity_model::Day;
use comity_policy::case::{Question, Step, read_case};
use comity_policy::explain::{Explanation, sergeant, to_html, to_text};
use comity_policy::{Library, PolicyFile, Scope};
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// How much to print.
#[derive(Clone, Copy, ValueEnum)]
enum Depth {
    /// One sentence a channel
    Sergeant,
    /// The whole derivation
    Counsel,
}

/// Arguments.
#[derive(ClapArgs)]
#[command(after_help = "Examples:\n  comity decide cases/scenarios/SC103.toml\n  \
comity decide case.json --on 2018-01-05 --at us-ca.santa-clara --depth counsel\n  \
comity decide case.toml --under us-ca.trust-act.2014\n  \
comity decide case.toml --under my-draft.toml --with-library\n  \
cat case.toml | comity decide - --json")]
pub struct Args {
    /// The case file, TOML or JSON; `-` for standard input
    case: PathBuf,
    /// The day whose law is applied
    #[arg(long, value_name = "DATE")]
    on: Option<String>,
    /// The place
    #[arg(long, value_name = "PLACE")]
    at: Option<String>,
    /// Decide under these policies alone, as though they were in force here: ids or draft files
    #[arg(long, value_name = "POLICY-OR-DRAFT")]
    under: Vec<String>,
    /// With a draft: put it into the library in place of its namesake, and decide under the law in force
    #[arg(long, requires = "under")]
    with_library: bool,
    /// Read the clock as of this moment
    #[arg(long, value_name = "INSTANT")]
    as_of: Option<String>,
    /// How much to print
    #[arg(long, value_enum, default_value_t = Depth::Sergeant)]
    depth: Depth,
    /// Write the derivation as an HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: &Args, policies: Option<&Path>, as_json: bool) -> Result<u8, Failure> {
    let (library, scope) = library_and_scope(&args.under, args.with_library, policies)?;
    let on = args.on.as_deref().map(day).transpose()?;
    let as_of = args.as_of.as_deref().map(instant).transpose()?;
    let name = args.case.display().to_string();
    let bytes = files::read(&args.case)?;
    let question = Question { on, at: args.at.as_deref() };
    let case = read_case(&library, &name, &bytes, &question).map_err(Failure::Findings)?;
    let mut open = false;
    let mut explained = Vec::new();
    for step in &case.steps {
        let mut e = explain(&library, &scope, step, as_of);
        e.title.clone_from(&case.title);
        open |= e.channels.iter().any(|c| c.answer == "undetermined");
        explained.push(e);
    }
    print(args, &explained, as_json)?;
    Ok(if open { EXIT_UNDETERMINED } else { EXIT_OK })
}

fn explain(library: &Library, scope: &Scope, step: &Step, as_of: Option<Timestamp>) -> Explanation {
    library.explain(&step.facts, scope, as_of)
}

fn print(args: &Args, explained: &[Explanation], as_json: bool) -> Result<(), Failure> {
    if let Some(path) = &args.html {
        let pages: String = explained.iter().map(to_html).collect();
        std::fs::write(path, pages)
            .map_err(|e| Failure::usage(format!("{} cannot be written: {e}", path.display())))?;
    }
    if as_json {
        let json = match explained {
            [one] => serde_json::to_string_pretty(one),
            many => serde_json::to_string_pretty(many),
        };
        println!("{}", json.map_err(|e| Failure::usage(e.to_string()))?);
        return Ok(());
    }
    for (i, e) in explained.iter().enumerate() {
        if i > 0 {
            println!("\n{}\n", "-".repeat(72));
        }
        match args.depth {
            Depth::Sergeant => print!("{}", sergeant(e)),
            Depth::Counsel => print!("{}", to_text(e)),
        }
    }
    if let (Some(path), false) = (&args.html, as_json) {
        println!("\nwritten: {}", path.display());
    }
    Ok(())
}

/// The library with its drafts, and the scope of the question.
pub fn library_and_scope(
    under: &[String],
    with_library: bool,
    policies: Option<&Path>,
) -> Result<(Library, Scope), Failure> {
    let (library, mut scopes) = library_and_scope_of(&[under], policies)?;
    let scope = if with_library { Scope::InForce } else { scopes.remove(0) };
    Ok((library, scope))
}

/// The law of each row's day and place, by name.
pub const IN_FORCE: &str = "in-force";

/// The library with the drafts of several questions, and the scope of each.
pub fn library_and_scope_of(
    questions: &[&[String]],
    policies: Option<&Path>,
) -> Result<(Library, Vec<Scope>), Failure> {
    let all = files::policy_files(policies)?;
    let is_draft = |u: &&String| u.ends_with(".toml");
    let mut drafts: Vec<PolicyFile> = Vec::new();
    for path in questions.iter().copied().flatten().filter(is_draft) {
        drafts.push(files::read_policy(Path::new(path))?);
    }
    let library = Library::with_drafts(&all, &drafts).map_err(Failure::Findings)?;
    let id_of = |u: &String| {
        let draft = library.policies().find(|(_, p)| is_draft(&u) && p.file == *u);
        draft.map_or_else(|| u.clone(), |(_, p)| p.id.to_string())
    };
    let mut scopes = Vec::new();
    for under in questions {
        let in_force = under.is_empty() || (under.len() == 1 && under[0] == IN_FORCE);
        scopes.push(if in_force {
            Scope::InForce
        } else {
            library.scope_under(&under.iter().map(id_of).collect::<Vec<_>>())?
        });
    }
    Ok((library, scopes))
}

/// A day given on the command line.
pub fn day(text: &str) -> Result<Day, Failure> {
    Day::parse(text).ok_or_else(|| {
        Failure::usage(format!("`{text}` is no calendar day")).help("a day such as 2018-01-05")
    })
}

/// A moment given on the command line, with an offset.
pub fn instant(text: &str) -> Result<Timestamp, Failure> {
    text.parse().map_err(|_| {
        Failure::usage(format!("`{text}` is no moment"))
            .help("2018-01-05T10:00:00-08:00, or …Z for UTC")
    })
}
