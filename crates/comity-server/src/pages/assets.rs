//! Styles, scripts, the typeface and icons: vendored, in the binary, and nothing from anywhere
//! else. `assets/PROVENANCE.md` says where they come from.

use super::{PageRoute, page};
use crate::problem::Problem;
use crate::routes::Needs;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use comity_exchange::Digest;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::LazyLock;

pub(super) const PAGES: &[PageRoute] =
    &[page("GET", "/assets/{name}", Needs::Nobody, "A style, script, typeface or icon", || {
        get(asset)
    })];

/// Bytes by their names.
macro_rules! assets {
    ($($name:literal = $path:literal,)*) => {
        const FILES: &[(&str, &[u8])] =
            &[$(($name, include_bytes!(concat!("../../assets/", $path)))),*];
    };
}

assets! {
    "uswds.css" = "uswds.css",
    "desk.css" = "desk.css",
    "desk.js" = "desk.js",
    "PublicSans-Regular.woff2" = "fonts/PublicSans-Regular.woff2",
    "PublicSans-Bold.woff2" = "fonts/PublicSans-Bold.woff2",
    "arrow_back.svg" = "icons/arrow_back.svg",
    "check_circle.svg" = "icons/check_circle.svg",
    "error.svg" = "icons/error.svg",
    "error--white.svg" = "icons/error--white.svg",
    "favicon.svg" = "icons/favicon.svg",
    "info.svg" = "icons/info.svg",
    "launch.svg" = "icons/launch.svg",
    "launch--white.svg" = "icons/launch--white.svg",
    "navigate_next.svg" = "icons/navigate_next.svg",
    "remove.svg" = "icons/remove.svg",
    "unfold_more.svg" = "icons/unfold_more.svg",
    "warning.svg" = "icons/warning.svg",
}

struct Asset {
    kind: &'static str,
    etag: HeaderValue,
    plain: &'static [u8],
    zipped: Option<Vec<u8>>,
}

static ASSETS: LazyLock<BTreeMap<&'static str, Asset>> =
    LazyLock::new(|| FILES.iter().map(|(name, bytes)| (*name, Asset::of(name, bytes))).collect());

impl Asset {
    fn of(name: &str, plain: &'static [u8]) -> Asset {
        let kind = match name.rsplit('.').next().unwrap_or_default() {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            _ => "font/woff2",
        };
        let etag = format!("\"{}\"", &Digest::of_bytes(plain).to_string()[..20]);
        let etag = HeaderValue::from_str(&etag).unwrap_or(HeaderValue::from_static("\"0\""));
        // A woff2 is compressed already.
        let zipped = (kind != "font/woff2").then(|| zip(plain)).flatten();
        Asset { kind, etag, plain, zipped }
    }
}

fn zip(plain: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok()
}

/// `GET /assets/{name}`
async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let asset = ASSETS.get(name.as_str()).ok_or_else(Problem::not_found)?;
    let told = [
        (header::ETAG, asset.etag.clone()),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| *known == asset.etag) {
        return Ok((StatusCode::NOT_MODIFIED, told).into_response());
    }
    let kind = [(header::CONTENT_TYPE, asset.kind), (header::VARY, "accept-encoding")];
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok());
    // Pages are not compressed: they hold secrets beside words of others (BREACH).
    Ok(match &asset.zipped {
        Some(zipped) if accepts.is_some_and(|a| a.contains("gzip")) => {
            (told, kind, [(header::CONTENT_ENCODING, "gzip")], zipped.as_slice()).into_response()
        }
        _ => (told, kind, asset.plain).into_response(),
    })
}
