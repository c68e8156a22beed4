//! Help: a guide per role. The text is that of `docs/guides/desk/`, so that there is one source
//! for the page, the printed guide and the repository (docs/adr/0048).

use super::frame::{Frame, show};
use super::{PageRoute, assets, page};
use crate::account::Role;
use crate::app::App;
use crate::door::{self, Knock};
use crate::problem::Problem;
use crate::routes::Needs;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use std::sync::{Arc, LazyLock};

pub(super) const PAGES: &[PageRoute] = &[
    page("GET", "/help", Needs::Nobody, "Help: the guides", || get(index)),
    page("GET", "/help/{guide}", Needs::Nobody, "Help: one guide", || get(guide)),
];

/// A guide.
pub struct Guide {
    /// Its name in the address.
    pub name: &'static str,
    /// Its language: `en`, `es`.
    pub lang: &'static str,
    /// Its heading.
    pub title: String,
    /// Its first paragraph, as text.
    pub lead: String,
    /// Its parts: anchor and heading.
    pub parts: Vec<(String, String)>,
    html: String,
}

macro_rules! guides {
    ($($name:literal $lang:literal $file:literal,)*) => {
        const TEXTS: &[(&str, &str, &str)] = &[$((
            $name, $lang, include_str!(concat!("../../../../docs/guides/desk/", $file)),
        )),*];
    };
}

guides! {
    "everyone" "en" "everyone.md",
    "clerk" "en" "clerk.md",
    "supervisor" "en" "supervisor.md",
    "duty-officer" "en" "duty-officer.md",
    "examiner" "en" "examiner.md",
    "counsel" "en" "counsel.md",
    "researcher" "en" "researcher.md",
    "auditor" "en" "auditor.md",
    "administrator" "en" "administrator.md",
    "person" "en" "person.md",
    "persona" "es" "person.es.md",
}

static GUIDES: LazyLock<Vec<Guide>> =
    LazyLock::new(|| TEXTS.iter().map(|(name, lang, text)| read(name, lang, text)).collect());

/// Every guide.
pub fn guides() -> &'static [Guide] {
    &GUIDES
}

/// The guide of a role.
fn guide_of(role: Role) -> &'static str {
    match role {
        Role::Clerk => "clerk",
        Role::Supervisor => "supervisor",
        Role::Examiner => "examiner",
        Role::DutyOfficer => "duty-officer",
        Role::Counsel => "counsel",
        Role::Auditor => "auditor",
        Role::Administrator | Role::Software => "administrator",
    }
}

/// Where somebody with these roles reads about a room: `/board`. The role's own guide where it
/// tells of it, the guide for everybody otherwise.
pub fn place(roles: impl IntoIterator<Item = Role>, room: &str) -> String {
    let anchor = room.trim_start_matches('/');
    let names: Vec<&str> = roles.into_iter().map(guide_of).collect();
    let tells = |name: &&str| {
        let guide = GUIDES.iter().find(|guide| guide.name == *name);
        guide.is_some_and(|guide| guide.parts.iter().any(|(id, _)| id == anchor))
    };
    if let Some(name) = names.iter().chain([&"everyone"]).find(|name| tells(name)) {
        return format!("/help/{name}#{anchor}");
    }
    names.first().map_or_else(|| "/help".to_owned(), |name| format!("/help/{name}"))
}

fn text_of(events: &[Event<'_>]) -> String {
    let text = events.iter().filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
        Event::SoftBreak => Some(" "),
        _ => None,
    });
    text.collect()
}

/// Reads a guide. Raw HTML is left out, and so are pictures that are not in the binary.
fn read(name: &'static str, lang: &'static str, text: &str) -> Guide {
    let options = Options::ENABLE_HEADING_ATTRIBUTES | Options::ENABLE_TABLES;
    let events: Vec<Event<'_>> = Parser::new_ext(text, options).collect();
    let (mut title, mut lead, mut parts) = (String::new(), String::new(), Vec::new());
    let mut kept: Vec<Event<'_>> = Vec::new();
    let mut at = 0;
    while at < events.len() {
        let end = end_of(&events, at);
        let inside = events.get(at + 1..end).unwrap_or_default();
        match &events[at] {
            // The page has its own.
            Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => {
                title = text_of(inside);
                at = end;
            }
            Event::Start(Tag::Heading { level: HeadingLevel::H2, id, .. }) => {
                let id = id.as_ref().map_or(String::new(), ToString::to_string);
                parts.push((id, text_of(inside)));
                kept.push(events[at].clone());
            }
            Event::Start(Tag::Paragraph) if is_picture(inside) => {
                kept.extend(picture(inside));
                at = end;
            }
            Event::Start(Tag::Paragraph) if lead.is_empty() => {
                lead = text_of(inside);
                kept.push(events[at].clone());
            }
            Event::Html(_) | Event::InlineHtml(_) => {}
            event => kept.push(event.clone()),
        }
        at += 1;
    }
    let mut out = String::new();
    html::push_html(&mut out, kept.into_iter());
    Guide { name, lang, title, lead, parts, html: out }
}

/// Where what starts at a place ends; the place itself for what has no inside.
fn end_of(events: &[Event<'_>], at: usize) -> usize {
    let mut depth = 0_usize;
    for (i, event) in events.iter().enumerate().skip(at) {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return i;
        }
    }
    at
}

fn is_picture(inside: &[Event<'_>]) -> bool {
    let starts = matches!(inside.first(), Some(Event::Start(Tag::Image { .. })));
    starts && matches!(inside.last(), Some(Event::End(TagEnd::Image)))
}

/// A picture of the repository (`../img/NAME`), where the binary has it.
fn picture<'a>(inside: &[Event<'a>]) -> Option<Event<'a>> {
    let Some(Event::Start(Tag::Image { dest_url, .. })) = inside.first() else { return None };
    let name = dest_url.rsplit('/').next().filter(|name| assets::has(name))?;
    let mut says = String::new();
    for c in text_of(inside).chars() {
        match c {
            '&' => says.push_str("&amp;"),
            '"' => says.push_str("&quot;"),
            '<' => says.push_str("&lt;"),
            c => says.push(c),
        }
    }
    let figure = format!(
        "<figure class=\"desk-figure\"><img src=\"/assets/{name}\" alt=\"{says}\" loading=\"lazy\"></figure>\n"
    );
    Some(Event::Html(CowStr::from(figure)))
}

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage {
    frame: Frame,
    guides: &'static [Guide],
}

#[derive(Template)]
#[template(path = "guide.html")]
struct GuidePage {
    frame: Frame,
    guide: &'static Guide,
}

async fn frame(app: &Arc<App>, knock: &Knock, title: &str) -> Result<Frame, Problem> {
    Ok(match door::present(app, knock).await? {
        Some(caller) => Frame::of(app, &caller, title, "/help"),
        None => Frame::open(app, title),
    })
}

/// `GET /help`
async fn index(State(app): State<Arc<App>>, knock: Knock) -> Result<Response, Problem> {
    let frame = frame(&app, &knock, "Help").await?;
    show(&HelpPage { frame, guides: &GUIDES })
}

/// `GET /help/{guide}`
async fn guide(
    State(app): State<Arc<App>>,
    knock: Knock,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let guide = GUIDES.iter().find(|guide| guide.name == name).ok_or_else(Problem::not_found)?;
    let frame = frame(&app, &knock, &guide.title).await?;
    show(&GuidePage { frame, guide })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_html_and_pictures_that_are_not_there_are_left_out() {
        let text =
            "# T\n\nLead.\n\n<script>x</script>\n\n![a shot](../img/none.png)\n\n## P {#p}\n";
        let guide = read("t", "en", text);
        assert_eq!((guide.title.as_str(), guide.lead.as_str()), ("T", "Lead."));
        assert_eq!(guide.parts, [("p".to_owned(), "P".to_owned())]);
        assert!(!guide.html.contains("script") && !guide.html.contains("img"), "{}", guide.html);
        assert!(guide.html.contains("<h2 id=\"p\">P</h2>"), "{}", guide.html);
    }

    #[test]
    fn every_guide_has_a_title_a_lead_and_parts_with_anchors() {
        for guide in guides() {
            assert!(!guide.title.is_empty() && guide.lead.len() > 40, "{}", guide.name);
            assert!(guide.parts.len() > 2, "{}", guide.name);
            let is_of_desk = !guide.name.starts_with("person") && guide.name != "everyone";
            assert!(
                !is_of_desk || guide.html.contains("<img src=\"/assets/desk-"),
                "{}",
                guide.name
            );
            assert!(guide.parts.iter().all(|(id, _)| !id.is_empty()), "{}", guide.name);
        }
    }

    #[test]
    fn help_leads_to_the_part_of_the_role_that_looks() {
        assert_eq!(place([Role::Clerk], "/board"), "/help/clerk#board");
        assert_eq!(place([Role::Clerk], "/account"), "/help/everyone#account");
        assert_eq!(place([Role::Auditor], "/audit"), "/help/auditor#audit");
        assert_eq!(place([Role::Auditor], "/nowhere"), "/help/auditor");
        assert_eq!(place([], "/nowhere"), "/help");
    }
}
