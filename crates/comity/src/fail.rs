//! How a command ends: exit codes and messages.

use comity_model::Diagnostic;
use serde_json::json;

/// Everything is settled and in order.
pub const EXIT_OK: u8 = 0;
/// A file is wrong, or a case differs from what it expects.
pub const EXIT_FINDINGS: u8 = 1;
/// The command was not understood, or a file cannot be read or written.
pub const EXIT_USAGE: u8 = 2;
/// The answer is undetermined: a fact is missing.
pub const EXIT_UNDETERMINED: u8 = 3;

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// Wrong use, or a file that cannot be read.
    Usage(String, String),
    /// Findings in files.
    Findings(Vec<Diagnostic>),
}

impl Failure {
    /// Wrong use.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::Usage(message.into(), String::new())
    }

    /// Adds the next step.
    pub fn help(self, help: impl Into<String>) -> Failure {
        match self {
            Failure::Usage(m, _) => Failure::Usage(m, help.into()),
            other @ Failure::Findings(_) => other,
        }
    }

    /// Prints it, and gives the exit code.
    pub fn report(&self, as_json: bool) -> u8 {
        match self {
            Failure::Usage(message, help) => {
                if as_json {
                    println!("{}", json!({ "error": message, "help": help }));
                } else {
                    eprintln!("error: {message}");
                    if !help.is_empty() {
                        eprintln!(" help: {help}");
                    }
                }
                EXIT_USAGE
            }
            Failure::Findings(list) => {
                print_findings(list, as_json);
                EXIT_FINDINGS
            }
        }
    }
}

impl From<Box<Diagnostic>> for Failure {
    fn from(d: Box<Diagnostic>) -> Failure {
        Failure::Findings(vec![*d])
    }
}

/// Prints findings, to standard error as text or to standard output as JSON.
pub fn print_findings(list: &[Diagnostic], as_json: bool) {
    if as_json {
        println!("{}", json!({ "findings": list }));
        return;
    }
    for d in list {
        eprintln!("{d}\n");
    }
    let errors = list.iter().filter(|d| d.is_error()).count();
    eprintln!("{errors} errors, {} warnings", list.len() - errors);
}
