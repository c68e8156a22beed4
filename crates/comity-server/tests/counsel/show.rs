//! Pages to be looked at: where `COMITY_SHOW` names a folder, they are written there with their
//! assets, to be opened from disk.

use crate::library_pages::shown;
use crate::town::*;
use std::path::PathBuf;

const PAGES: [(&str, &str); 8] = [
    ("library", "/policies"),
    ("library-filtered", "/policies?at=us-pa.philadelphia&on=2015-01-01"),
    ("instrument", "/policies/us-ca.trust-act.2014"),
    ("instrument-city", "/policies/us-pa.philadelphia.eo-1-14"),
    ("compare", "/policies/compare?a=us-pa.philadelphia.eo-1-14&b=us-pa.philadelphia.eo-7-15"),
    ("compare-days", "/policies/compare?at=us-pa.philadelphia&on=2014-04-01&then=2014-05-01"),
    ("workbench", "/policies/workbench"),
    ("workbench-policy", "/policies/workbench?from=us-pa.philadelphia.eo-1-14&sample=own-2"),
];

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_written_where_somebody_wants_to_look_at_them() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let folder = std::env::var_os("COMITY_SHOW").map(PathBuf::from);
    for (name, path) in PAGES {
        let html = shown(&town.jail, &town.clerk, path).await;
        assert!(html.contains("<h1>") && !html.contains("style=\""), "{path}");
        let Some(folder) = &folder else { continue };
        std::fs::create_dir_all(folder.join("assets")).unwrap();
        let mut html = html.replace("\"/assets/", "\"assets/");
        if let Some((_, rest)) = html.split_once("<img src=\"") {
            let src = rest.split('"').next().unwrap().to_owned();
            let map = town.jail.get(&town.clerk, &src.replace("&amp;", "&")).await;
            std::fs::write(folder.join(format!("{name}.svg")), map.body).unwrap();
            html = html.replace(&src, &format!("{name}.svg"));
        }
        std::fs::write(folder.join(format!("{name}.html")), html).unwrap();
    }
    let Some(folder) = folder else { return };
    for name in [
        "uswds.css",
        "desk.css",
        "favicon.svg",
        "PublicSans-Regular.woff2",
        "PublicSans-Bold.woff2",
    ] {
        let asset = town.jail.get("", &format!("/assets/{name}")).await;
        let text = asset.body;
        let path = folder.join("assets").join(name);
        match String::from_utf8(text) {
            Ok(css) => std::fs::write(path, css.replace("url(/assets/", "url(")).unwrap(),
            Err(e) => std::fs::write(path, e.into_bytes()).unwrap(),
        }
    }
}
