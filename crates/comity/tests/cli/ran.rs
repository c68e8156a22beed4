//! One run of the command.

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What a run gave.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    fn of(output: Output) -> Ran {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8 on the terminal");
        let (out, err) = (text(output.stdout), text(output.stderr));
        let code = output.status.code().expect("ended by itself, not by a signal");
        assert!(!err.contains("panicked"), "{err}");
        Ran { code, out, err }
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}:\n{}", self.out))
    }

    #[track_caller]
    pub fn ends(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "\nstdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }
}

/// The command in a folder, before it runs.
pub fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_comity"));
    command.args(args).current_dir(folder);
    command
}

pub fn comity(folder: &Path, args: &[&str]) -> Ran {
    Ran::of(command(folder, args).output().unwrap())
}

pub fn with_input(folder: &Path, args: &[&str], input: &str) -> Ran {
    let mut command = command(folder, args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Ran::of(child.wait_with_output().unwrap())
}

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

pub fn in_repository(args: &[&str]) -> Ran {
    comity(&repository(), args)
}
