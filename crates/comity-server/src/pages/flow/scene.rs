//! What a flow's questions and entry are made from.

use super::ask::{Cell, Choice, LawSaid, ROWS_MAX};
use crate::app::App;
use crate::pages::form::Sent;
use crate::second::{Act, Override, Standing, override_of, reason_words};
use comity_exchange::case::{Advice, Case, Finding, Law, Request, RequestId};
use comity_model::Diagnostic;
use comity_node::CaseView;
use comity_policy::{Channel, Verified};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// What a flow's questions and entry are made from.
pub struct Scene<'a> {
    /// The node.
    pub app: &'a App,
    /// The case; `None` for somebody who is booked now.
    pub view: Option<&'a CaseView>,
    /// What was answered so far.
    pub sent: &'a Sent,
    /// The node's clock.
    pub now: Timestamp,
    /// The facility's zone.
    pub zone: TimeZone,
    /// What this agency does where the law leaves it open.
    pub standing: &'a Standing,
}

impl Scene<'_> {
    /// The case.
    pub fn case(&self) -> Option<&Case> {
        self.view.map(|view| &view.case)
    }

    /// What the flow is about, beside the case: the request, claim or duty that the link named.
    pub fn of(&self) -> &str {
        self.sent.get("of")
    }

    /// The request that the flow is about: the one named, or the one that stands.
    pub fn request(&self) -> Option<&Request> {
        let case = self.case()?;
        let named = case.requests.iter().find(|r| r.draft.request.to_string() == self.of());
        named.or_else(|| case.standing())
    }

    /// The id of that request.
    pub fn request_id(&self) -> Option<RequestId> {
        self.request().map(|r| r.draft.request)
    }

    /// A day that was answered.
    pub fn day(&self, id: &str) -> Option<Date> {
        self.sent.get(id).parse().ok()
    }

    /// A moment that was answered, in the facility's zone. A time that the zone skips is none;
    /// of two that it has twice, the earlier counts, which never lengthens a hold.
    pub fn moment(&self, id: &str) -> Option<Timestamp> {
        self.moment_of(self.sent.get(id))
    }

    /// The moment that a text says, in the facility's zone; as [`Scene::moment`].
    pub fn moment_of(&self, text: &str) -> Option<Timestamp> {
        let text = text.trim().replacen(' ', "T", 1);
        let local: DateTime = text.parse().ok()?;
        let ambiguous = self.zone.to_ambiguous_zoned(local);
        if matches!(ambiguous.offset(), jiff::tz::AmbiguousOffset::Gap { .. }) {
            return None;
        }
        ambiguous.earlier().ok().map(|zoned| zoned.timestamp())
    }

    /// A moment as the field of a moment holds it: `2016-03-01T14:30`.
    pub fn field_of(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%dT%H:%M").to_string()
    }

    /// The day of a moment, as a field holds it.
    pub fn day_of(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).date().to_string()
    }

    /// What was said of one fact of a question: `yes`, `no`, or empty.
    pub fn each(&self, id: &str, choice: &Choice) -> &str {
        self.sent.get(&format!("{id}.{}", choice.value))
    }

    /// The lines of a table that hold anything; their cells in order.
    pub fn rows(&self, id: &str, cells: &[Cell]) -> Vec<Vec<String>> {
        let line = |number: usize| {
            let held = |cell: &Cell| self.sent.get(&format!("{id}.{number}.{}", cell.name));
            cells.iter().map(|cell| held(cell).trim().to_owned()).collect::<Vec<_>>()
        };
        (0..ROWS_MAX).map(line).filter(|l| l.iter().any(|cell| !cell.is_empty())).collect()
    }

    /// Whether an act would be an override, as the case stands.
    pub fn override_of(&self, act: &Act) -> Option<Override> {
        override_of(self.case()?, &self.finding().ok()?, self.standing, act)
    }

    /// The reason that was written, after the one that was chosen for an override.
    pub fn reason(&self) -> String {
        let text = self.sent.get("reason");
        match reason_words(self.sent.get("why")) {
            Some(words) => format!("{words}: {text}"),
            None => text.to_owned(),
        }
    }

    /// What the law says of the case now.
    ///
    /// # Errors
    /// Nobody was booked; findings on the facts.
    pub fn finding(&self) -> Result<Finding, Vec<Diagnostic>> {
        let case = self.case().ok_or_else(Vec::new)?;
        Advice::of(&self.app.library, case, self.now).map(|advice| advice.finding().clone())
    }
}

/// What the law says on a channel, for beside a question.
pub fn law_said(channel: Channel, law: &Law) -> LawSaid {
    let rule = law.rule();
    let says = match (law, rule) {
        (_, Some(rule)) => rule.says.clone(),
        (Law::Undetermined { .. }, _) => {
            "The law cannot be told with the facts that are known.".to_owned()
        }
        (Law::MustNot(_), None) => "The law forbids it.".to_owned(),
        _ => "No rule of this place speaks of it: a person decides.".to_owned(),
    };
    LawSaid {
        name: law.name(),
        on: crate::pages::words::plain(channel.name()),
        says,
        cite: rule.map_or_else(String::new, |rule| rule.cite.clone()),
        unverified: rule.is_some_and(|rule| rule.verified != Verified::Primary),
    }
}
