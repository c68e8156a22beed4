//! The agency's own sign-in, over TLS, with a provider that checks what it is sent.

use crate::town::*;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64};
use comity_server::account::{Actor, ExternalId, NewAccount, Origin, Role};
use comity_server::door::at_desk;
use comity_server::home::OutsideSignIn;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

/// What the provider knows of the sign-in that is under way.
#[derive(Clone)]
struct Provider {
    issuer: String,
    key: Arc<EcdsaKeyPair>,
    asked: Arc<Mutex<BTreeMap<String, String>>>,
    subject: Arc<Mutex<String>>,
    at: i64,
}

fn openssl(folder: &Path, arguments: &str) {
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let out = Command::new("openssl").args(arguments).current_dir(folder).output();
    let out = out.expect("`openssl` (apt-get install openssl) makes the certificates of this test");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

impl Provider {
    async fn start(folder: &Path, at: i64) -> Provider {
        openssl(
            folder,
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
             -subj /CN=root -keyout root.key -out root.pem \
             -addext basicConstraints=critical,CA:TRUE",
        );
        openssl(
            folder,
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost \
             -keyout server.key -out server.csr -addext subjectAltName=DNS:localhost",
        );
        openssl(
            folder,
            "x509 -req -in server.csr -CA root.pem -CAkey root.key -CAcreateserial -days 2 \
             -copy_extensions copy -out server.pem",
        );
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let issuer = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
        let provider = Provider {
            issuer,
            key: Arc::new(key),
            asked: Arc::default(),
            subject: Arc::new(Mutex::new("u-1".to_owned())),
            at,
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(jwks))
            .route("/token", post(token))
            .with_state(provider.clone());
        let tls = axum_server::tls_rustls::RustlsConfig::from_pem_file(
            folder.join("server.pem"),
            folder.join("server.key"),
        );
        let server = axum_server::from_tcp_rustls(listener, tls.await.unwrap()).unwrap();
        tokio::spawn(server.serve(router.into_make_service()));
        provider
    }

    /// What a browser that follows the address is asked to sign in for; the code it comes back
    /// with is `c-1`.
    fn visited(&self, address: &str) -> String {
        assert!(address.starts_with(&format!("{}/authorize?", self.issuer)), "{address}");
        let query = address.split_once('?').unwrap().1;
        let asked: BTreeMap<String, String> =
            form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert_eq!(asked["client_id"], "comity");
        assert_eq!(asked["scope"], "openid profile");
        let state = asked["state"].clone();
        *self.asked.lock().unwrap() = asked;
        state
    }
}

async fn discovery(State(p): State<Provider>) -> Json<Value> {
    let at = |path: &str| format!("{}/{path}", p.issuer);
    Json(json!({
        "issuer": p.issuer, "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"), "jwks_uri": at("jwks"),
    }))
}

async fn jwks(State(p): State<Provider>) -> Json<Value> {
    let point = p.key.public_key().as_ref();
    Json(json!({ "keys": [{
        "kty": "EC", "kid": "one", "use": "sig", "crv": "P-256",
        "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..]),
    }] }))
}

async fn token(
    State(p): State<Provider>,
    headers: HeaderMap,
    body: String,
) -> Result<Json<Value>, StatusCode> {
    let sent: BTreeMap<String, String> =
        form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let asked = p.asked.lock().unwrap().clone();
    let basic = format!("Basic {}", STANDARD.encode("comity:the+secret"));
    let verifier = digest(&SHA256, sent["code_verifier"].as_bytes());
    let is_right = headers["authorization"] == *basic
        && sent["grant_type"] == "authorization_code"
        && sent["code"] == "c-1"
        && sent["redirect_uri"] == asked["redirect_uri"]
        && BASE64.encode(verifier) == asked["code_challenge"];
    if !is_right {
        return Err(StatusCode::BAD_REQUEST);
    }
    let said = json!({
        "iss": p.issuer, "sub": *p.subject.lock().unwrap(), "aud": "comity", "amr": ["mfa"],
        "iat": p.at, "exp": p.at + 300, "nonce": asked["nonce"],
    });
    let encode = |value: &Value| BASE64.encode(value.to_string());
    let text = format!("{}.{}", encode(&json!({ "alg": "ES256", "kid": "one" })), encode(&said));
    let signature = p.key.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
    Ok(Json(json!({ "id_token": format!("{text}.{}", BASE64.encode(signature.as_ref())) })))
}

/// A visit: the page that was shown, and the cookies that came with it.
struct Visit {
    status: u16,
    html: String,
    to: String,
    cookies: Vec<String>,
}

async fn visit(request: reqwest::RequestBuilder) -> Visit {
    let reply = request.header("accept", "text/html").send().await.unwrap();
    let text = |name: &str| {
        let all = reply.headers().get_all(name).iter();
        all.map(|v| v.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (to, cookies) = (text("location").pop().unwrap_or_default(), text("set-cookie"));
    let status = reply.status().as_u16();
    Visit { status, html: reply.text().await.unwrap(), to, cookies }
}

/// The jail with the provider as its own sign-in, and `u-1` as the clerk's name there.
async fn joined(town: &mut Town, folder: &Path) -> Provider {
    let at: jiff::Timestamp = "2016-03-01T14:05:00Z".parse().unwrap();
    let provider = Provider::start(folder, at.as_second()).await;
    let secret = folder.join("secret");
    std::fs::write(&secret, "the secret\n").unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    town.jail.home.settings.outside_sign_in = Some(OutsideSignIn {
        name: "County sign-in".to_owned(),
        issuer: provider.issuer.clone(),
        client_id: "comity".to_owned(),
        client_secret: Some(secret),
        scopes: vec!["profile".to_owned()],
        claim: "sub".to_owned(),
        strong: vec!["mfa".to_owned()],
        ca: Some(folder.join("root.pem")),
    });
    town.jail.server.take().unwrap().stop().await;
    town.jail.up().await;
    let external = ExternalId { issuer: provider.issuer.clone(), subject: "u-1".to_owned() };
    let new = NewAccount {
        name: "d.clerk".to_owned(),
        roles: [Role::Clerk].into(),
        external: Some(external),
    };
    let app = &town.jail.server().app;
    at_desk(app, Origin::Console, move |desk| desk.make_account(Actor::Console, new.clone()))
        .await
        .unwrap();
    provider
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agencys_own_sign_in_lets_in_whom_an_account_names() {
    let mut town = Town::new("2016-03-01T14:05:00Z").await;
    let folder = tempfile::tempdir().unwrap();
    let provider = joined(&mut town, folder.path()).await;
    let none = reqwest::redirect::Policy::none();
    let client = reqwest::Client::builder().redirect(none).build().unwrap();
    let url = |path: &str| format!("{}{path}", town.jail.url);
    let page = visit(client.get(url("/sign-in?next=%2Fcases"))).await;
    assert!(page.html.contains("Sign in with County sign-in"), "{}", page.html);
    let begin = || async {
        let kind = "application/x-www-form-urlencoded";
        let form = client.post(url("/sign-in/agency")).header("content-type", kind);
        let on_the_way = visit(form.body("wait_path=%2Fcases&wait_fields=")).await;
        assert_eq!(on_the_way.status, 200, "{}", on_the_way.html);
        let address = on_the_way.html.split("href=\"https").nth(1).unwrap();
        let address = format!("https{}", address.split('"').next().unwrap()).replace("&#38;", "&");
        let cookie = on_the_way.cookies[0].split(';').next().unwrap().to_owned();
        assert!(on_the_way.cookies[0].contains("HttpOnly; SameSite=Lax"));
        (provider.visited(&address), cookie)
    };
    let back = |state: &str, code: &str, cookie: &str| {
        let path = format!("/sign-in/agency/back?state={state}&code={code}");
        visit(client.get(url(&path)).header("cookie", cookie))
    };
    // There and back: the page that was wanted, and a session.
    let (state, cookie) = begin().await;
    let came = back(&state, "c-1", &cookie).await;
    assert_eq!((came.status, came.to.as_str()), (303, "/cases"), "{}", came.html);
    let session = came.cookies.iter().find(|c| !c.contains("-agency=")).unwrap();
    let shown = client.get(url("/cases")).header("cookie", session.split(';').next().unwrap());
    let shown = visit(shown).await;
    assert!(shown.status == 200 && shown.html.contains("d.clerk"), "{}", shown.html);
    // Once is once; another browser's, another state, no code: nobody is let in.
    for (state, code, cookie) in
        [(state.as_str(), "c-1", cookie.as_str()), (state.as_str(), "c-1", "")]
    {
        let again = back(state, code, cookie).await;
        assert!(again.status == 401 && again.html.contains("This sign-in is over"));
    }
    let (_, cookie) = begin().await;
    let other = back("another", "c-1", &cookie).await;
    assert!(other.status == 401 && other.html.contains("could not be believed"));
    let (state, cookie) = begin().await;
    assert_eq!(back(&state, "", &cookie).await.status, 401);
    // A code that the provider does not know.
    let (state, cookie) = begin().await;
    let wrong = back(&state, "c-2", &cookie).await;
    assert!(wrong.status == 502 && wrong.html.contains("does not answer as it should"));
    // Somebody whom no account names.
    *provider.subject.lock().unwrap() = "u-2".to_owned();
    let (state, cookie) = begin().await;
    let stranger = back(&state, "c-1", &cookie).await;
    assert!(stranger.status == 401 && stranger.html.contains("no account here is yours"));
    assert!(stranger.cookies.iter().all(|c| c.contains("-agency=")), "no session");
}
