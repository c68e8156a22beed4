//! A day of a county jail in Georgia and a federal office, on March 1, 2016: eight people who do
//! not exist, under the Priority Enforcement Program. What officials do is scripted; everything
//! else is the nodes' own work.

use crate::account::{Actor, NewAccount, Origin, Role, SignIn};
use crate::app::App;
use crate::door::at_desk;
use crate::problem::Problem;
use crate::serve::Server;
use comity_exchange::case::{
    By, Case, CaseId, CommandId, Identification, Official, OfficialId, OfficialRole, Side,
};
use comity_model::hex;
use comity_node::{Ask, Done, Entry, Random, read_case};
use comity_print::formats::nist::build::{Envelope, Impression, Layout, start};
use comity_print::formats::nist::ebts::Tot;
use comity_print::formats::{self, FormatError};
use comity_print::{FingerPosition, GrayImage};
use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// When the day starts: eight in the morning at the jail.
pub fn starts_at() -> Timestamp {
    // 2016-03-01T13:00:00Z.
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_456_837_200)
}

/// The arrest card of a person: an EBTS submission with these impressions, WSQ each.
///
/// # Errors
/// An impression cannot be read.
pub fn card(number: usize, prints: &[(FingerPosition, &[u8])]) -> Result<Vec<u8>, FormatError> {
    let images: Result<Vec<(FingerPosition, GrayImage)>, FormatError> = prints
        .iter()
        .map(|(finger, wsq)| Ok((*finger, formats::wsq::decode(wsq)?.image)))
        .collect();
    let images = images?;
    let impressions: Vec<Impression<'_>> = images
        .iter()
        .map(|(finger, image)| Impression { finger: *finger, is_rolled: true, image })
        .collect();
    let envelope = Envelope {
        destination: "OFFICE000".to_owned(),
        origin: "JAIL00000".to_owned(),
        control_number: format!("DEMO-{number:010}"),
        answers: None,
        date: "20160301".to_owned(),
    };
    let mut transaction = start(Tot::Car, &envelope, &[])?;
    transaction.add_impressions(Layout::Type14, &impressions, &[])?;
    transaction.seal();
    transaction.to_bytes()
}

/// The password of every account of the demo. Everybody knows it: the demo is for invented people
/// on one machine.
pub const PASSWORD: &str = "nobody here is real";

/// Makes an account for every role at one node: its name is its role's. All at once: passwords
/// take long to hash, and every one by itself keeps one processor busy.
///
/// # Errors
/// The store.
pub async fn accounts(server: &Server) -> Result<Vec<&'static str>, Problem> {
    let app = &server.app;
    let roles = ACCOUNTS.iter().filter(|(role, _)| role.fits(app.side));
    try_join_all(roles.map(|(role, name)| account(app, *role, name))).await
}

async fn account(app: &Arc<App>, role: Role, name: &'static str) -> Result<&'static str, Problem> {
    let made = at_desk(app, Origin::Console, move |desk| {
        let new = NewAccount { name: name.to_owned(), roles: [role].into(), external: None };
        desk.make_account(Actor::Console, new)
    });
    let invitation = made.await?.ok_or_else(crate::api::later)?;
    let signed_in =
        at_desk(app, Origin::Console, move |desk| desk.sign_in(name, invitation.show()));
    let SignIn::Started(session) = signed_in.await? else { return Err(crate::api::later()) };
    let token = session.token.show().to_owned();
    at_desk(app, Origin::Console, move |desk| desk.set_password(&token, "", PASSWORD)).await?;
    Ok(name)
}

const ACCOUNTS: [(Role, &str); 7] = [
    (Role::Clerk, "clerk"),
    (Role::Supervisor, "supervisor"),
    (Role::Examiner, "examiner"),
    (Role::DutyOfficer, "officer"),
    (Role::Counsel, "counsel"),
    (Role::Auditor, "auditor"),
    (Role::Administrator, "administrator"),
];

/// Lets the clocks of the nodes run at so many seconds a second, until the future is dropped.
pub async fn run_clocks(servers: &[&Server], speed: f64) {
    let step = Duration::from_millis(250);
    loop {
        tokio::time::sleep(step).await;
        let passed = SignedDuration::from_secs_f64(step.as_secs_f64() * speed);
        for server in servers {
            let clock = &server.app.engine.clock;
            clock.set(clock.now() + passed);
        }
    }
}

/// Somebody who does not exist.
pub struct Person {
    /// Which of them.
    pub number: usize,
    /// The arrest card.
    pub card: Vec<u8>,
}

/// Something that happened.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    /// When, by the nodes' clock.
    pub at: Timestamp,
    /// Where.
    pub side: Side,
    /// Which person.
    pub person: usize,
    /// What.
    pub what: String,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match self.side {
            Side::Agency => "jail  ",
            Side::Federal => "office",
        };
        // Georgia is five hours behind in March.
        let local = self.at - SignedDuration::from_hours(5);
        let local = local.to_string();
        let minute = local.get(5..16).unwrap_or_default().replace('T', " ");
        write!(f, "{minute}  {place}  person {}  {}", self.person + 1, self.what)
    }
}

/// A day on two nodes.
pub struct Day<'a> {
    /// The jail.
    pub jail: &'a Server,
    /// The office.
    pub office: &'a Server,
    /// Seconds of the day in a second.
    pub speed: f64,
}

/// Longest wait for what the nodes do by themselves, in real seconds.
const PATIENCE_S: u64 = 60;

/// How a person's day goes on after a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plot {
    /// Asked for, held, handed over.
    HandedOver,
    /// Asked for, held, and nobody comes: released when the clock has run out.
    NobodyComes,
    /// The office finds nothing to ask for.
    NotAskedFor,
    /// Says to be a citizen; that is so.
    Citizen,
    /// Not in the gallery.
    Unknown,
    /// Held when the story ends: the clock runs.
    StillHeld,
    /// Asked for when the story ends: the agency has not answered yet.
    Unanswered,
    /// Booked when the story ends: an examiner has candidates to look at.
    Unexamined,
}

/// The last three are booked when the others have gone, and are there for whoever sits down at
/// a desk then.
const PLOTS: [Plot; PEOPLE] = [
    Plot::HandedOver,
    Plot::NotAskedFor,
    Plot::Citizen,
    Plot::NobodyComes,
    Plot::Unknown,
    Plot::StillHeld,
    Plot::Unanswered,
    Plot::Unexamined,
];

/// How many people the day has.
pub const PEOPLE: usize = 8;

impl Day<'_> {
    /// Plays the day and tells what happens.
    ///
    /// # Errors
    /// A node refuses what the script asks, or does not answer.
    pub async fn play(&self, people: &[Person], say: impl Fn(&Told)) -> Result<(), Problem> {
        for (person, plot) in people.iter().zip(PLOTS) {
            self.one(person, plot, &say).await?;
            self.pass(25).await;
        }
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.jail.app.engine.clock.now()
    }

    /// Lets minutes of the day pass, on both clocks.
    async fn pass(&self, minutes: i64) {
        let step = 1.0 / 20.0;
        let mut left_s = minutes as f64 * 60.0;
        while left_s > 0.0 {
            let passed_s = (self.speed * step).min(left_s);
            left_s -= passed_s;
            let now = self.now() + SignedDuration::from_millis((passed_s * 1000.0) as i64);
            self.jail.app.engine.clock.set(now);
            self.office.app.engine.clock.set(now);
            tokio::time::sleep(Duration::from_secs_f64(step)).await;
        }
    }

    fn server(&self, side: Side) -> &Server {
        match side {
            Side::Agency => self.jail,
            Side::Federal => self.office,
        }
    }

    async fn enter(
        &self,
        id: CaseId,
        role: OfficialRole,
        entry: Value,
        file: Option<Vec<u8>>,
    ) -> Result<(), Problem> {
        let side = match role {
            OfficialRole::Examiner | OfficialRole::DutyOfficer => Side::Federal,
            _ => Side::Agency,
        };
        let entry: Entry = serde_json::from_value(entry)
            .map_err(|e| Problem::bad_request("bad-script", e.to_string()))?;
        let name = role.name().replace(' ', "-");
        let Some(account) = OfficialId::new(&name) else { return Err(crate::api::later()) };
        let ask = Ask::Enter {
            case: id,
            id: CommandId(random16()),
            by: By::Official(Official { id: account, role }),
            expects: None,
            entry: Box::new(entry),
            peer: None,
            file,
        };
        match self.server(side).app.engine.ask(ask).await? {
            Done::Events { .. } => Ok(()),
            _ => Err(crate::api::later()),
        }
    }

    /// A case as a node has it; `None` if it has none.
    async fn case(&self, side: Side, id: CaseId) -> Result<Option<Case>, Problem> {
        let app = &self.server(side).app;
        let key = app.store_key.clone();
        let read = app.readers.read(move |reads| read_case(reads, &key, side, id)).await?;
        match read {
            Ok(view) => Ok(Some(view.case)),
            Err(comity_node::NodeFault::NoCase(_)) => Ok(None),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Waits until a case is as it should be by the nodes' own work.
    async fn until(
        &self,
        side: Side,
        id: CaseId,
        is: impl Fn(&Case) -> bool,
    ) -> Result<Case, Problem> {
        for _ in 0..PATIENCE_S * 50 {
            if let Some(case) = self.case(side, id).await?.filter(&is) {
                return Ok(case);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let status = axum::http::StatusCode::GATEWAY_TIMEOUT;
        Err(Problem::new(status, "demo", "the nodes did not do what was expected in a minute"))
    }

    async fn one(&self, person: &Person, plot: Plot, say: &impl Fn(&Told)) -> Result<(), Problem> {
        let id = CaseId(random16());
        let tell = |side: Side, what: &str| {
            say(&Told { at: self.now(), side, person: person.number, what: what.to_owned() });
        };
        let (agency, federal) = (Side::Agency, Side::Federal);
        self.enter(id, OfficialRole::Clerk, booking(self.now(), person.number), None).await?;
        tell(agency, "booked");
        self.pass(5).await;
        let file = comity_exchange::Digest::of_bytes(&person.card).to_string();
        let tcn = format!("DEMO-{:010}", person.number);
        let prints = json!({ "submit_prints": { "tcn": tcn, "file": file } });
        self.enter(id, OfficialRole::Clerk, prints, Some(person.card.clone())).await?;
        tell(agency, "prints sent");
        if plot == Plot::Unknown {
            let no_match = |c: &Case| c.identification == Identification::NoMatch;
            self.until(agency, id, no_match).await?;
            tell(agency, "nobody found; the office keeps nothing");
            self.pass(20).await;
            return self.release(id, &tell).await;
        }
        let found = |c: &Case| matches!(c.identification, Identification::Candidates(_));
        let case = self.until(federal, id, found).await?;
        let Identification::Candidates(list) = &case.identification else { return Ok(()) };
        let Some(best) = list.first() else { return Ok(()) };
        let what = format!(
            "{} candidate(s); best score {}, {} false matches expected",
            list.len(),
            best.score,
            best.false_matches
        );
        tell(federal, &what);
        if plot == Plot::Unexamined {
            return Ok(());
        }
        self.pass(10).await;
        let verify = json!({ "verify_match": { "gallery_record": best.gallery_record } });
        self.enter(id, OfficialRole::Examiner, verify, None).await?;
        tell(federal, "an examiner verified the match");
        self.pass(10).await;
        let removable = plot != Plot::NotAskedFor;
        self.enter(id, OfficialRole::DutyOfficer, determination(removable), None).await?;
        if !removable {
            tell(federal, "an officer determined: not removable; nothing is asked");
            self.pass(10).await;
            return self.release(id, &tell).await;
        }
        tell(federal, "an officer determined: a final order of removal");
        self.asked_for(id, plot, &tell).await
    }

    async fn asked_for(
        &self,
        id: CaseId,
        plot: Plot,
        tell: &impl Fn(Side, &str),
    ) -> Result<(), Problem> {
        let (agency, federal) = (Side::Agency, Side::Federal);
        self.enter(id, OfficialRole::DutyOfficer, json!({ "evaluate_program": {} }), None).await?;
        let request = hex(&random16());
        self.enter(id, OfficialRole::DutyOfficer, draft(&request, self.now()), None).await?;
        tell(federal, "request I-247D issued: hold, and notice");
        self.until(agency, id, |c| c.standing().is_some()).await?;
        if plot == Plot::Unanswered {
            return Ok(());
        }
        self.pass(5).await;
        let serve = json!({ "request": request, "served_at": self.now().to_string() });
        self.enter(id, OfficialRole::Clerk, json!({ "serve_request": serve }), None).await?;
        tell(agency, "a copy was served on the person");
        if plot == Plot::Citizen {
            return self.citizen(id, tell).await;
        }
        self.pass(5).await;
        let answer = json!({ "request": request, "reason": "the sergeant decided",
                             "choices": { "hold": "comply", "notify": "comply" } });
        self.enter(id, OfficialRole::Supervisor, json!({ "answer_request": answer }), None).await?;
        tell(agency, "no law here speaks of holds: the supervisor decided to comply");
        self.pass(30).await;
        let eligible = json!({ "at": self.now().to_string(), "reason": "bond_posted" });
        self.enter(id, OfficialRole::Clerk, json!({ "set_eligible": eligible }), None).await?;
        let hold = json!({ "start_hold": { "request": request } });
        self.enter(id, OfficialRole::Supervisor, hold, None).await?;
        let held = self.until(agency, id, |c| c.hold.is_some()).await?;
        let ends_at = held.hold.as_ref().map(comity_exchange::case::Hold::ends_at);
        let Some(ends_at) = ends_at else { return Ok(()) };
        tell(agency, &format!("bond posted; held by the supervisor's word until {ends_at}"));
        if plot == Plot::StillHeld {
            return Ok(());
        }
        if plot == Plot::HandedOver {
            self.pass(90).await;
            let transfer = json!({ "request": request, "at": self.now().to_string() });
            self.enter(id, OfficialRole::Clerk, json!({ "transfer": transfer }), None).await?;
            tell(agency, "handed over in a secure area");
            return Ok(());
        }
        // Nobody comes. The clock runs to its end.
        let minutes = ends_at.duration_since(self.now()).as_mins() + 1;
        self.pass(minutes).await;
        self.until(agency, id, |c| c.hold.is_none()).await?;
        tell(agency, "the clock has run out: the hold is over, and a task says release");
        self.release(id, tell).await
    }

    async fn citizen(&self, id: CaseId, tell: &impl Fn(Side, &str)) -> Result<(), Problem> {
        let claim = hex(&random16());
        let made = json!({ "claim": claim, "kind": "citizenship", "proof_shown": true,
                           "may_be_told": true });
        self.enter(id, OfficialRole::Clerk, json!({ "make_claim": made }), None).await?;
        tell(Side::Agency, "says to be a citizen, and shows a passport: everything stops");
        self.until(Side::Federal, id, |c| c.open_claims().next().is_some()).await?;
        self.pass(40).await;
        let upheld = json!({ "claim": claim, "resolution": "upheld",
                             "reason": "the passport is genuine" });
        self.enter(id, OfficialRole::DutyOfficer, json!({ "resolve_claim": upheld }), None).await?;
        let resolved = json!({ "claim": claim, "resolution": "upheld",
                               "reason": "the office says so, and so does the passport" });
        let entry = json!({ "resolve_claim": resolved });
        let entered = self.enter(id, OfficialRole::Supervisor, entry, None).await;
        // The office's word may have been there before the supervisor's.
        let open = |case: Case| case.open_claims().next().is_some();
        if entered.is_err() && self.case(Side::Agency, id).await?.is_some_and(open) {
            return entered;
        }
        tell(Side::Federal, "the claim is upheld");
        self.release(id, tell).await
    }

    async fn release(&self, id: CaseId, tell: &impl Fn(Side, &str)) -> Result<(), Problem> {
        let end = json!({ "at": self.now().to_string(), "how": "released" });
        self.enter(id, OfficialRole::Clerk, json!({ "end_custody": end }), None).await?;
        tell(Side::Agency, "released");
        Ok(())
    }
}

fn random16() -> [u8; 16] {
    let mut bytes = [0; 16];
    crate::home::SystemRandom.fill(&mut bytes);
    bytes
}

fn convictions() -> Value {
    json!([{ "category": "robbery", "level": "felony", "convicted_on": "2012-05-04",
             "punishable_over_one_year": true, "sentence_days": 800 }])
}

fn booking(now: Timestamp, number: usize) -> Value {
    json!({ "book": {
        "booking": {
            "booked_at": now.to_string(), "place": "us-ga", "time_zone": "America/New_York",
            "facts": { "complete": true, "tree": {
                "person": { "age_years": 30 + number },
                "custody": { "criminal_arrest": true, "facility_kind": "county_jail",
                             "arrested_on": "2016-03-01" },
                "charges": [{ "category": "theft", "level": "felony", "disposition": "pending",
                              "offense_on": "2016-03-01" }],
                "convictions": convictions(),
            } },
        },
        "card": { "name": format!("Person {} of the demo", number + 1),
                  "number": format!("D-{:04}", number + 1) },
    } })
}

fn determination(removable: bool) -> Value {
    json!({ "determine_status": {
        "removable": removable, "basis": "final_order", "probable_cause": removable,
        "facts": { "complete": true, "tree": {
            "person": { "final_order": removable, "final_order_on": "2014-02-03" },
            "convictions": convictions(),
        } },
    } })
}

fn draft(request: &str, now: Timestamp) -> Value {
    // Georgia is five hours behind in March.
    let local = (now - SignedDuration::from_hours(5)).to_string();
    let issued_on = local.get(..10).unwrap_or_default();
    json!({ "issue_request": { "draft": {
        "request": request, "form": "I-247D", "version": "2015-05", "issued_on": issued_on,
        "asks": ["hold", "notify"], "basis": "final_order",
        "states": { "complete": true, "tree": {
            "person": { "removable": true, "final_order": true },
            "request": { "priority_box": true, "probable_cause_box": true,
                         "officer_authorized": true, "facially_complete": true },
        } },
    } } })
}
