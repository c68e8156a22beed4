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
    "passkey.js" = "passkey.js",
    "workbench.js" = "workbench.js",
    "verifier.html" = "verifier.html",
    "PublicSans-Regular.woff2" = "fonts/PublicSans-Regular.woff2",
    "PublicSans-Bold.woff2" = "fonts/PublicSans-Bold.woff2",
    "arrow_back.svg" = "icons/arrow_back.svg",
    "check--white.svg" = "icons/check--white.svg",
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
    "desk-account.webp" = "../../../docs/guides/img/desk-account.webp",
    "desk-admin-accounts.webp" = "../../../docs/guides/img/desk-admin-accounts.webp",
    "desk-admin-backups.webp" = "../../../docs/guides/img/desk-admin-backups.webp",
    "desk-admin-peers.webp" = "../../../docs/guides/img/desk-admin-peers.webp",
    "desk-admin.webp" = "../../../docs/guides/img/desk-admin.webp",
    "desk-audit.webp" = "../../../docs/guides/img/desk-audit.webp",
    "desk-board-examiner.webp" = "../../../docs/guides/img/desk-board-examiner.webp",
    "desk-board-officer.webp" = "../../../docs/guides/img/desk-board-officer.webp",
    "desk-board.webp" = "../../../docs/guides/img/desk-board.webp",
    "desk-cases-id-candidates-id.webp" = "../../../docs/guides/img/desk-cases-id-candidates-id.webp",
    "desk-cases-id.webp" = "../../../docs/guides/img/desk-cases-id.webp",
    "desk-ledger-events-n.webp" = "../../../docs/guides/img/desk-ledger-events-n.webp",
    "desk-ledger.webp" = "../../../docs/guides/img/desk-ledger.webp",
    "desk-policies.webp" = "../../../docs/guides/img/desk-policies.webp",
    "desk-research-map-values.webp" = "../../../docs/guides/img/desk-research-map-values.webp",
    "desk-research-map.webp" = "../../../docs/guides/img/desk-research-map.webp",
    "desk-research.webp" = "../../../docs/guides/img/desk-research.webp",
    "desk-sign-in.webp" = "../../../docs/guides/img/desk-sign-in.webp",
    "desk-verifier.webp" = "../../../docs/guides/img/desk-verifier.webp",
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
            "html" => "text/html; charset=utf-8",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "webp" => "image/webp",
            _ => "font/woff2",
        };
        let etag = format!("\"{}\"", &Digest::of_bytes(plain).to_string()[..20]);
        let etag = HeaderValue::from_str(&etag).unwrap_or(HeaderValue::from_static("\"0\""));
        // Typefaces and pictures are compressed already.
        let zipped = (!["font/woff2", "image/png", "image/webp"].contains(&kind))
            .then(|| zip(plain))
            .flatten();
        Asset { kind, etag, plain, zipped }
    }
}

fn zip(plain: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok()
}

/// True for the name of an asset.
pub(super) fn has(name: &str) -> bool {
    FILES.iter().any(|(known, _)| *known == name)
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
