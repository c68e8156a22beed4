//! Writes the pages with their assets into a folder, to be looked at: set COMITY_SHOW to it.

use crate::tab::*;
use crate::town::*;
use comity_server::account::Role;
use std::path::PathBuf;

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_whole_and_can_be_looked_at() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    book(&town.jail, &town.clerk).await;
    let folder = std::env::var_os("COMITY_SHOW").map(PathBuf::from);
    let chief = Tab::of(&town.jail, &town.jail.person("chief", Role::Administrator).await);
    let auditor = Tab::of(&town.jail, &town.jail.person("auditor", Role::Auditor).await);
    let clerk = Tab::of(&town.jail, &town.clerk);
    chief.post("/admin/accounts", &[("name", "booker"), ("role", "software")]).await.is(303);
    let form =
        [("account", "booker"), ("label", "live"), ("days", "30"), ("scope", "import_bookings")];
    let mut pages = vec![("token", chief.post("/admin/tokens", &form).await)];
    let form = [("name", "ann"), ("role", "clerk")];
    pages.push(("invitation", chief.post("/admin/accounts", &form).await));
    chief.post("/admin/backups", &[]).await.is(303);
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let paths = [
        "/admin",
        "/admin/accounts",
        "/admin/accounts/clerk",
        "/admin/tokens",
        "/admin/peers",
        "/admin/keys",
        "/admin/backups",
    ];
    for path in paths {
        pages.push((path, chief.get(path).await));
    }
    let news = serde_json::to_string(&town.office.home.news().unwrap()).unwrap();
    pages.push(("peer-check", chief.post("/admin/peers/check", &[("news", &news)]).await));
    let paths = [
        "/ledger",
        "/ledger/events/0",
        "/ledger/verify",
        "/audit",
        "/account",
        "/help",
        "/help/auditor",
        "/help/persona",
        "/ledger/events/2",
    ];
    for path in paths {
        pages.push((path, auditor.get(path).await));
    }
    pages.push(("app", clerk.post("/account/app/begin", &[]).await));
    pages.push(("passkey", clerk.post("/account/passkeys/begin", &[]).await));
    town.jail.at("2016-03-01T14:16:00Z");
    let asked = clerk.post("/account/recovery", &[]).await.is(403);
    asked.has("Show again that it is you");
    pages.push(("confirm", asked));
    for (name, page) in &pages {
        assert!(
            page.html.starts_with("<!doctype html>") && page.html.trim_end().ends_with("</html>"),
            "{name}"
        );
        assert_eq!(page.html.matches("<h1").count(), 1, "{name}");
        assert!(!page.html.contains(" style=\"") && !page.html.contains("<script>"), "{name}");
        assert!(!page.html.contains("Canary") || *name == "board", "{name}");
        let ids: Vec<&str> =
            page.html.split(" id=\"").skip(1).map(|s| s.split('"').next().unwrap()).collect();
        let unique: std::collections::BTreeSet<&&str> = ids.iter().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: an id twice: {ids:?}");
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder.join("assets")).unwrap();
            let file = name.trim_start_matches('/').replace('/', "-") + ".html";
            let html = page.html.replace("\"/assets/", "\"assets/");
            std::fs::write(folder.join(file), html).unwrap();
        }
    }
    if let Some(folder) = &folder {
        let assets = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("assets");
        for entry in
            ["", "fonts", "icons"].map(|part| std::fs::read_dir(assets.join(part)).unwrap())
        {
            for file in entry.flatten().filter(|f| f.path().is_file()) {
                let to = folder.join("assets").join(file.file_name());
                if file.file_name() == "uswds.css" || file.file_name() == "desk.css" {
                    let css = std::fs::read_to_string(file.path()).unwrap();
                    std::fs::write(to, css.replace("url(/assets/", "url(")).unwrap();
                } else {
                    std::fs::copy(file.path(), to).unwrap();
                }
            }
        }
    }
}
