//! Two nodes and what is on its way between them.

pub use crate::library::library;
use comity_exchange::case::*;
use comity_model::clock::Zone;
use comity_policy::Channel;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub fn official(role: OfficialRole) -> By {
    let id = OfficialId::new(role.name().replace(' ', "-").as_str()).unwrap();
    By::Official(Official { id, role })
}

/// Somebody who may give the command.
pub fn whoever_may(name: CommandName) -> By {
    match name {
        CommandName::Tick => By::Alarm,
        CommandName::Receive => By::Peer(CommandId([0xEE; 16])),
        CommandName::ResolveClaim => official(OfficialRole::Counsel),
        name => official(name.roles()[0]),
    }
}

pub fn id16(n: u64) -> [u8; 16] {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&n.to_be_bytes());
    id
}

pub fn request_id(n: u64) -> RequestId {
    RequestId(id16(n))
}

pub fn claim_id(n: u64) -> ClaimId {
    ClaimId(id16(n))
}

pub fn remark(text: &str) -> Remark {
    Remark::new(text).unwrap()
}

/// One party's node: the case, its events, and what it has to send.
#[derive(Clone)]
pub struct Node {
    pub case: Case,
    pub events: Vec<Event>,
    pub outbound: Vec<Message>,
    next: u64,
}

impl Node {
    pub fn new(side: Side) -> Node {
        let case = Case::new(side, CaseId([7; 16]));
        let next = if side == Side::Agency { 1 } else { 1_000_000 };
        Node { case, events: Vec::new(), outbound: Vec::new(), next }
    }

    pub fn command(&mut self, by: By, act: Act) -> Command {
        self.next += 1;
        Command { id: CommandId(id16(self.next)), by, expects: None, act }
    }

    /// Decides, and takes the events in as a node would: through their text.
    pub fn take(&mut self, command: &Command, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        let events = decide(&self.case, command, at)?;
        for event in &events {
            let event = Event::read(&event.to_text().unwrap()).unwrap();
            self.case = apply(self.case.clone(), &event);
            self.outbound.extend(message_of(&self.case, &event));
            self.events.push(event);
        }
        Ok(events)
    }

    pub fn give_by(&mut self, by: By, act: Act, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        let command = self.command(by, act);
        self.take(&command, at)
    }

    pub fn give(&mut self, act: Act, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        self.give_by(whoever_may(act.name()), act, at)
    }

    pub fn ok(&mut self, act: Act, at: Timestamp) -> Vec<Event> {
        let name = act.name();
        self.give(act, at).unwrap_or_else(|refusal| panic!("{name:?}: {refusal}"))
    }

    pub fn why(&mut self, act: Act, at: Timestamp) -> Why {
        let before = self.case.clone();
        let why = self.give(act, at).expect_err("refused").why;
        assert_eq!(self.case, before, "a refused command changes nothing");
        why
    }

    pub fn advice(&self, at: Timestamp) -> Box<Advice> {
        Box::new(Advice::of(library(), &self.case, at).unwrap_or_else(|d| panic!("{d:?}")))
    }

    /// What a message makes happen that comes in an envelope of a new id.
    pub fn receive(&mut self, message: &Message, at: Timestamp) -> Vec<Event> {
        self.next += 1;
        let id = CommandId(id16(self.next));
        let act = Act::Receive(Box::new(message.clone()));
        let command = Command { id, by: By::Peer(id), expects: None, act };
        self.take(&command, at).unwrap_or_else(|refusal| panic!("{refusal}"))
    }
}

/// Both nodes.
#[derive(Clone)]
pub struct World {
    pub agency: Node,
    pub federal: Node,
}

impl World {
    pub fn new() -> World {
        World { agency: Node::new(Side::Agency), federal: Node::new(Side::Federal) }
    }

    /// Delivers everything that is on its way, as bodies of envelopes, until nothing is.
    pub fn deliver(&mut self, at: Timestamp) {
        loop {
            let (to_federal, to_agency) = (
                std::mem::take(&mut self.agency.outbound),
                std::mem::take(&mut self.federal.outbound),
            );
            if to_federal.is_empty() && to_agency.is_empty() {
                return;
            }
            for message in to_federal {
                self.federal.receive(&carried(&message), at);
            }
            for message in to_agency {
                self.agency.receive(&carried(&message), at);
            }
        }
    }
}

/// A message after its way in an envelope.
pub fn carried(message: &Message) -> Message {
    let read = Message::read(&message.kind().unwrap(), &message.to_body().unwrap()).unwrap();
    assert_eq!(&read, message);
    read
}

pub fn zone() -> Zone {
    Zone::named("America/New_York").unwrap()
}

/// A local time in New York.
pub fn at(local: &str) -> Timestamp {
    zone().instant(local.parse().unwrap()).unwrap()
}

pub fn facts(tree: Value, of: FactsOf) -> Facts {
    let Value::Object(tree) = tree else { panic!("facts are an object") };
    Facts::read(tree, true, of).unwrap_or_else(|d| panic!("{d:?}"))
}

pub fn place(code: &str) -> PlaceName {
    PlaceName::of(&library().places().get(code).unwrap().code)
}

/// A booking in Georgia in 2016: no state law speaks of holds, so that the
/// agency's person decides.
pub fn booking() -> Booking {
    let tree = json!({
        "person": { "age_years": 30 },
        "custody": { "criminal_arrest": true, "facility_kind": "county_jail",
                     "arrested_on": "2016-03-01" },
        "charges": [{ "category": "theft", "level": "felony", "disposition": "pending",
                      "offense_on": "2016-03-01" }],
        "convictions": [{ "category": "robbery", "level": "felony", "convicted_on": "2012-05-04",
                          "punishable_over_one_year": true, "sentence_days": 800 }],
    });
    Booking {
        booked_at: at("2016-03-01T09:00"),
        place: place("us-ga"),
        time_zone: ZoneName::named("America/New_York").unwrap(),
        facts: facts(tree, FactsOf::Booking),
    }
}

pub fn submission() -> Submission {
    let file = comity_exchange::Digest::parse(&"ab".repeat(32)).unwrap();
    Submission { tcn: Tcn::new("TEST-0000000001").unwrap(), file }
}

pub fn candidates() -> SearchResult {
    let candidate = |n| Candidate {
        gallery_record: GalleryRecord(id16(n)),
        score: "0.97".to_owned(),
        false_matches: "0.0001".to_owned(),
    };
    SearchResult::Candidates(vec![candidate(1), candidate(2)])
}

pub fn determination() -> Determination {
    let tree = json!({
        "person": { "final_order": true, "final_order_on": "2014-02-03" },
        "convictions": [{ "category": "robbery", "level": "felony", "convicted_on": "2012-05-04",
                          "punishable_over_one_year": true, "sentence_days": 800 }],
    });
    Determination {
        removable: true,
        basis: Basis::named("final_order").unwrap(),
        probable_cause: true,
        facts: facts(tree, FactsOf::Determination),
    }
}

pub fn draft(n: u64, issued_on: &str) -> Draft {
    let tree = json!({
        "person": { "removable": true, "final_order": true },
        "request": { "priority_box": true, "probable_cause_box": true,
                     "officer_authorized": true, "facially_complete": true },
    });
    Draft {
        request: request_id(n),
        form: Form::named("I-247D").unwrap(),
        version: FormVersion::named("2015-05"),
        issued_on: issued_on.parse().unwrap(),
        asks: BTreeSet::from([Channel::Hold, Channel::Notify]),
        basis: Basis::named("final_order").unwrap(),
        warrant: None,
        states: facts(tree, FactsOf::Request),
        supersedes: None,
    }
}

pub fn choices(hold: Choice, notify: Choice) -> BTreeMap<Channel, Choice> {
    BTreeMap::from([(Channel::Hold, hold), (Channel::Notify, notify)])
}

pub fn eligible(local: &str) -> Eligible {
    Eligible { at: at(local), reason: ReleaseReason::named("bond_posted").unwrap() }
}

impl World {
    /// Booked, and the prints sent.
    pub fn booked() -> World {
        World::booked_as(booking())
    }

    fn booked_as(booking: Booking) -> World {
        let mut world = World::new();
        world.agency.ok(Act::Book(booking), at("2016-03-01T09:05"));
        world.agency.ok(Act::SubmitPrints(submission()), at("2016-03-01T09:30"));
        world.deliver(at("2016-03-01T09:31"));
        world
    }

    /// An examiner verified a match, an officer determined status.
    pub fn determined() -> World {
        World::determined_as(booking())
    }

    fn determined_as(booking: Booking) -> World {
        let mut world = World::booked_as(booking);
        let federal = &mut world.federal;
        federal.ok(Act::RecordSearch(candidates()), at("2016-03-01T10:00"));
        let gallery_record = GalleryRecord(id16(1));
        federal.ok(Act::VerifyMatch { gallery_record }, at("2016-03-01T10:10"));
        federal.ok(Act::DetermineStatus(determination()), at("2016-03-01T11:00"));
        world.deliver(at("2016-03-01T11:01"));
        world
    }

    /// A request was issued, received and served.
    pub fn requested() -> World {
        World::requested_as(booking())
    }

    /// The same for another booking.
    pub fn requested_as(booking: Booking) -> World {
        let mut world = World::determined_as(booking);
        world.evaluate(at("2016-03-01T11:30"));
        world.issue(draft(1, "2016-03-01"), at("2016-03-01T12:00")).unwrap();
        world.deliver(at("2016-03-01T12:01"));
        let served_at = at("2016-03-01T14:00");
        world.serve(served_at);
        world.deliver(served_at);
        world
    }

    pub fn evaluate(&mut self, at: Timestamp) {
        let advice = self.federal.advice(at);
        self.federal.ok(Act::EvaluateProgram(advice), at);
    }

    pub fn issue(&mut self, draft: Draft, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        let case = &self.federal.case;
        let advice = Advice::of_draft(library(), case, &draft, at).unwrap();
        self.federal.give(Act::IssueRequest { draft, advice: Box::new(advice) }, at)
    }

    /// A copy of the request that stands is served on the person.
    pub fn serve(&mut self, served_at: Timestamp) {
        let request = self.agency.case.standing().unwrap().draft.request;
        self.agency.ok(Act::ServeRequest { request, served_at }, served_at);
    }

    pub fn answer(&mut self, hold: Choice, notify: Choice, at: Timestamp) -> Act {
        let advice = self.agency.advice(at);
        let request = self.agency.case.standing().unwrap().draft.request;
        let choices = choices(hold, notify);
        Act::AnswerRequest { request, advice, choices, reason: remark("as agreed") }
    }

    /// Answered with yes to both.
    pub fn answered() -> World {
        let mut world = World::requested();
        let now = at("2016-03-02T09:00");
        let answer = world.answer(Choice::Comply, Choice::Comply, now);
        world.agency.ok(answer, now);
        world.deliver(now);
        world
    }

    pub fn start_hold(&mut self, at: Timestamp) -> Act {
        let request = self.agency.case.standing().unwrap().draft.request;
        Act::StartHold { request, advice: self.agency.advice(at) }
    }

    /// A hold since Friday, March 4, 17:00.
    pub fn held() -> World {
        let mut world = World::answered();
        let friday = at("2016-03-04T17:00");
        world.agency.ok(Act::SetEligible(eligible("2016-03-04T17:00")), friday);
        let start = world.start_hold(friday);
        world.agency.ok(start, friday);
        world
    }
}
