//! The story of an arrest, from the booking to the release, under three laws.

use crate::browser::{Browser, DESK, Set};
use crate::demo::Demo;
use crate::tasks::{Begun, Tasks};

/// Where the clerk's side of a story is.
pub struct Story {
    pub demo: Demo,
    pub jail: Browser,
    pub office: Browser,
    /// The person's page at the jail.
    pub person: String,
    /// The case at the office has the same path.
    pub form: &'static str,
    /// The warrant that comes with it.
    pub warrant: &'static str,
    /// What it asks for.
    pub asks: &'static str,
    /// What was done.
    tasks: Tasks,
}

const CONVICTION: [(&str, &str); 5] = [
    ("convictions.0.category", "robbery"),
    ("convictions.0.level", "felony"),
    ("convictions.0.convicted_on", "2012-05-04"),
    ("convictions.0.punishable_over_one_year", "yes"),
    ("convictions.0.sentence_days", "800"),
];

impl Story {
    /// Two desks, with the clerk and the examiner at them.
    pub async fn begin(place: &str, zone: &str, from: &str, form: &'static str, set: Set) -> Story {
        let demo = Demo::start(place, zone, from);
        let jail = Browser::open(&demo.jail, set).await;
        let office = Browser::open(&demo.office, set).await;
        jail.sign_in("clerk").await;
        office.sign_in("examiner").await;
        let (person, warrant, asks) = (String::new(), "none", "hold|notify");
        Story { demo, jail, office, person, form, warrant, asks, tasks: Tasks::default() }
    }

    /// The clerk books a person and sends the prints.
    pub async fn book(&mut self, name: &str, number: &str, card: usize) {
        let begun = Begun::at(&self.jail);
        self.jail.go("/book").await;
        let mut answers = vec![
            ("name", name),
            ("number", number),
            ("criminal_arrest", "yes"),
            ("age_years", "34"),
            ("complete", "yes"),
            ("charges.0.category", "theft"),
        ];
        answers.extend(CONVICTION);
        self.jail.answer(&answers).await;
        self.jail.click("Book the person").await;
        self.jail.until("booked", ".desk-done").await;
        self.person = self.jail.path().await;
        self.jail.click("Send the prints").await;
        let card = self.demo.card(card);
        self.jail.fill("file", card.to_str().unwrap()).await;
        self.jail.click("Send the prints").await;
        self.jail.until("sent", ".desk-done").await;
        self.tasks.did(
            "clerk",
            "book a person with charge and conviction, and send the prints",
            &begun,
            &self.jail,
        );
    }

    /// The examiner verifies the first candidate.
    pub async fn identify(&mut self) {
        let begun = Begun::at(&self.office);
        self.office.until_says(&self.person, "candidates wait for an examiner").await;
        self.office.go(&format!("{}/do/verify", self.person)).await;
        let first = self.office.client.find(fantoccini::Locator::Css("input[name=candidate]"));
        let record = first.await.unwrap().attr("value").await.unwrap().unwrap();
        self.office.answer(&[("candidate", &record)]).await;
        self.office.click("It is the same person").await;
        self.office.until("verified", ".desk-done").await;
        self.tasks.did("examiner", "verify a candidate", &begun, &self.office);
    }

    /// The duty officer determines status and asks.
    pub async fn ask(&mut self, dated: &str, basis: &str) {
        self.office.sign_in("officer").await;
        let begun = Begun::at(&self.office);
        self.office.go(&format!("{}/do/determine", self.person)).await;
        let mut determined = vec![
            ("removable", "yes"),
            ("basis", basis),
            ("probable_cause", "yes"),
            ("final_order", "yes"),
            ("final_order_on", "2014-02-03"),
            ("inadmissibility", "none"),
            ("complete", "yes"),
        ];
        determined.extend(CONVICTION);
        self.office.answer(&determined).await;
        self.office.click("Record the determination").await;
        self.office.until("determined", ".desk-done").await;
        self.tasks.did("duty officer", "determine status with its basis", &begun, &self.office);
        let begun = Begun::at(&self.office);
        self.office.go(&format!("{}/do/evaluate", self.person)).await;
        self.office.click("Ask now").await;
        self.office.until("evaluated", ".desk-done").await;
        self.tasks.did("duty officer", "ask what the program allows", &begun, &self.office);
        let begun = Begun::at(&self.office);
        self.office.go(&format!("{}/do/issue", self.person)).await;
        let form = [
            ("form", self.form),
            ("issued_on", dated),
            ("asks", self.asks),
            ("basis", basis),
            ("warrant", self.warrant),
            ("states", "person.removable|person.final_order"),
            ("boxes", "priority_box|probable_cause_box|officer_authorized|facially_complete"),
        ];
        self.office.answer(&form).await;
        self.office.click("Issue the request").await;
        self.office.until("issued", ".desk-done").await;
        self.tasks.did("duty officer", "issue a request", &begun, &self.office);
        self.jail.until_says(&self.person, "Asks for").await;
    }

    /// The clerk records that a copy was given to the person.
    pub async fn serve(&mut self) {
        let begun = Begun::at(&self.jail);
        self.jail.go(&format!("{}/do/serve", self.person)).await;
        self.jail.answer(&[]).await;
        self.jail.click("Record it").await;
        self.jail.until("served", ".desk-done").await;
        self.tasks.did("clerk", "record service on the person", &begun, &self.jail);
    }

    /// The supervisor answers.
    pub async fn answer(&mut self, choices: &[(&str, &str)]) {
        self.jail.sign_in("supervisor").await;
        let begun = Begun::at(&self.jail);
        self.jail.go(&format!("{}/do/answer", self.person)).await;
        self.jail.answer(choices).await;
        self.jail.click("Send the answer").await;
        self.jail.until("answered", ".desk-done").await;
        self.tasks.did("supervisor", "answer the request on two channels", &begun, &self.jail);
    }

    /// The notice to the person, in both languages, as the links of the person's page give it.
    async fn notice(&mut self) {
        self.jail.go(&self.person).await;
        for language in ["en", "es"] {
            let link = format!("a[href$='/papers/notice.{language}.pdf']");
            let (kind, start) = self.jail.fetched(&link).await;
            assert_eq!((kind.as_str(), start.as_str()), ("application/pdf", "%PDF-"), "{link}");
        }
    }

    /// Bond is posted: the person would be released now.
    pub async fn eligible(&mut self) {
        let begun = Begun::at(&self.jail);
        self.jail.go(&format!("{}/do/eligible", self.person)).await;
        self.jail.answer(&[("reason", "bond_posted")]).await;
        self.jail.click("Record it").await;
        self.jail.until("eligible", ".desk-done").await;
        self.tasks.did("clerk", "set when the person would be released", &begun, &self.jail);
    }

    pub async fn hold(&mut self) {
        let begun = Begun::at(&self.jail);
        self.jail.go(&format!("{}/do/hold", self.person)).await;
        self.jail.answer(&[("sure", "yes")]).await;
        self.jail.click("Start the hold").await;
        self.jail.until("held", ".desk-done").await;
        self.tasks.did("supervisor", "start a hold", &begun, &self.jail);
    }

    /// What is left of the hold, as the page says it after its script looked twice.
    async fn left(&self) -> String {
        self.jail.go(&self.person).await;
        tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
        let left = self.jail.client.find(fantoccini::Locator::Css("[data-left]")).await.unwrap();
        left.text().await.unwrap()
    }

    /// A computer whose clock is wrong shows the node's: five hours ahead change nothing.
    async fn clock_is_the_nodes(&self) {
        let before = self.left().await;
        let wrong = "const was = Date.now; Date.now = () => was() + 5 * 3600 * 1000;";
        let name = "Page.addScriptToEvaluateOnNewDocument";
        let added = self.jail.devtools(name, serde_json::json!({ "source": wrong })).await;
        let skewed = self.left().await;
        let own = "return Date.now() - performance.now() - performance.timeOrigin";
        let ahead_ms = self.jail.client.execute(own, vec![]).await.unwrap().as_f64().unwrap();
        assert!(ahead_ms > 4.0 * 3600.0 * 1000.0, "the browser's clock is wrong: {ahead_ms}");
        self.jail.devtools("Page.removeScriptToEvaluateOnNewDocument", added).await;
        let after = self.left().await;
        assert!([&before, &after].contains(&&skewed), "{before}, {skewed}, {after}");
    }

    pub async fn release(&mut self) {
        let begun = Begun::at(&self.jail);
        self.jail.go(&format!("{}/do/release", self.person)).await;
        self.jail.answer(&[("how", "released")]).await;
        self.jail.click("Record the release").await;
        self.jail.until("released", ".desk-done").await;
        self.tasks.did("clerk", "record the release", &begun, &self.jail);
    }

    /// From the booking to a hold that the law leaves to the supervisor.
    pub async fn until_held(&mut self, name: &str) {
        self.book(name, "D-0001", 1).await;
        self.identify().await;
        self.ask("2016-03-01", "final_order").await;
        self.serve().await;
        self.answer(&[("hold", "comply"), ("notify", "comply")]).await;
        self.notice().await;
        self.eligible().await;
        self.hold().await;
        let words = self.jail.words().await;
        assert!(words.contains("The hold ends, and the person is released March 3"), "{words}");
        assert!(words.contains(name), "{words}");
    }

    /// Nobody comes: the hold ends with its clock, and the person goes.
    pub async fn until_released(&mut self) {
        self.demo.set("2016-03-03T20:00:00Z").await;
        self.jail.until_says(&self.person, "its clock ran out").await;
        self.release().await;
        assert!(self.jail.words().await.contains("custody ended"));
    }

    pub async fn end(self) {
        self.jail.close().await;
        self.office.close().await;
    }
}

/// The county whose law leaves it open, on the day of the story.
pub async fn in_georgia(set: Set) -> Story {
    Story::begin("us-ga", "America/New_York", "2016-03-01T13:00:00Z", "I-247D", set).await
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_law_leaves_it_open_a_supervisor_holds_and_the_clock_releases() {
    let mut story = in_georgia(DESK).await;
    story.until_held("Ångström, Zoë <b>O'Nobody</b>").await;
    story.clock_is_the_nodes().await;
    story.until_released().await;
    std::mem::take(&mut story.tasks).write();
    story.end().await;
}

/// Where the law forbids a hold, nobody is held: the person goes when the time has come.
#[tokio::test(flavor = "multi_thread")]
async fn where_the_law_forbids_a_hold_the_person_goes_at_once() {
    let (zone, from) = ("America/Chicago", "2016-03-01T14:00:00Z");
    let mut story = Story::begin("us-il.cook", zone, from, "I-247D", DESK).await;
    story.book("Somebody of Cook County", "C-0001", 2).await;
    story.identify().await;
    story.ask("2016-03-01", "final_order").await;
    story.serve().await;
    story.jail.go(&format!("{}/do/answer", story.person)).await;
    let words = story.jail.words().await;
    assert!(words.contains("must not") && !words.contains("Yes, do what is asked"), "{words}");
    story.answer(&[("hold", "decline"), ("notify", "decline")]).await;
    story.eligible().await;
    story.jail.go(&story.person.clone()).await;
    let words = story.jail.words().await;
    assert!(!words.contains("Start a hold"), "{words}");
    assert!(words.contains("The person is to be released"), "{words}");
    story.release().await;
    assert!(story.jail.words().await.contains("custody ended"));
    story.end().await;
}

/// Where the law requires it, the agency holds, and the federal side takes the person in time.
#[tokio::test(flavor = "multi_thread")]
async fn where_the_law_requires_a_hold_the_person_is_handed_over() {
    let (zone, from) = ("America/Chicago", "2018-06-01T14:00:00Z");
    let mut story = Story::begin("us-tx.travis", zone, from, "I-247A", DESK).await;
    (story.warrant, story.asks) = ("I-205", "hold|notify|transfer");
    story.book("Somebody of Travis County", "T-0001", 3).await;
    story.identify().await;
    story.ask("2018-06-01", "final_order").await;
    story.serve().await;
    story.jail.go(&format!("{}/do/answer", story.person)).await;
    let words = story.jail.words().await;
    assert!(words.contains("must") && !words.contains("No, decline"), "{words}");
    story.answer(&[("hold", "comply"), ("notify", "comply"), ("transfer", "comply")]).await;
    story.eligible().await;
    story.hold().await;
    story.jail.go(&format!("{}/do/transfer", story.person)).await;
    story.jail.answer(&[]).await;
    story.jail.click("Record the transfer").await;
    story.jail.until("transferred", ".desk-done").await;
    assert!(story.jail.words().await.contains("custody ended"));
    story.end().await;
}
