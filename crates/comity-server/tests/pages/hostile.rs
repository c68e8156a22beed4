//! What nobody should send.

use crate::browser::*;
use crate::town::*;

#[tokio::test(flavor = "multi_thread")]
async fn hostile_forms_get_a_page_that_says_why_and_record_nothing() {
    let (town, _) = asked("us-ga", true).await;
    let tab = Tab::of(&town.jail, &town.clerk).await;
    let before = town.jail.events(CASE, &town.clerk).await;
    let path = doing("note");
    let note = tab.answer("note", &[("text", "x")]).await;
    // Another session's token, or none: shown again, to be sent on purpose.
    let mut wrong = note.filled(&[("go", "send")]);
    wrong.retain(|(name, _)| name != "csrf");
    tab.post(&path, &wrong).await.is(200).says("Nothing of it was recorded yet");
    wrong.push(("csrf".to_owned(), "0".repeat(64)));
    tab.post(&path, &wrong).await.is(200).says("Nothing of it was recorded yet");
    let other = tab.request("POST", &path).header("sec-fetch-site", "cross-site");
    Page::of(other.body("")).await.is(403).says("another site");
    // Multipart that is none.
    let boundary = "multipart/form-data; boundary=x";
    for body in ["", "--x\r\nnothing", "--x\r\ncontent-disposition: form-data\r\n\r\n"] {
        let sent = tab.request("POST", &path).header("content-type", boundary).body(body);
        let page = Page::of(sent).await;
        assert!((400..500).contains(&page.status) || page.status == 200, "{}", page.status);
        page.says_not("panicked");
    }
    let sent = tab.request("POST", &path).header("content-type", "application/json").body("{}");
    Page::of(sent).await.is(415);
    let big = "text=".to_owned() + &"x".repeat(2 << 20);
    let kind = "application/x-www-form-urlencoded";
    let sent = tab.request("POST", &path).header("content-type", kind).body(big);
    Page::of(sent).await.is(413).says("too large");
    // A case that is another agency's, or nobody's.
    let nobody = "00000000000000000000000000000000";
    for path in ["", "/facts", "/second", "/law", "/report/over-detention", "/do/note"] {
        tab.get(&format!("/cases/{nobody}{path}")).await.is(404).says("nothing here for you");
    }
    tab.get("/cases/not-an-id/facts").await.is(404);
    tab.get(&format!("/cases/{CASE}/do/nothing")).await.is(404);
    assert_eq!(town.jail.events(CASE, &town.clerk).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn script_in_every_field_is_text() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let tab = Tab::of(&town.jail, &town.clerk).await;
    let script = "\"><script>alert(1)</script>";
    let page = tab.get("/book").await.is(200);
    let names = [
        "name",
        "number",
        "place",
        "booked_at",
        "arrested_on",
        "criminal_arrest",
        "facility_kind",
        "age_years",
        "charges.0.category",
        "charges.0.offense_on",
        "convictions.0.sentence_days",
        "complete",
        "of",
        "version",
        "anything",
    ];
    let fields: Vec<(&str, &str)> = names.iter().map(|name| (*name, script)).collect();
    for go in ["next", "send", "change:3", "change:99", "back", "more", "else"] {
        for step in ["0", "3", "8", "99", script] {
            let mut sent = page.filled(&fields);
            sent.push(("go".to_owned(), go.to_owned()));
            sent.push(("step".to_owned(), step.to_owned()));
            let shown = tab.post("/book", &sent).await;
            assert!([200, 422].contains(&shown.status), "{} {}", shown.status, shown.text());
            assert!(!shown.html.contains("<script>alert"), "{go} {step}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_in_any_script_are_kept_and_long_ones_are_refused_where_they_stand() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let tab = Tab::of(&town.jail, &town.clerk).await;
    let answers = |name: &'static str| {
        [
            ("name", name),
            ("number", "B-1"),
            ("place", "us-ga"),
            ("booked_at", "2016-03-01T09:00"),
            ("arrested_on", "2016-03-01"),
            ("criminal_arrest", "yes"),
            ("facility_kind", "county_jail"),
            ("age_years", ""),
            ("charges.0.category", "theft"),
            ("convictions.0.category", ""),
            ("complete", "yes"),
        ]
    };
    let name = "\u{738b}\u{5c0f}\u{660e} \u{0639}\u{0628}\u{062f} \u{0928}\u{093e}\u{092e} <i>";
    let done = tab.record("/book", &answers(name)).await.is(303);
    tab.get(&done.to).await.is(200).says(name);
    let page = tab.get("/book").await;
    let long = "\u{738b}".repeat(10_000);
    let sent = page.filled(&[("name", &long), ("go", "next")]);
    tab.post("/book", &sent).await.is(422).says("At most 200 characters");
    let lines = page.filled(&[("name", "two\nlines"), ("go", "next")]);
    tab.post("/book", &lines).await.is(422).says("This is one line");
    let mut all = page.filled(&answers("x"));
    all.retain(|(n, _)| n != "name");
    all.push(("name".to_owned(), long));
    all.push(("go".to_owned(), "send".to_owned()));
    tab.post("/book", &all).await.is(422).says("Nothing was recorded yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_lie_and_files_that_are_too_large_get_a_page() {
    let town = Town::new("2016-03-01T14:05:00Z").await;
    let (jail, clerk) = (&town.jail, &town.clerk);
    jail.enter(clerk, "book", &booking("us-ga", true)).await.ok();
    let tab = Tab::of(jail, clerk).await;
    let page = tab.get(&doing("prints")).await.is(200);
    let body = |bytes: &[u8]| {
        let mut body = Vec::new();
        for (name, value) in page.filled(&[("go", "send")]) {
            let head = format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend(head.bytes().chain(value.bytes()).chain(*b"\r\n"));
        }
        let head = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"card.an2\"\r\n\
                    content-type: application/octet-stream\r\n\r\n";
        body.extend(head.bytes());
        body.extend(bytes);
        body.extend(*b"\r\n--b--\r\n");
        body
    };
    let send = |bytes: Vec<u8>| {
        let kind = "multipart/form-data; boundary=b";
        Page::of(tab.request("POST", &doing("prints")).header("content-type", kind).body(bytes))
    };
    let before = jail.events(CASE, clerk).await;
    // A picture by its bytes, whatever its name says.
    let png = [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 4000]].concat();
    send(body(&png)).await.is(422).says("no ANSI/NIST-ITL transaction");
    send(body(b"")).await.is(422).says("Choose a file");
    // 200 MB: read no further than the limit.
    send(body(&vec![0; 200 << 20])).await.is(413).says("too large");
    assert_eq!(jail.events(CASE, clerk).await, before);
    send(body(&card("JAIL00001"))).await.is(303);
    assert_eq!(jail.events(CASE, clerk).await, before + 1);
}
