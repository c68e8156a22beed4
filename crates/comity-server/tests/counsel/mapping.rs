//! A researcher says what the columns of a data set mean: by a form, or by a file.

use crate::library_pages::shown;
use crate::research::{post, up, upload};
use crate::town::*;
use comity_server::account::Role;

const DATA: &str = "day <b>,paper,jailed,many\n3/1/2014,I-247,Y,a\n3/2/2014,form D,N,b\n";

/// A town with a researcher, and the name of a data set that was sent.
async fn sent(data: &str) -> (Town, String, String) {
    let mut town = Town::new("2016-03-01T14:05:00Z").await;
    up(&mut town.jail).await;
    let counsel = town.jail.person("counsel", Role::Counsel).await;
    let sent = upload(&town.jail, &counsel, data).await;
    let to = sent.headers["location"].to_str().unwrap().to_owned();
    let data = to.split_once("data=").unwrap().1.to_owned();
    (town, counsel, data)
}

/// What is sent by the form: these fields over the ones that are well.
fn fields<'f>(data: &'f str, with: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    let good = [
        ("data", data),
        ("title", "Made up \"records\""),
        ("place", "us-tx.travis"),
        ("place_column", ""),
        ("c0", "decision.on"),
        ("c1", "request.form"),
        ("c2", "custody.criminal_arrest"),
        ("c3", ""),
    ];
    let kept = good.into_iter().filter(|(name, _)| with.iter().all(|(other, _)| other != name));
    kept.chain(with.iter().copied()).collect()
}

const VALUES: [(&str, &str); 6] = [
    ("c1was", "request.form"),
    ("c1v0", "I-247"),
    ("c1v1", "I-247D"),
    ("c2was", "custody.criminal_arrest"),
    ("c2v0", "yes"),
    ("c2v1", "no"),
];

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_mapped_their_values_too_and_the_mapping_is_kept_with_the_data() {
    let (town, counsel, data) = sent(DATA).await;
    let jail = &town.jail;
    let page = shown(jail, &counsel, &format!("/research/map?data={data}")).await;
    assert!(page.contains("day &#60;b&#62;") && !page.contains("day <b>"), "{page}");
    assert!(page.contains("I-247 · form D"), "values stand beside the column: {page}");
    // Facts with a list of values: what each value means is asked before anything is kept.
    let (status, page) = post(jail, &counsel, "/research/map", &fields(&data, &[])).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("name=\"c1v1\"") && page.contains("name=\"c2v1\""), "{page}");
    for guessed in ["I-247", "yes", "no"] {
        assert!(page.contains(&format!("<option value=\"{guessed}\" selected>")), "{guessed}");
    }
    let (status, to) = post(jail, &counsel, "/research/map", &fields(&data, &VALUES)).await;
    assert_eq!((status, to.as_str()), (303, format!("/research/new?data={data}").as_str()));
    let page = shown(jail, &counsel, &to).await;
    assert!(page.contains("Made here: Made up"), "{page}");
    let link = page.split("href=\"/research/map/").nth(1).unwrap().split('"').next().unwrap();
    let file = jail.get(&counsel, &format!("/research/map/{link}")).await;
    let text = String::from_utf8(file.body).unwrap();
    let mapping: toml::Table = text.parse().unwrap();
    assert_eq!(mapping["title"].as_str(), Some("Made up \"records\""));
    assert_eq!(mapping["data"]["year"].as_str(), Some("day <b>"));
    let columns = mapping["column"].as_array().unwrap();
    assert_eq!(columns[0]["read"].as_str(), Some("us-date"), "how days are written is found out");
    assert_eq!(columns[1]["table"]["form D"].as_str(), Some("I-247D"));
    assert_eq!(columns[2]["table"]["Y"].as_bool(), Some(true));
    assert_eq!(mapping["ignored"][0]["name"].as_str(), Some("many"));
    // The run uses it: it is chosen already, and its text is part of what was asked.
    let own = link.rsplit('/').next().unwrap();
    assert!(page.contains(&format!("<option value=\"{own}\" selected>")), "{page}");
    let ask = [("data", data.as_str()), ("mapping", own), ("under", "in-force")];
    let ask = [ask.as_slice(), &[("channel", "hold"), ("by", "year")]].concat();
    let (status, run) = post(jail, &counsel, "/research/runs", &ask).await;
    assert_eq!(status, 303, "{run}");
    let id = run.rsplit('/').next().unwrap();
    let asked = jail.home.folder.join("research/runs").join(id).join("ask.json");
    assert!(std::fs::read_to_string(asked).unwrap().contains("criminal_arrest"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_mapping_is_said_where_it_is_mended_and_nothing_is_lost() {
    let (town, counsel, data) = sent(DATA).await;
    for (with, to, says) in [
        (("title", " "), "title", "Say what the data are"),
        (("place", ""), "place", "Say where the rows are"),
        (("place", "us-xx.nowhere"), "place", "No such place"),
        (("place_column", "other"), "place_column", "no such column"),
        (("c0", ""), "c0", "Say which column has the day"),
        (("c0", "person.age_years"), "c0", "No cell of day &#60;b&#62; is a whole number"),
        (("c1", "decision.on"), "c1", "filled by the column day &#60;b&#62; already"),
        (("c1", "person.born_on"), "c1", "No cell of paper is a day that can be read"),
        (("c2", "<script>"), "c2", "There is no fact &#60;script&#62;"),
        (("c2", "custody.booked_at"), "c2", "There is no fact"),
        (("c3", "person.removable"), "c3", "many has more than 100 different values"),
        (("place_column", "paper"), "place", "Rows without a state have no place"),
    ] {
        let fields = fields(&data, &[with]);
        let (status, page) = post(&town.jail, &counsel, "/research/map", &fields).await;
        assert_eq!(status, 422, "{with:?}: {page}");
        assert!(page.contains(&format!("<a href=\"#{to}\">")) && page.contains(says), "{with:?}");
        assert!(with.0 == "title" || page.contains("Made up &#34;records&#34;"), "{page}");
        assert!(page.contains(&format!("id=\"{to}\"")), "{to}");
    }
    // Values of which none says anything.
    let mut none = VALUES.to_vec();
    none.retain(|(name, _)| !name.starts_with("c2v"));
    none.extend([("c2v0", "unknown"), ("c2v1", "unknown")]);
    let (status, page) = post(&town.jail, &counsel, "/research/map", &fields(&data, &none)).await;
    assert_eq!(status, 422);
    assert!(page.contains("No value of jailed says anything"), "{page}");
    let folder = town.jail.home.folder.join("research/mappings");
    assert!(!folder.exists(), "nothing was kept");
}

async fn send_file(house: &House, token: &str, data: &str, text: &[u8]) -> Reply {
    let mut body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n{data}\r\n--x\r\nContent-Disposition: form-data; name=\"mapping\"; filename=\"../m.exe\"\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(text);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let request = client.build().unwrap().post(format!("{}/research/map/file", house.url));
    let request = request.header("content-type", "multipart/form-data; boundary=x").body(body);
    house.send(request, token).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_file_is_kept_as_it_was_sent_or_its_faults_are_located() {
    let (town, counsel, data) = sent(DATA).await;
    let jail = &town.jail;
    for (text, says) in [
        (&b"id = 3"[..], "Line 3, column 1: a mapping needs `&#60;title&#62;`"),
        (b"title = \"\xff\xfe\"", "the file is no text in UTF-8"),
    ] {
        let reply = send_file(jail, &counsel, &data, text).await;
        assert_eq!(reply.status, 422);
        let page = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(page.contains(says), "{says}: {page}");
    }
    assert_eq!(send_file(jail, &counsel, &data, &vec![b'#'; 300_000]).await.status, 413);
    let text = b"title = \"By hand\"\n# kept as it is\n";
    assert_eq!(send_file(jail, &counsel, &data, text).await.status, 303);
    let page = shown(jail, &counsel, &format!("/research/new?data={data}")).await;
    let link = page.split("href=\"/research/map/").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(jail.get(&counsel, &format!("/research/map/{link}")).await.body, &text[..]);
    // Another data set has other mappings, and another role none.
    for path in [
        format!("/research/map/{data}/../../ask.json"),
        format!("/research/map/{data}/0.toml"),
        "/research/map?data=..%2f..%2fnode.toml".to_owned(),
    ] {
        assert_eq!(jail.get(&counsel, &path).await.status, 404, "{path}");
    }
    let forbidden = jail.get(&town.clerk, &format!("/research/map?data={data}")).await;
    assert_eq!(forbidden.status, 403);
}
