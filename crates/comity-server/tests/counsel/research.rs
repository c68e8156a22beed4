//! Research: a run goes from question to download, is ended, survives a reload and a restart of
//! the server, and no upload is believed.

use crate::library_pages::shown;
use crate::town::*;
use comity_model::Diagnostic;
use comity_server::account::Role;
use comity_server::research::*;
use comity_server::serve::{Offers, Server};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Counts lines; data that say `slow` wait until they are canceled, `broken` fail.
struct Counter;

impl Research for Counter {
    fn data_sets(&self) -> Vec<DataSet> {
        Vec::new()
    }

    fn path(&self, _: &str) -> Option<PathBuf> {
        None
    }

    fn mappings(&self) -> Vec<Named> {
        vec![Named { id: "generic".to_owned(), says: "generic: any".to_owned() }]
    }

    fn recognize(&self, _: &Path) -> Recognized {
        Recognized { mapping: Some("generic".to_owned()), says: "It fits <b>.".to_owned() }
    }

    fn columns(&self, data: &Path) -> Result<Vec<ColumnSeen>, Diagnostic> {
        let text = std::fs::read_to_string(data).unwrap();
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let names = lines.next().unwrap_or_default();
        let rows: Vec<Vec<&str>> = lines.collect();
        let seen = |(i, name): (usize, &&str)| {
            let cells: Vec<&str> = rows.iter().filter_map(|r| r.get(i).copied()).collect();
            let mut values: Vec<(String, u64)> = Vec::new();
            for cell in cells.iter().filter(|c| !c.is_empty()) {
                match values.iter_mut().find(|(v, _)| v == cell) {
                    Some((_, count)) => *count += 1,
                    None => values.push(((*cell).to_owned(), 1)),
                }
            }
            let days = cells.iter().filter(|c| c.contains('/')).count() as u64;
            let is_cut = *name == "many";
            let reads = if days > 0 { vec![("us-date", days)] } else { Vec::new() };
            ColumnSeen { name: (*name).to_owned(), filled: 1, values, is_cut, reads }
        };
        Ok(names.iter().enumerate().map(seen).collect())
    }

    fn check(&self, text: &str) -> Result<String, Vec<Diagnostic>> {
        let root: toml::Table = text.parse().unwrap();
        let title = root.get("title").and_then(toml::Value::as_str);
        title.map(str::to_owned).ok_or_else(|| {
            let mut d = Diagnostic::error("missing-key", "a mapping needs `<title>`");
            (d.line, d.column) = (3, 1);
            vec![d]
        })
    }

    fn run(
        &self,
        _: &Ask,
        data: &Path,
        folder: &Path,
        watch: &Watch,
    ) -> Result<Outcome, Vec<Diagnostic>> {
        let text = std::fs::read_to_string(data).unwrap();
        if text.contains("broken") {
            return Err(vec![Diagnostic::error("bad-row", "row 1 <script> is broken")]);
        }
        watch.tell(1, 0.5);
        while text.contains("slow") {
            if watch.canceled().load(Ordering::SeqCst) {
                return Err(vec![Diagnostic::error("canceled", "ended")]);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        std::fs::write(folder.join("answers.csv"), "a,b\r\n").unwrap();
        let table = Table {
            name: "answers".to_owned(),
            says: "Answers".to_owned(),
            heads: vec!["law".to_owned()],
            rows: vec![vec!["<script>alert(1)</script>".to_owned()]],
            more: 3,
        };
        Ok(Outcome {
            facts: vec![(text.lines().count().to_string(), "rows read".to_owned())],
            bars: vec![Bar { says: "in force <i>".to_owned(), parts: [1, 2, 3, 4] }],
            tables: vec![table],
            files: vec!["answers.csv".to_owned()],
            receipt: "{}".to_owned(),
            ..Outcome::default()
        })
    }
}

pub async fn up(house: &mut House) {
    if let Some(server) = house.server.take() {
        server.stop().await;
    }
    let offers = Offers { cases: Vec::new(), research: Some(Arc::new(Counter)) };
    let server =
        Server::start_with(&house.home, crate::town::library::library().clone(), None, offers)
            .await;
    house.server = Some(server.unwrap_or_else(|d| panic!("{d:?}")));
}

pub async fn upload(house: &House, token: &str, bytes: &str) -> Reply {
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"data\"; filename=\"../../etc/passwd.exe\"\r\n\r\n{bytes}\r\n--x--\r\n"
    );
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let request = client.build().unwrap().post(format!("{}/research/data", house.url));
    let request = request.header("content-type", "multipart/form-data; boundary=x").body(body);
    house.send(request, token).await
}

/// Posts a form; where it sends the browser.
pub async fn post(
    house: &House,
    token: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> (u16, String) {
    let mut body = reqwest::Url::parse("http://x/").unwrap();
    body.query_pairs_mut().extend_pairs(fields);
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let request = client.build().unwrap().post(format!("{}{path}", house.url));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request = request.body(body.query().unwrap_or_default().to_owned());
    let reply = house.send(request, token).await;
    let to = reply.headers.get("location").map(|l| l.to_str().unwrap().to_owned());
    (reply.status, to.unwrap_or_else(|| String::from_utf8_lossy(&reply.body).into_owned()))
}

/// Uploads a table and starts a run over it; the run's address.
async fn started(house: &House, token: &str, bytes: &str) -> String {
    let sent = upload(house, token, bytes).await;
    assert_eq!(sent.status, 303, "{}", String::from_utf8_lossy(&sent.body));
    let to = sent.headers["location"].to_str().unwrap().to_owned();
    let form = shown(house, token, &to).await;
    assert!(form.contains("SHA-256") && form.contains("It fits &#60;b&#62;."), "{form}");
    let data = to.split_once("data=").unwrap().1;
    let fields = [
        ("data", data),
        ("mapping", "generic"),
        ("under", "in-force"),
        ("versus", "us-pa.philadelphia.eo-1-14"),
        ("channel", "hold"),
        ("by", "year"),
    ];
    let (status, run) = post(house, token, "/research/runs", &fields).await;
    assert_eq!(status, 303, "{run}");
    run
}

/// Waits until a run's page says something.
async fn until(house: &House, token: &str, run: &str, what: &str) -> String {
    for _ in 0..2000 {
        let html = shown(house, token, run).await;
        if html.contains(what) {
            return html;
        }
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    panic!("{run} never says `{what}`: {}", shown(house, token, run).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_from_the_upload_to_the_download_and_has_one_address() {
    let mut town = Town::new("2016-03-01T14:05:00Z").await;
    up(&mut town.jail).await;
    let (jail, clerk) = (&town.jail, &town.clerk);
    let counsel = &jail.person("counsel", Role::Counsel).await;
    let run = started(jail, counsel, "a,b\n1,2\n").await;
    let html = until(jail, counsel, &run, "<strong>done</strong>").await;
    assert!(html.contains("<strong>2</strong> rows read") && html.contains("<svg"), "{html}");
    assert!(!html.contains("<script>alert") && !html.contains("http-equiv"), "{html}");
    assert!(html.contains("And 3 rows more"), "{html}");
    assert_eq!(started(jail, counsel, "a,b\n1,2\n").await, run, "one question, one address");
    assert_ne!(started(jail, counsel, "a,b\n1,3\n").await, run);
    let file = jail.get(counsel, &format!("{run}/files/answers.csv")).await;
    assert_eq!(file.body, b"a,b\r\n");
    for other in ["../ask.json", "..%2fask.json", "nothing", "/etc/passwd"] {
        assert_eq!(jail.get(counsel, &format!("{run}/files/{other}")).await.status, 404, "{other}");
    }
    for path in ["/research", "/research/new", run.as_str()] {
        assert_eq!(jail.get(clerk, path).await.status, 403, "{path}");
    }
    assert!(!shown(jail, clerk, "/policies").await.contains("href=\"/research\""));
    assert!(shown(jail, counsel, "/research").await.contains(&run));
    for path in [
        "/research/runs/x",
        "/research/runs/00000000000000000000000000000000",
        "/research/new?data=..%2f..%2fnode.toml",
        "/research/new?data=node.toml",
    ] {
        assert_eq!(jail.get(counsel, path).await.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_go_one_at_a_time_are_ended_and_say_when_the_server_stopped_in_the_middle() {
    let mut town = Town::new("2016-03-01T14:05:00Z").await;
    up(&mut town.jail).await;
    let counsel = town.jail.person("counsel", Role::Counsel).await;
    let slow = started(&town.jail, &counsel, "slow,1\n").await;
    let html = until(&town.jail, &counsel, &slow, "50 percent").await;
    assert!(html.contains("http-equiv=\"refresh\""), "a page without a script reads itself again");
    let second = started(&town.jail, &counsel, "a,slow,2\n").await;
    let third = started(&town.jail, &counsel, "broken,3\n").await;
    assert!(shown(&town.jail, &counsel, &second).await.contains("<strong>waits</strong>"));
    for run in [&second, &slow] {
        let (status, to) = post(&town.jail, &counsel, &format!("{run}/cancel"), &[]).await;
        assert_eq!((status, &to), (303, run));
        until(&town.jail, &counsel, run, "<strong>canceled</strong>").await;
    }
    let failed = until(&town.jail, &counsel, &third, "<strong>failed</strong>").await;
    assert!(failed.contains("row 1 &#60;script&#62; is broken"), "{failed}");
    let (_, again) = post(&town.jail, &counsel, &format!("{slow}/again"), &[]).await;
    assert_eq!(again, slow);
    until(&town.jail, &counsel, &slow, "under way").await;
    // The state of a run that was under way when the server ended: nothing says that it did.
    let id = slow.rsplit('/').next().unwrap();
    let folder = town.jail.home.folder.join("research/runs").join(id);
    assert!(folder.join("ask.json").exists() && !folder.join("state.json").exists());
    post(&town.jail, &counsel, &format!("{slow}/cancel"), &[]).await;
    until(&town.jail, &counsel, &slow, "<strong>canceled</strong>").await;
    std::fs::remove_file(folder.join("state.json")).unwrap();
    up(&mut town.jail).await;
    let counsel = town.jail.sign_in("counsel").await;
    let html = shown(&town.jail, &counsel, &slow).await;
    assert!(html.contains("<strong>interrupted</strong>") && html.contains("Start it again"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_upload_and_no_field_is_believed() {
    let mut town = Town::new("2016-03-01T14:05:00Z").await;
    up(&mut town.jail).await;
    let jail = &town.jail;
    let counsel = &jail.person("counsel", Role::Counsel).await;
    for bytes in ["", "no table at all", "MZ\u{0}\u{0},a program"] {
        assert_eq!(upload(jail, counsel, bytes).await.status, 400, "{bytes}");
    }
    let kept: Vec<_> = std::fs::read_dir(jail.home.folder.join("research/data"))
        .map(|entries| entries.map(|e| e.unwrap().file_name()).collect())
        .unwrap_or_default();
    assert!(kept.is_empty(), "{kept:?}");
    let sent = upload(jail, counsel, "a,b\n").await;
    let to = sent.headers["location"].to_str().unwrap().to_owned();
    let data = to.split_once("data=").unwrap().1;
    assert!(data.ends_with(".csv") && data.len() == 68, "{data}: named by its bytes alone");
    let good = [("data", data), ("mapping", ""), ("under", "in-force"), ("channel", "hold")];
    for (field, value) in [
        ("data", "../../node.toml"),
        ("data", "other.csv"),
        ("mapping", "nothing"),
        ("under", "us-nothing"),
        ("under", "with-draft"),
        ("versus", "<script>"),
        ("channel", "fly"),
        ("draft", "id = 3"),
    ] {
        let mut fields: Vec<(&str, &str)> = good.into_iter().filter(|(f, _)| *f != field).collect();
        fields.push((field, value));
        let (status, html) = post(jail, counsel, "/research/runs", &fields).await;
        assert_eq!(status, 400, "{field}={value}: {html}");
    }
    let draft = crate::town::library::library().clone().policies().next().unwrap().1.text.clone();
    let (status, html) = post(jail, counsel, "/research/new", &[("text", &draft)]).await;
    assert_eq!(status, 200, "{html}");
    assert!(html.contains("with the draft in the library"), "{html}");
    let fields = [
        good[0],
        good[1],
        ("under", "with-draft"),
        ("versus", "in-force"),
        good[3],
        ("draft", &draft),
    ];
    let (status, to) = post(jail, counsel, "/research/runs", &fields).await;
    assert_eq!(status, 303, "{to}");
}
