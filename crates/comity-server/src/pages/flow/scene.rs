//! What a flow's questions and entry are made from.

use super::ask::{LawSaid, ROWS_MAX};
use crate::app::App;
use crate::pages::form::Sent;
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
        let text = self.sent.get(id).replacen(' ', "T", 1);
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

    /// The lines of a table that hold anything; their cells in order.
    pub fn rows(&self, id: &str) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        for number in 0..ROWS_MAX {
            let prefix = format!("{id}.{number}.");
            let cells: Vec<String> = self
                .sent
                .kept()
                .filter(|(name, _)| name.starts_with(&prefix))
                .map(|(_, value)| value.trim().to_owned())
                .collect();
            if cells.iter().any(|cell| !cell.is_empty()) {
                rows.push(cells);
            }
        }
        rows
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
