//! `comity cluster …` and what a replay needs of clusters and object stores. All of it is in
//! a comity that was built with the feature `cluster`; another one says how to build that.

use crate::fail::Failure;
use comity_replay::bulk::tally::Tally;
use comity_replay::bulk::{Output, Progress, Question, Table};
use comity_replay::receipt::FileHash;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Machines that replay together
#[derive(clap::Subcommand)]
pub enum Command {
    /// Hand out the work of replays; one for a cluster
    #[command(after_help = AFTER)]
    Scheduler {
        /// Where commands and executors call; 0.0.0.0 takes calls from other machines
        #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50050")]
        bind: String,
    },
    /// Do the work of replays; one for every machine
    #[command(after_help = AFTER)]
    Executor(Executor),
}

/// How an executor is run
#[derive(clap::Args)]
pub struct Executor {
    /// The scheduler
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50050")]
    scheduler: String,
    /// Where the scheduler fetches results; without it a free port on the way to the scheduler
    #[arg(long, value_name = "HOST:PORT")]
    bind: Option<String>,
    /// The name by which the scheduler reaches this machine, where it is another than --bind
    #[arg(long, value_name = "HOST")]
    advertise: Option<String>,
    /// Folder for results on their way; without it a temporary one
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// Tasks at a time; without it one for every core
    #[arg(long, value_name = "NUMBER")]
    slots: Option<usize>,
    /// How long to wait for a scheduler that does not answer yet
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
}

const AFTER: &str = "Nothing here asks who calls: run it in a network of your own only (docs/guides/cluster.md).\n\n\
Example: comity cluster scheduler\n\
Example: comity cluster executor --scheduler 127.0.0.1:50050 --slots 4\n\
Example: comity replay cases/ --under in-force --cluster 127.0.0.1:50050 --out out/national";

/// True for what lies in an object store.
pub fn is_address(path: &Path) -> bool {
    path.to_str().is_some_and(|p| p.contains("://"))
}

/// A replay on a cluster.
#[cfg_attr(
    not(feature = "cluster"),
    expect(dead_code, reason = "a build without clusters has nobody to ask")
)]
pub struct Replay<'a> {
    /// The scheduler.
    pub address: &'a str,
    /// The table.
    pub table: &'a Table,
    /// The question.
    pub question: &'a Question<'a>,
    /// The laws as the command names them, drafts among them.
    pub laws: [&'a [String]; 2],
    /// The folder of policies.
    pub policies: Option<&'a Path>,
    /// The mapping.
    pub mapping: Option<&'a Path>,
    /// The folder of the result.
    pub output: Option<&'a Output>,
    /// Where rows go, if not into that folder.
    pub rows_address: Option<String>,
    /// Set by an interrupt.
    pub cancel: &'a AtomicBool,
}

/// Where a result is made: its folder, or one from which it is sent to an object store.
pub struct Target {
    /// The folder.
    pub folder: PathBuf,
    /// The address, without a slash at its end.
    pub address: Option<String>,
    #[cfg(feature = "cluster")]
    staging: Option<comity_cluster::stores::Staging>,
}

impl Target {
    /// The address of the rows, where they do not stay here.
    pub fn rows_address(&self) -> Option<String> {
        self.address.as_ref().map(|a| format!("{a}/rows"))
    }
}

#[cfg(feature = "cluster")]
mod built_in {
    use super::{
        Command, Executor, Failure, FileHash, Progress, Replay, Table, Tally, Target, is_address,
    };
    use crate::bulk::failure;
    use crate::fail::EXIT_OK;
    use crate::files;
    use comity_cluster::{Cluster, roles, stores};
    use comity_replay::bulk::recipe::{Files, TextFile};
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    const VERSION: &str = env!("CARGO_PKG_VERSION");

    pub fn run(command: &Command) -> Result<u8, Failure> {
        match command {
            Command::Scheduler { bind } => roles::scheduler(bind, VERSION, &mut |address| {
                eprintln!("comity {VERSION}: scheduler, listening at {address}");
            }),
            Command::Executor(role) => executor(role),
        }
        .map_err(failure)?;
        Ok(EXIT_OK)
    }

    fn executor(role: &Executor) -> Result<(), comity_model::Diagnostic> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let slots = role.slots.unwrap_or(cores).clamp(1, 1024);
        let role = roles::Executor {
            scheduler: role.scheduler.clone(),
            bind: role.bind.clone(),
            advertise: role.advertise.clone(),
            work_dir: role.work_dir.clone(),
            slots,
            patience: Duration::from_secs(role.wait),
        };
        roles::executor(&role, VERSION, &mut || {
            eprintln!("comity {VERSION}: executor of {}, {slots} tasks at a time", role.scheduler);
        })
    }

    pub fn table(paths: &[PathBuf]) -> Result<Table, Failure> {
        if !paths.iter().any(|p| is_address(p)) {
            return Table::open(paths).map_err(failure);
        }
        if let Some(path) = paths.iter().find(|p| !is_address(p)) {
            return Err(Failure::usage(format!(
                "{} is a path, and other data are at addresses",
                path.display()
            ))
            .help("name addresses only, file:///PATH among them, or paths only"));
        }
        let addresses: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
        stores::inputs(&addresses).and_then(Table::of).map_err(failure)
    }

    pub fn replay(
        asked: &Replay<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Tally, Vec<FileHash>), Failure> {
        let cluster = Cluster::connect(asked.address, VERSION).map_err(failure)?;
        let replay = comity_cluster::client::Replay {
            table: asked.table,
            question: asked.question,
            files: sources(asked)?,
            output: asked.output,
            rows_address: asked.rows_address.clone(),
            cancel: asked.cancel,
        };
        cluster.run(&replay, progress).map_err(failure)
    }

    /// The files that the question was made of, read again.
    fn sources(asked: &Replay<'_>) -> Result<Files, Failure> {
        let text = |name: String, bytes: Vec<u8>| {
            let text = String::from_utf8(bytes)
                .map_err(|_| Failure::usage(format!("{name} is no UTF-8 text")))?;
            Ok::<_, Failure>(TextFile { name, text })
        };
        let policies = files::policy_files(asked.policies)?;
        let policies = policies.into_iter().map(|f| text(f.name, f.bytes));
        let drafts = asked.laws.into_iter().flatten().filter(|u| u.ends_with(".toml"));
        let drafts = drafts.map(|u| {
            let file = files::read_policy(Path::new(u))?;
            text(file.name, file.bytes)
        });
        let mapping = asked.mapping.map(|p| text(p.display().to_string(), files::mapping(p)?));
        Ok(Files {
            policies: policies.collect::<Result<_, _>>()?,
            drafts: drafts.collect::<Result<_, _>>()?,
            mapping: mapping.transpose()?,
        })
    }

    impl Target {
        pub fn of(out: &Path, resume: bool) -> Result<Target, Failure> {
            if !is_address(out) {
                return Ok(Target { folder: out.to_path_buf(), address: None, staging: None });
            }
            if resume {
                return Err(Failure::usage("--resume needs a folder on this machine")
                    .help("a run into an object store starts again"));
            }
            let address = out.display().to_string().trim_end_matches('/').to_owned();
            let staging = stores::Staging::new().map_err(failure)?;
            let folder = staging.path().to_path_buf();
            Ok(Target { folder, address: Some(address), staging: Some(staging) })
        }

        pub fn holds(&self, name: &str) -> Result<bool, Failure> {
            match &self.address {
                None => Ok(self.folder.join(name).exists()),
                Some(a) => stores::exists(&format!("{a}/{name}")).map_err(failure),
            }
        }

        pub fn deliver(&self, last: &str) -> Result<(), Failure> {
            match (&self.staging, &self.address) {
                (Some(staging), Some(address)) => staging.deliver(address, last).map_err(failure),
                _ => Ok(()),
            }
        }
    }
}

#[cfg(not(feature = "cluster"))]
mod built_in {
    use super::{Command, Failure, FileHash, Progress, Replay, Table, Tally, Target, is_address};
    use crate::bulk::failure;
    use std::path::{Path, PathBuf};

    fn left_out(what: &str) -> Failure {
        Failure::usage(format!("{what}: this comity was built without clusters and object stores"))
            .help("cargo build --release -p comity --features cluster builds one that has them (docs/guides/cluster.md)")
    }

    pub fn run(_: &Command) -> Result<u8, Failure> {
        Err(left_out("comity cluster"))
    }

    pub fn table(paths: &[PathBuf]) -> Result<Table, Failure> {
        match paths.iter().find(|p| is_address(p)) {
            Some(path) => Err(left_out(&path.display().to_string())),
            None => Table::open(paths).map_err(failure),
        }
    }

    pub fn replay(
        _: &Replay<'_>,
        _: &mut dyn FnMut(Progress),
    ) -> Result<(Tally, Vec<FileHash>), Failure> {
        Err(left_out("--cluster"))
    }

    impl Target {
        pub fn of(out: &Path, _resume: bool) -> Result<Target, Failure> {
            if is_address(out) {
                return Err(left_out(&out.display().to_string()));
            }
            Ok(Target { folder: out.to_path_buf(), address: None })
        }

        #[expect(clippy::unnecessary_wraps, reason = "the other build asks a store")]
        pub fn holds(&self, name: &str) -> Result<bool, Failure> {
            Ok(self.folder.join(name).exists())
        }

        #[expect(
            clippy::unused_self,
            clippy::unnecessary_wraps,
            reason = "the other build has something to send"
        )]
        pub fn deliver(&self, _last: &str) -> Result<(), Failure> {
            Ok(())
        }
    }
}

pub use built_in::{replay, run, table};
