//! The first half of the story of an arrest: booked, found, identified.

use crate::browser::{Browser, Set};
use crate::demo::Demo;

/// Where the clerk's side of a story is.
pub struct Story {
    pub demo: Demo,
    pub jail: Browser,
    pub office: Browser,
    /// The person's page at the jail.
    pub person: String,
}

const CONVICTION: [(&str, &str); 3] = [
    ("convictions.0.category", "robbery"),
    ("convictions.0.level", "felony"),
    ("convictions.0.convicted_on", "2012-05-04"),
];

impl Story {
    /// Two desks, with the clerk and the examiner at them.
    pub async fn begin(place: &str, zone: &str, from: &str, set: Set) -> Story {
        let demo = Demo::start(place, zone, from);
        let jail = Browser::open(&demo.jail, set).await;
        let office = Browser::open(&demo.office, set).await;
        jail.sign_in("clerk").await;
        office.sign_in("examiner").await;
        Story { demo, jail, office, person: String::new() }
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

    pub async fn end(self) {
        self.jail.close().await;
        self.office.close().await;
    }
}
