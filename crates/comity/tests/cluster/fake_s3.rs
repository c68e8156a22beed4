//! As much of S3 as a replay asks for, in memory: HEAD, GET of ranges, PUT, and lists.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

type Objects = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// A store that ends with the test program.
pub struct FakeS3 {
    objects: Objects,
    port: u16,
}

struct Request {
    method: String,
    path: String,
    query: String,
    range: Option<(usize, usize)>,
    body: Vec<u8>,
}

impl FakeS3 {
    /// Listens at a free port.
    pub fn start() -> FakeS3 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let objects = Objects::default();
        let shared = Arc::clone(&objects);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let objects = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &objects));
            }
        });
        FakeS3 { objects, port }
    }

    /// What `AWS_ENDPOINT` says.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Keeps an object at `bucket/key`.
    pub fn put(&self, path: &str, bytes: Vec<u8>) {
        self.objects.lock().unwrap().insert(path.to_owned(), bytes);
    }

    /// The object at `bucket/key`.
    pub fn get(&self, path: &str) -> Option<Vec<u8>> {
        self.objects.lock().unwrap().get(path).cloned()
    }
}

/// Answers the calls of one connection.
fn serve(stream: TcpStream, objects: &Objects) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some(request) = read(&mut reader) {
        let is_head = request.method == "HEAD";
        let (status, headers, body) = answer(request, objects);
        let length = headers.iter().find(|(k, _)| k == "content-length");
        let mut head = format!("HTTP/1.1 {status}\r\n");
        for (key, value) in &headers {
            write!(head, "{key}: {value}\r\n").unwrap();
        }
        if length.is_none() {
            write!(head, "content-length: {}\r\n", body.len()).unwrap();
        }
        head.push_str("\r\n");
        let sent = writer.write_all(head.as_bytes());
        let sent = sent.and_then(|()| if is_head { Ok(()) } else { writer.write_all(&body) });
        if sent.is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (mut length, mut range) = (0, None);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim().to_ascii_lowercase();
        let Some((key, value)) = header.split_once(':') else { break };
        match key {
            "content-length" => length = value.trim().parse().unwrap(),
            "range" => {
                let (from, to) = value.trim().strip_prefix("bytes=")?.split_once('-')?;
                range = Some((from.parse().unwrap(), to.parse::<usize>().unwrap() + 1));
            }
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = (decoded(path.trim_start_matches('/')), query.to_owned());
    Some(Request { method, path, query, range, body })
}

fn decoded(text: &str) -> String {
    text.replace("%3D", "=").replace("%2F", "/").replace("%20", " ")
}

type Answer = (&'static str, Vec<(String, String)>, Vec<u8>);

fn answer(request: Request, objects: &Objects) -> Answer {
    let mut objects = objects.lock().unwrap();
    if request.path.starts_with("forbidden") {
        let body = "<Error><Code>AccessDenied</Code><Signature>kept-to-itself</Signature></Error>";
        return ("403 Forbidden", Vec::new(), body.into());
    }
    if request.query.contains("list-type=2") {
        return ("200 OK", Vec::new(), list(&request, &objects).into_bytes());
    }
    if request.method == "PUT" {
        objects.insert(request.path, request.body);
        return ("200 OK", vec![("etag".to_owned(), "\"1\"".to_owned())], Vec::new());
    }
    let Some(object) = objects.get(&request.path) else {
        return ("404 Not Found", Vec::new(), b"<Error><Code>NoSuchKey</Code></Error>".to_vec());
    };
    let mut headers = vec![
        ("etag".to_owned(), "\"1\"".to_owned()),
        ("last-modified".to_owned(), "Wed, 01 Jan 2025 00:00:00 GMT".to_owned()),
    ];
    if request.method == "HEAD" {
        headers.push(("content-length".to_owned(), object.len().to_string()));
        return ("200 OK", headers, Vec::new());
    }
    match request.range {
        None => ("200 OK", headers, object.clone()),
        Some((from, to)) => {
            let to = to.min(object.len());
            let said = format!("bytes {from}-{}/{}", to - 1, object.len());
            headers.push(("content-range".to_owned(), said));
            ("206 Partial Content", headers, object[from..to].to_vec())
        }
    }
}

fn list(request: &Request, objects: &BTreeMap<String, Vec<u8>>) -> String {
    let bucket = request.path.trim_end_matches('/');
    let prefix = request.query.split('&').find_map(|p| p.strip_prefix("prefix="));
    let prefix = format!("{bucket}/{}", decoded(prefix.unwrap_or_default()));
    let mut body = "<ListBucketResult><IsTruncated>false</IsTruncated>".to_owned();
    for (path, bytes) in objects.iter().filter(|(p, _)| p.starts_with(&prefix)) {
        let key = &path[bucket.len() + 1..];
        write!(
            body,
            "<Contents><Key>{key}</Key><Size>{}</Size><ETag>\"1\"</ETag>\
             <LastModified>2025-01-01T00:00:00.000Z</LastModified></Contents>",
            bytes.len()
        )
        .unwrap();
    }
    body + "</ListBucketResult>"
}
