//! Who is let in to each page, and who is not.

use crate::tab::Tab;
use crate::town::*;
use comity_exchange::case::Side;
use comity_server::account::Role;
use comity_server::pages::{self, help};
use comity_server::routes::Needs;

const ROOMS: [&str; 5] = ["/account", "/admin", "/audit", "/ledger", "/help"];

fn filled(path: &str) -> String {
    let path = path.replace("{case}", CASE).replace("{index}", "0").replace("{guide}", "clerk");
    path.replace("{account}", "nobody")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_lets_in_whom_its_permission_names_and_nobody_else() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let mut seen = 0;
    for (house, side) in [(&town.jail, Side::Agency), (&town.office, Side::Federal)] {
        let nobody = Tab::of(house, "");
        let mut people = Vec::new();
        for role in Role::ALL.into_iter().filter(|r| r.fits(side) && *r != Role::Software) {
            let name = format!("r-{role:?}").to_lowercase();
            people.push((role, Tab::of(house, &house.person(&name, role).await)));
        }
        for page in pages::all().map(|page| page.route) {
            if !ROOMS.iter().any(|room| page.path.starts_with(room)) {
                continue;
            }
            let path = filled(page.path);
            let place = format!("{} {path}", page.method);
            let Needs::Permission(permission) = page.needs else {
                assert_eq!(nobody.get(&path).await.status, 200, "{place}");
                continue;
            };
            seen += 1;
            let asked = nobody.send(nobody.request(page.method, &path)).await;
            match page.method {
                "GET" => assert!(
                    asked.status == 303 && asked.to.starts_with("/sign-in?next="),
                    "{place}"
                ),
                _ => assert!([401, 415].contains(&asked.status), "{place} {}", asked.status),
            }
            for (role, tab) in &people {
                let may = permission.is_of(*role, side);
                if page.method == "GET" {
                    let shown = tab.get(&path).await;
                    let place = format!("{place} {role:?} {}", shown.status);
                    if may {
                        assert!(
                            shown.status == 200 || [404, 409].contains(&shown.status),
                            "{place}"
                        );
                    } else {
                        shown.is(403).has("Ask an administrator of your office");
                    }
                } else if !may {
                    tab.post(&path, &[]).await.is(403);
                } else {
                    // Without the page's token nothing is done, and nothing is lost.
                    let again = tab.post_raw(&path, &[("days", "7")]).await;
                    again.is(200).has("Nothing of it was recorded yet");
                    let request = tab.request("POST", &path).header("sec-fetch-site", "cross-site");
                    tab.send(request.body("")).await.is(403).has("another site");
                }
            }
        }
    }
    assert!(seen > 60, "the pages are there");
}

#[tokio::test(flavor = "multi_thread")]
async fn help_is_there_for_everybody_and_every_page_leads_to_its_part() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let nobody = Tab::of(&town.jail, "");
    nobody.get("/help").await.is(200).has("/help/persona").has("Guide for auditors");
    for guide in help::guides() {
        let page = nobody.get(&format!("/help/{}", guide.name)).await.is(200);
        page.has(&format!("<html lang=\"{}\">", guide.lang)).has_not("{#").has_not("../img/");
        for (id, _) in &guide.parts {
            page.has(&format!("id=\"{id}\"")).has(&format!("href=\"#{id}\""));
        }
    }
    nobody.get("/help/nothing").await.is(404);
    let pages = [
        (Role::Clerk, "/board"),
        (Role::Clerk, "/cases"),
        (Role::Clerk, "/account"),
        (Role::Supervisor, "/ledger"),
        (Role::Auditor, "/audit"),
        (Role::Auditor, "/admin"),
        (Role::Administrator, "/admin/accounts"),
        (Role::Administrator, "/ledger"),
    ];
    for (n, (role, path)) in pages.into_iter().enumerate() {
        let tab = Tab::of(&town.jail, &town.jail.person(&format!("h-{n}"), role).await);
        let page = tab.get(path).await.is(200);
        let to = page.between("<a class=\"desk-help\" href=\"", "\"");
        let (place, anchor) = to.split_once('#').unwrap_or_else(|| panic!("{path}: {to}"));
        tab.get(place).await.is(200).has(&format!("<h2 id=\"{anchor}\">"));
    }
}
