//! The story of an arrest, from the booking to the release, under three laws.

use crate::browser::{Browser, DESK, Set};
use crate::demo::Demo;

/// Where the clerk's side of a story is.
pub struct Story {
    pub demo: Demo,
    pub jail: Browser,
    pub office: Browser,
    /// The person's page at the jail.
    pub person: String,
    /// The case at the office has the same path.
    pub form: &'static str,
}

const CONVICTION: [(&str, &str); 3] = [
    ("convictions.0.category", "robbery"),
    ("convictions.0.level", "felony"),
    ("convictions.0.convicted_on", "2012-05-04"),
];

impl Story {
    /// Two desks, with the clerk and the examiner at them.
    pub async fn begin(place: &str, zone: &str, from: &str, form: &'static str, set: Set) -> Story {
        let demo = Demo::start(place, zone, from);
        let jail = Browser::open(&demo.jail, set).await;
        let office = Browser::open(&demo.office, set).await;
        jail.sign_in("clerk").await;
        office.sign_in("examiner").await;
        Story { demo, jail, office, person: String::new(), form }
    }

    /// The clerk books a person and sends the prints.
    pub async fn book(&mut self, name: &str, number: &str, card: usize) {
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
    }

    /// The examiner verifies the first candidate.
    pub async fn identify(&mut self) {
        self.office.until_says(&self.person, "candidates wait for an examiner").await;
        self.office.go(&format!("{}/do/verify", self.person)).await;
        let first = self.office.client.find(fantoccini::Locator::Css("input[name=candidate]"));
        let record = first.await.unwrap().attr("value").await.unwrap().unwrap();
        self.office.answer(&[("candidate", &record)]).await;
        self.office.click("It is the same person").await;
        self.office.until("verified", ".desk-done").await;
    }

    /// The duty officer determines status and asks.
    pub async fn ask(&mut self, dated: &str, basis: &str) {
        self.office.sign_in("officer").await;
        self.office.go(&format!("{}/do/determine", self.person)).await;
        let determined = [
            ("removable", "yes"),
            ("basis", basis),
            ("probable_cause", "yes"),
            ("final_order", "yes"),
            ("final_order_on", "2014-02-03"),
        ];
        self.office.answer(&determined).await;
        self.office.click("Record the determination").await;
        self.office.until("determined", ".desk-done").await;
        self.office.go(&format!("{}/do/evaluate", self.person)).await;
        self.office.click("Ask now").await;
        self.office.until("evaluated", ".desk-done").await;
        self.office.go(&format!("{}/do/issue", self.person)).await;
        let form = [
            ("form", self.form),
            ("issued_on", dated),
            ("asks", "hold|notify"),
            ("basis", basis),
            ("boxes", "priority_box|probable_cause_box|officer_authorized|facially_complete"),
        ];
        self.office.answer(&form).await;
        self.office.click("Issue the request").await;
        self.office.until("issued", ".desk-done").await;
        self.jail.until_says(&self.person, "Asks for").await;
    }

    /// The clerk records service; the supervisor answers.
    pub async fn answer(&mut self, choices: &[(&str, &str)]) {
        self.jail.go(&format!("{}/do/serve", self.person)).await;
        self.jail.answer(&[]).await;
        self.jail.click("Record it").await;
        self.jail.until("served", ".desk-done").await;
        self.jail.sign_in("supervisor").await;
        self.jail.go(&format!("{}/do/answer", self.person)).await;
        self.jail.answer(choices).await;
        self.jail.click("Send the answer").await;
        self.jail.until("answered", ".desk-done").await;
    }

    /// Bond is posted: the person would be released now.
    pub async fn eligible(&mut self) {
        self.jail.go(&format!("{}/do/eligible", self.person)).await;
        self.jail.answer(&[("reason", "bond_posted")]).await;
        self.jail.click("Record it").await;
        self.jail.until("eligible", ".desk-done").await;
    }

    pub async fn hold(&mut self) {
        self.jail.go(&format!("{}/do/hold", self.person)).await;
        self.jail.answer(&[("sure", "yes")]).await;
        self.jail.click("Start the hold").await;
        self.jail.until("held", ".desk-done").await;
    }

    pub async fn release(&mut self) {
        self.jail.go(&format!("{}/do/release", self.person)).await;
        self.jail.answer(&[("how", "released")]).await;
        self.jail.click("Record the release").await;
        self.jail.until("released", ".desk-done").await;
    }

    pub async fn end(self) {
        self.jail.close().await;
        self.office.close().await;
    }
}

const GEORGIA: (&str, &str, &str) = ("us-ga", "America/New_York", "2016-03-01T13:00:00Z");

/// Nobody comes: the hold ends with its clock, and the person goes.
#[tokio::test(flavor = "multi_thread")]
async fn where_the_law_leaves_it_open_a_supervisor_holds_and_the_clock_releases() {
    let (place, zone, from) = GEORGIA;
    let mut story = Story::begin(place, zone, from, "I-247D", DESK).await;
    story.book("Ångström, Zoë <b>O'Nobody</b>", "D-0001", 1).await;
    story.identify().await;
    story.ask("2016-03-01", "final_order").await;
    story.answer(&[("hold", "comply"), ("notify", "comply")]).await;
    story.eligible().await;
    story.hold().await;
    let words = story.jail.words().await;
    assert!(words.contains("The hold ends, and the person is released March 3, 2016"), "{words}");
    assert!(words.contains("Ångström, Zoë <b>O'Nobody</b>"), "{words}");
    story.demo.set("2016-03-03T20:00:00Z").await;
    story.jail.until_says(&story.person.clone(), "its clock ran out").await;
    story.release().await;
    assert!(story.jail.words().await.contains("custody ended"));
    story.end().await;
}
