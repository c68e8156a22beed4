//! `comity demo`: a county jail and a federal office on this machine, with invented people and
//! invented prints, and a day of bookings that plays out live.

use crate::fail::{EXIT_OK, Failure};
use crate::files;
use crate::print::{Watched, gallery_of};
use crate::serve::offers;
use comity_exchange::case::{GalleryRecord, SearchResult, Side};
use comity_node::Ask;
use comity_print::FingerPosition;
use comity_server::compared::Compared;
use comity_server::demo::{Day, PASSWORD, Person, Told, accounts, run_clocks};
use comity_server::home::{Home, Settings};
use comity_server::problem::Problem;
use comity_server::searcher::Searcher;
use comity_server::serve::{Server, until_stopped};
use serde_json::json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// Play a day of a county jail and a federal office on this machine
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  comity demo --speed 600\n  comity demo --no-day --speed 1 --from 2018-06-01T13:00:00Z \\\n    --place us-tx.travis --time-zone America/Chicago\n\nEverybody in it is invented, and so \
are the prints. The nodes go on listening when the day is over; Ctrl-C stops them."
)]
pub struct Args {
    /// Folder of the two nodes; a new one is made
    #[arg(long, default_value = "out/demo")]
    folder: PathBuf,
    /// Seconds of the day that pass in a second
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    speed: u32,
    /// Stop when the day is over
    #[arg(long)]
    once: bool,
    /// Play no day: two desks for you to work at, with arrest cards to send
    #[arg(long, conflicts_with = "once")]
    no_day: bool,
    /// The place whose law applies at the jail when you book somebody
    #[arg(long, default_value = "us-ga")]
    place: String,
    /// The moment at which the clocks begin
    #[arg(long, requires = "no_day", value_name = "INSTANT")]
    from: Option<jiff::Timestamp>,
    /// The jail's time zone, by its IANA name
    #[arg(long, default_value = "America/New_York")]
    time_zone: String,
    /// Where the jail listens; the office has the next port
    #[arg(long, default_value = "127.0.0.1:8471")]
    listen: SocketAddr,
}

/// Prints of nobody: of each person the impression in the gallery and the one on the card.
const PRINTS: [[&[u8]; 4]; 5] = [
    [
        include_bytes!("../../../data/prints/synthetic/1_1.wsq"),
        include_bytes!("../../../data/prints/synthetic/2_1.wsq"),
        include_bytes!("../../../data/prints/synthetic/1_2.wsq"),
        include_bytes!("../../../data/prints/synthetic/2_2.wsq"),
    ],
    [
        include_bytes!("../../../data/prints/synthetic/3_1.wsq"),
        include_bytes!("../../../data/prints/synthetic/4_1.wsq"),
        include_bytes!("../../../data/prints/synthetic/3_2.wsq"),
        include_bytes!("../../../data/prints/synthetic/4_2.wsq"),
    ],
    [
        include_bytes!("../../../data/prints/synthetic/5_1.wsq"),
        include_bytes!("../../../data/prints/synthetic/6_1.wsq"),
        include_bytes!("../../../data/prints/synthetic/5_2.wsq"),
        include_bytes!("../../../data/prints/synthetic/6_2.wsq"),
    ],
    [
        include_bytes!("../../../data/prints/synthetic/7_1.wsq"),
        include_bytes!("../../../data/prints/synthetic/8_1.wsq"),
        include_bytes!("../../../data/prints/synthetic/7_2.wsq"),
        include_bytes!("../../../data/prints/synthetic/8_2.wsq"),
    ],
    [
        include_bytes!("../../../data/prints/synthetic/9_1.wsq"),
        include_bytes!("../../../data/prints/synthetic/10_1.wsq"),
        include_bytes!("../../../data/prints/synthetic/9_2.wsq"),
        include_bytes!("../../../data/prints/synthetic/10_2.wsq"),
    ],
];

/// The fingers of each person, in the order of [`PRINTS`].
const FINGERS: [FingerPosition; 2] = [FingerPosition::RightIndex, FingerPosition::RightMiddle];

/// Strangers in the gallery beside the demo's own people.
const STRANGERS: u64 = 2_000;

fn found(fault: comity_model::Diagnostic) -> Failure {
    Failure::Findings(vec![fault])
}

fn settings(args: &Args, side: Side) -> Settings {
    let mut listen = args.listen;
    let (name, gallery) = match side {
        Side::Agency => ("jail", None),
        Side::Federal => {
            listen.set_port(listen.port().saturating_add(1));
            ("office", Some(PathBuf::from("gallery")))
        }
    };
    let (party, url) = (format!("{name}.example/party"), format!("http://{listen}"));
    Settings {
        gallery,
        head_s: 2,
        idle_minutes: 30,
        second_factor: false,
        time_zone: args.time_zone.clone(),
        place: (side == Side::Agency).then(|| args.place.clone()),
        machine_sessions: true,
        simulated_from: Some(args.from.unwrap_or_else(comity_server::demo::starts_at)),
        ..Settings::new(&party, side, &url, listen)
    }
}

/// The office's gallery while it is being made: a search waits for it, and no desk does.
struct Gallery {
    making: Mutex<Option<JoinHandle<Result<usize, Failure>>>>,
    watched: Watched,
}

impl Gallery {
    /// Begins to make it, of the demo's people but the last, who is in no gallery.
    fn begin(folder: PathBuf) -> Gallery {
        let to = folder.clone();
        let making = thread::spawn(move || {
            let prints = |p: &[&'static [u8]; 4]| {
                p[..2].iter().zip(FINGERS).map(|(image, finger)| (finger, *image)).collect()
            };
            let known: Vec<Vec<(FingerPosition, &[u8])>> =
                PRINTS[..PRINTS.len() - 1].iter().map(prints).collect();
            gallery_of(&to, &known, STRANGERS)
        });
        Gallery { making: Mutex::new(Some(making)), watched: Watched { folder } }
    }

    /// How many fingers it will hold.
    fn fingers() -> u64 {
        ((PRINTS.len() - 1) * FINGERS.len()) as u64 + STRANGERS
    }

    /// Waits until it is made. Where it could not be, a search says that it cannot be read.
    fn wait(&self) {
        // Held until it is made: whoever comes second waits too.
        let mut making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Ok(Err(fault))) = making.take().map(JoinHandle::join) {
            fault.report(false);
        }
    }
}

impl Searcher for Gallery {
    fn search(&self, transaction: &[u8]) -> SearchResult {
        self.wait();
        self.watched.search(transaction)
    }

    fn compare(&self, transaction: &[u8], record: GalleryRecord) -> Option<Compared> {
        self.wait();
        self.watched.compare(transaction, record)
    }
}

/// Both nodes at work, each with the other's keys.
async fn start(
    jail: &Home,
    office: &Home,
    policies: Option<&Path>,
) -> Result<(Server, Server), Failure> {
    let library = Arc::new(files::library(policies)?);
    let searcher = Arc::new(Gallery::begin(office.folder.join("gallery")));
    let more = offers(jail, policies)?;
    let at_jail = Server::start_with(jail, library.clone(), None, more).await.map_err(found)?;
    let (more, searcher) = (offers(office, policies)?, searcher as Arc<dyn Searcher>);
    let at_office = Server::start_with(office, library, Some(searcher), more).await;
    let at_office = at_office.map_err(found)?;
    for (server, other) in [(&at_jail, office), (&at_office, jail)] {
        let news = other.news().map_err(found)?;
        let added = server.app.engine.ask(Ask::AddPeer(news)).await;
        added.map_err(|fault| Failure::usage(fault.to_string()))?;
    }
    Ok((at_jail, at_office))
}

/// The people of the day, with their arrest cards.
fn people() -> Result<Vec<Person>, Failure> {
    let card = |number: usize, whose: usize| {
        let images = PRINTS[whose][2..].iter().zip(FINGERS);
        let images: Vec<(FingerPosition, &[u8])> = images.map(|(i, f)| (f, *i)).collect();
        comity_server::demo::card(number, &images).map_err(|e| Failure::usage(e.to_string()))
    };
    // The last ones are arrested again, as people are.
    let whose = [0, 1, 2, 3, 4, 0, 1, 3];
    let one = |(number, whose): (usize, usize)| Ok(Person { number, card: card(number, whose)? });
    whose.into_iter().enumerate().map(one).collect()
}

fn failed(problem: Problem) -> Failure {
    Failure::usage(problem.detail)
}

/// Writes the arrest cards, to be sent by hand.
fn cards(args: &Args, people: &[Person]) -> Result<PathBuf, Failure> {
    let folder = args.folder.join("cards");
    let stays = |e: std::io::Error| Failure::usage(format!("{}: {e}", folder.display()));
    std::fs::create_dir_all(&folder).map_err(stays)?;
    for person in people {
        let path = folder.join(format!("person-{}.an2", person.number + 1));
        std::fs::write(path, &person.card).map_err(stays)?;
    }
    Ok(folder)
}

/// Says what is there, and how to get in.
fn greet(jail: &Home, office: &Home, fingers: u64, cards: &Path, mut names: Vec<&str>) {
    names.sort_unstable();
    names.dedup();
    println!("county jail     {}", jail.settings.url);
    println!("federal office  {}   a gallery of {fingers} fingers", office.settings.url);
    println!("arrest cards    {}   to send when you book somebody", cards.display());
    println!("sign in as      {}", names.join(", "));
    println!("with            {PASSWORD}");
    println!("Everybody here is invented, and so are the prints.\n");
}

/// Runs the command.
pub fn run(args: &Args, policies: Option<&Path>, as_json: bool) -> Result<u8, Failure> {
    if args.folder.exists() {
        std::fs::remove_dir_all(&args.folder)
            .map_err(|e| Failure::usage(format!("{} stays: {e}", args.folder.display())))?;
    }
    comity_server::log::start_quiet();
    let jail =
        Home::init(&args.folder.join("jail"), settings(args, Side::Agency)).map_err(found)?;
    let office =
        Home::init(&args.folder.join("office"), settings(args, Side::Federal)).map_err(found)?;
    let people = people()?;
    let cards = cards(args, &people)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::usage(format!("no threads: {e}")))?;
    runtime.block_on(async {
        let (at_jail, at_office) = start(&jail, &office, policies).await?;
        let made = tokio::try_join!(accounts(&at_jail), accounts(&at_office));
        let (mut names, at_the_office) = made.map_err(failed)?;
        names.extend(at_the_office);
        if !as_json {
            greet(&jail, &office, Gallery::fingers(), &cards, names);
        }
        let both = [&at_jail, &at_office];
        if args.no_day {
            let clocks = run_clocks(&both, f64::from(args.speed));
            tokio::select! { () = clocks => {}, () = until_stopped() => {} }
            at_jail.stop().await;
            at_office.stop().await;
            return Ok(EXIT_OK);
        }
        let say = |told: &Told| {
            if as_json {
                println!("{}", json!(told));
            } else {
                println!("{told}");
            }
        };
        let day = Day { jail: &at_jail, office: &at_office, speed: f64::from(args.speed) };
        let played = day.play(&people, say).await;
        if !args.once && played.is_ok() {
            if !as_json {
                println!("\nThe day is over. The nodes go on listening; Ctrl-C stops them.");
            }
            let clocks = run_clocks(&both, 1.0);
            tokio::select! { () = clocks => {}, () = until_stopped() => {} }
        }
        at_jail.stop().await;
        at_office.stop().await;
        played.map_err(failed)?;
        Ok(EXIT_OK)
    })
}
