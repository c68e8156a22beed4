//! The page of tasks: every main role's jobs with their clicks and seconds, as the tests take
//! them. Several tests contribute; each puts its own rows in their places.

use crate::browser::Browser;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Instant;

/// The jobs, in the order of the page: who, and what.
pub const JOBS: &[(&str, &str)] = &[
    ("clerk", "book a person with charge and conviction, and send the prints"),
    ("examiner", "verify a candidate"),
    ("duty officer", "determine status with its basis"),
    ("duty officer", "ask what the program allows"),
    ("duty officer", "issue a request"),
    ("clerk", "record service on the person"),
    ("supervisor", "answer the request on two channels"),
    ("clerk", "set when the person would be released"),
    ("supervisor", "start a hold"),
    ("clerk", "record the release"),
    ("counsel", "compare two instruments on one case"),
    ("counsel", "edit a draft, mend what is wrong with it, and run its cases"),
    ("researcher", "send a data set of one's own, map its columns, and run"),
    ("researcher", "take away a result with its receipt and citation"),
    ("auditor", "look up an event and see its proof"),
    ("auditor", "take away evidence, and verify it without the node"),
    ("administrator", "make an account, and hand over its invitation"),
    ("administrator", "back up the store, and try the backup"),
];

/// A job that is being done: the clicks before it, and when it began.
pub struct Begun(u32, Instant);

/// What was done, by its place in [`JOBS`].
#[derive(Default)]
pub struct Tasks(BTreeMap<usize, String>);

impl Begun {
    /// A job begins.
    pub fn at(browser: &Browser) -> Begun {
        Begun(browser.clicks, Instant::now())
    }
}

fn page() -> PathBuf {
    let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    PathBuf::from(root).join("../../docs/guides/tasks.md")
}

/// The rows of a page, by their place.
fn rows(text: &str) -> BTreeMap<usize, String> {
    let place = |line: &str| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let job = (cells.next()?, cells.next()?);
        JOBS.iter().position(|known| *known == job)
    };
    text.lines().filter_map(|line| Some((place(line)?, line.to_owned()))).collect()
}

impl Tasks {
    /// A job is done.
    pub fn did(&mut self, role: &str, job: &str, begun: &Begun, browser: &Browser) {
        let place = JOBS.iter().position(|known| *known == (role, job));
        let place = place.unwrap_or_else(|| panic!("no job of the page: {role}, {job}"));
        let (clicks, seconds) = (browser.clicks - begun.0, begun.1.elapsed().as_secs_f64());
        let row = format!("| {role} | {job} | {clicks} | {seconds:.1} |");
        println!("{row}");
        self.0.insert(place, row);
    }

    /// Puts the rows into the page, where COMITY_WRITE_PICTURES asks for that.
    pub fn write(self) {
        write(self.0, None);
    }
}

/// The heading above what the first visit took.
const FIRST_VISIT: &str = "## The first visit";

/// Says in the page what the first visit took, where COMITY_WRITE_PICTURES asks for that.
pub fn write_first_visit(says: &str) {
    println!("{says}");
    write(BTreeMap::new(), Some(says));
}

fn write(new: BTreeMap<usize, String>, first_visit: Option<&str>) {
    let Some(_) = std::env::var_os("COMITY_WRITE_PICTURES") else { return };
    static WRITING: Mutex<()> = Mutex::new(());
    let _one = WRITING.lock().unwrap();
    let old = std::fs::read_to_string(page()).unwrap_or_default();
    let mut all = rows(&old);
    all.extend(new);
    let rows: Vec<String> = all.into_values().collect();
    let was = old.split_once(FIRST_VISIT).map_or("", |(_, rest)| rest.trim());
    let text = format!(
        "# Tasks at the desk\n\nThe jobs of the desk's roles, with the clicks and the seconds \
         that each takes in the browser tests, which write this page \
         (`COMITY_WRITE_PICTURES=1 cargo test --test desk`). A click is a press on a link, a \
         button or a choice; the seconds are a driver's on one machine with both nodes, not a \
         person's.\n\n| who | job | clicks | seconds |\n|---|---|--:|--:|\n{}\n\n{FIRST_VISIT}\n\n{}\n",
        rows.join("\n"),
        first_visit.unwrap_or(was),
    );
    std::fs::write(page(), text).unwrap();
}

#[test]
fn the_page_of_tasks_has_every_job_and_two_for_each_main_role() {
    let text = std::fs::read_to_string(page()).unwrap();
    let has: Vec<usize> = rows(&text).into_keys().collect();
    assert_eq!(has, (0..JOBS.len()).collect::<Vec<_>>());
    let visit = text.split_once(FIRST_VISIT).map_or("", |(_, rest)| rest);
    assert!(visit.contains(" s after"), "what the first visit took: {visit}");
    for role in ["clerk", "duty officer", "counsel", "researcher", "auditor", "administrator"] {
        assert!(JOBS.iter().filter(|(who, _)| *who == role).count() >= 2, "{role}");
    }
}
