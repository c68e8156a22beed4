//! What a form sent.

use crate::problem::Problem;
use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

/// The field in which a form carries the session's CSRF token.
pub const CSRF_FIELD: &str = "csrf";

/// The field that makes a form sent twice one command.
pub const KEY_FIELD: &str = "key";

/// How fields with secrets start.
const SECRET_FIELDS: [&str; 2] = ["password", "confirm_"];

/// A file that came with a form.
#[derive(Debug, Clone)]
pub struct SentFile {
    /// The field.
    pub field: String,
    /// Its bytes. Its name and the type that it claims are not believed and not kept.
    pub bytes: Bytes,
}

/// The fields of a form, in the order in which they came, and its files.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    fields: Vec<(String, String)>,
    files: Vec<SentFile>,
}

impl Sent {
    /// A form of these fields.
    pub fn of(fields: Vec<(String, String)>) -> Sent {
        Sent { fields, files: Vec::new() }
    }

    /// Reads a body.
    ///
    /// # Errors
    /// `bad-form`: it is no form, or a damaged one.
    pub async fn read(headers: &HeaderMap, body: Bytes) -> Result<Sent, Problem> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|k| k.to_str().ok());
        let kind = kind.unwrap_or_default();
        if kind.starts_with("application/x-www-form-urlencoded") {
            return Ok(Sent::of(form_urlencoded::parse(&body).into_owned().collect()));
        }
        let bad = |why: String| {
            Problem::bad_request("bad-form", format!("the form cannot be read: {why}"))
        };
        let boundary = multer::parse_boundary(kind).map_err(|_| {
            let detail = "a page takes what its own form sends";
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "bad-form", detail)
        })?;
        let whole = futures_util::stream::once(async move { Ok::<_, std::io::Error>(body) });
        let mut parts = multer::Multipart::new(whole, boundary);
        let mut sent = Sent::default();
        while let Some(part) = parts.next_field().await.map_err(|e| bad(e.to_string()))? {
            let field = part.name().unwrap_or_default().to_owned();
            let is_file = part.file_name().is_some();
            let bytes = part.bytes().await.map_err(|e| bad(e.to_string()))?;
            if is_file {
                // A file input that was left empty sends an empty file.
                if !bytes.is_empty() {
                    sent.files.push(SentFile { field, bytes });
                }
            } else {
                let text = String::from_utf8(bytes.to_vec());
                sent.fields.push((field, text.map_err(|e| bad(e.to_string()))?));
            }
        }
        Ok(sent)
    }

    /// The same form with another value in one field.
    #[must_use]
    pub fn with(&self, name: &str, value: String) -> Sent {
        let mut sent = self.clone();
        sent.fields.retain(|(n, _)| n != name);
        sent.fields.push((name.to_owned(), value));
        sent
    }

    /// A field; empty where it is missing.
    pub fn get(&self, name: &str) -> &str {
        self.fields.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value.trim())
    }

    /// A field's value as it was sent, with the spaces around it; empty where it was not sent.
    pub fn raw(&self, name: &str) -> &str {
        self.fields.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// Every value of a field: checkboxes.
    pub fn every<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.fields.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.trim())
    }

    /// A file.
    pub fn file(&self, field: &str) -> Option<&Bytes> {
        self.files.iter().find(|f| f.field == field).map(|f| &f.bytes)
    }

    /// True if a file came.
    pub fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// All fields but the session's own and those with secrets, which no page gives back.
    pub fn kept(&self) -> impl Iterator<Item = (&str, &str)> {
        let secret = |name: &str| SECRET_FIELDS.iter().any(|start| name.starts_with(start));
        let own = move |name: &str| name == CSRF_FIELD || secret(name);
        self.fields.iter().filter(move |(n, _)| !own(n)).map(|(n, v)| (n.as_str(), v.as_str()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Sent {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Sent, Problem> {
        Ok(parts.extensions.get::<Sent>().cloned().unwrap_or_default())
    }
}
