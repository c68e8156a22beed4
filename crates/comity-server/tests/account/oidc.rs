//! The agency's own sign-in: what the browser is sent to, and which ID tokens are believed.

use crate::world::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use comity_exchange::Digest;
use comity_server::account::*;
use proptest::prelude::*;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The key that RFC 7515 prints in its appendix A.2, for everybody to test with.
const RFC_7515_A_2: [(&str, &str); 8] = [
    (
        "n",
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0\
         Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS\
         5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH\
         7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    ),
    ("e", "AQAB"),
    (
        "d",
        "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2\
         NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0\
         M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_\
         x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ",
    ),
    (
        "p",
        "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_P\
         y5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
    ),
    (
        "q",
        "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeL\
         QeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc",
    ),
    (
        "dp",
        "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKn\
         u1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0",
    ),
    (
        "dq",
        "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0\
         ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU",
    ),
    (
        "qi",
        "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5c\
         Y7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U",
    ),
];

fn part(name: &str) -> Vec<u8> {
    let text = RFC_7515_A_2.iter().find(|(n, _)| *n == name).unwrap().1;
    BASE64.decode(text).unwrap()
}

enum Signer {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
}

impl Signer {
    fn rsa() -> Signer {
        let key = RsaKeyPair::from_components(&KeyPairComponents {
            public_key: PublicKeyComponents { n: part("n"), e: part("e") },
            d: part("d"),
            p: part("p"),
            q: part("q"),
            dP: part("dp"),
            dQ: part("dq"),
            qInv: part("qi"),
        });
        Signer::Rsa(Box::new(key.unwrap()))
    }

    fn ec() -> Signer {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Signer::Ec(Box::new(EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap()))
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Signer::Rsa(_) => "RS256",
            Signer::Ec(_) => "ES256",
        }
    }

    fn jwk(&self) -> Value {
        match self {
            Signer::Rsa(_) => json!({
                "kty": "RSA", "kid": "one", "use": "sig", "alg": "RS256",
                "n": BASE64.encode(part("n")), "e": "AQAB",
            }),
            Signer::Ec(key) => {
                let point = key.public_key().as_ref();
                json!({
                    "kty": "EC", "kid": "one", "use": "sig", "crv": "P-256",
                    "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..]),
                })
            }
        }
    }

    fn sign(&self, text: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Signer::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature).unwrap();
                signature
            }
            Signer::Ec(key) => key.sign(&random, text).unwrap().as_ref().to_vec(),
        }
    }

    fn token(&self, header: &Value, payload: &Value) -> String {
        let encode = |value: &Value| BASE64.encode(value.to_string());
        let text = format!("{}.{}", encode(header), encode(payload));
        format!("{text}.{}", BASE64.encode(self.sign(text.as_bytes())))
    }
}

fn provider() -> Provider {
    Provider {
        issuer: "https://login.county.example".to_owned(),
        client_id: "comity".to_owned(),
        redirect_uri: "https://jail.example:8443/sign-in/back".to_owned(),
        authorization_endpoint: "https://login.county.example/authorize".to_owned(),
        scopes: vec!["profile".to_owned()],
        claim: "sub".to_owned(),
        strong: vec!["mfa".to_owned(), "hwk".to_owned()],
    }
}

/// What the browser was sent with.
fn pairs(address: &str) -> BTreeMap<String, String> {
    let (_, query) = address.split_once('?').unwrap();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// A sign-in under way, and a provider that answers it.
struct Scene {
    world: World,
    provider: Provider,
    flow: Flow,
    signer: Signer,
    header: Value,
    payload: Value,
}

impl Scene {
    fn new(signer: Signer) -> Scene {
        let mut world = World::new();
        let provider = provider();
        let (address, flow) = provider.begin(world.now, &mut world.random);
        let second = world.now.as_second();
        let payload = json!({
            "iss": provider.issuer, "sub": "u-1", "aud": "comity", "nonce": pairs(&address)["nonce"],
            "iat": second, "exp": second + 300, "email": "c@county.example",
        });
        let header = json!({ "alg": signer.algorithm(), "kid": "one", "typ": "JWT" });
        Scene { world, provider, flow, signer, header, payload }
    }

    fn keys(&self) -> String {
        // Beside keys of kinds that we do not know.
        json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "AA" }, self.signer.jwk()] })
            .to_string()
    }

    fn claims(&self) -> Result<Claims, &'static str> {
        let token = self.signer.token(&self.header, &self.payload);
        self.provider.verify(&self.keys(), &token, &self.flow, self.world.now)
    }

    fn sign_in(&mut self) -> SignIn {
        let claims = self.claims();
        let out = self.world.desk().sign_in_outside(claims);
        self.world.keep(out)
    }

    /// An account that an administrator said is this person.
    fn account(&mut self) {
        let external =
            ExternalId { issuer: self.provider.issuer.clone(), subject: "u-1".to_owned() };
        let new = NewAccount {
            name: "clerk".to_owned(),
            roles: [Role::Clerk].into(),
            external: Some(external),
        };
        let out = self.world.desk().make_account(Actor::Console, new);
        self.world.keep(out);
        self.world.told();
    }
}

#[test]
fn the_browser_is_sent_with_state_nonce_and_a_challenge() {
    let mut world = World::new();
    let (address, flow) = provider().begin(world.now, &mut world.random);
    assert!(address.starts_with("https://login.county.example/authorize?response_type=code&"));
    let sent = pairs(&address);
    assert_eq!(sent["client_id"], "comity");
    assert_eq!(sent["redirect_uri"], "https://jail.example:8443/sign-in/back");
    assert_eq!(sent["scope"], "openid profile");
    assert_eq!(sent["code_challenge_method"], "S256");
    let form = provider().token_request(&flow, "a code&x=1");
    let form: BTreeMap<String, String> =
        form_urlencoded::parse(form.show().as_bytes()).into_owned().collect();
    assert_eq!(form["code"], "a code&x=1");
    assert_eq!(form["grant_type"], "authorization_code");
    // RFC 7636 section 4.6.
    let challenge = BASE64.encode(Digest::of_bytes(form["code_verifier"].as_bytes()).0);
    assert_eq!(challenge, sent["code_challenge"]);
    assert!(!address.contains(&form["code_verifier"]));
    let (other, _) = provider().begin(world.now, &mut world.random);
    for name in ["state", "nonce", "code_challenge"] {
        assert_ne!(pairs(&other)[name], sent[name], "{name}");
        assert_eq!(sent[name].len(), 43, "{name}: 256 bits");
    }
    assert!(flow.fits(&sent["state"], world.now));
    assert!(!flow.fits(&sent["nonce"], world.now) && !flow.fits("", world.now));
    world.later(601);
    assert!(!flow.fits(&sent["state"], world.now), "ten minutes later it is over");
    world.later(-602);
    assert!(!flow.fits(&sent["state"], world.now), "and never before it began");
}

#[test]
fn pkce_makes_the_challenge_of_rfc_7636() {
    // Appendix B: the challenge is the hash of the verifier's text and not of its bytes.
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let challenge = BASE64.encode(Digest::of_bytes(verifier.as_bytes()).0);
    assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

#[test]
fn tokens_of_both_kinds_are_believed() {
    for signer in [Signer::rsa(), Signer::ec()] {
        let mut scene = Scene::new(signer);
        let claims = scene.claims().unwrap();
        assert_eq!(claims.person.subject, "u-1");
        assert!(!claims.is_strong);
        scene.payload["amr"] = json!(["pwd", "mfa"]);
        assert!(scene.claims().unwrap().is_strong);
        scene.payload["aud"] = json!(["comity"]);
        scene.header = json!({ "alg": scene.signer.algorithm() });
        assert!(scene.claims().is_ok(), "a key need not be named");
    }
}

#[test]
fn a_token_that_is_wrong_in_one_thing_is_not_believed() {
    type Lie = fn(&mut Scene);
    let lies: [(Lie, &str); 18] = [
        (|s| s.payload["iss"] = json!("https://login.other.example"), "oidc-issuer"),
        (|s| s.payload["iss"] = json!("https://login.county.example/"), "oidc-issuer"),
        (|s| s.payload["aud"] = json!("other"), "oidc-audience"),
        (|s| s.payload["aud"] = json!([]), "oidc-audience"),
        (|s| s.payload["aud"] = json!(["comity", "other"]), "oidc-audience"),
        (|s| s.payload["azp"] = json!("other"), "oidc-audience"),
        (|s| s.payload["nonce"] = json!("another"), "oidc-nonce"),
        (|s| s.payload["nonce"] = Value::Null, "oidc-nonce"),
        (|s| s.payload["exp"] = json!(s.world.now.as_second() - 120), "oidc-time"),
        (|s| s.payload["iat"] = json!(s.world.now.as_second() + 121), "oidc-time"),
        (|s| s.payload["nbf"] = json!(s.world.now.as_second() + 121), "oidc-time"),
        (|s| s.payload["exp"] = json!("soon"), "oidc-unreadable"),
        (|s| s.payload["sub"] = json!(""), "oidc-claim"),
        (|s| s.header["alg"] = json!("none"), "oidc-algorithm"),
        (|s| s.header["alg"] = json!("HS256"), "oidc-algorithm"),
        (|s| s.header["crit"] = json!(["exp"]), "oidc-algorithm"),
        (|s| s.header["kid"] = json!("two"), "oidc-signature"),
        (|s| s.provider.claim = "employee".to_owned(), "oidc-claim"),
    ];
    for make in [Signer::rsa, Signer::ec] {
        for (lie, why) in lies {
            let mut scene = Scene::new(make());
            lie(&mut scene);
            assert_eq!(scene.claims(), Err(why), "{}", scene.payload);
        }
    }
}

#[test]
fn a_signature_of_another_key_or_another_kind_is_not_believed() {
    let scene = Scene::new(Signer::ec());
    let token = scene.signer.token(&scene.header, &scene.payload);
    let verify = |keys: &Value, token: &str| {
        scene.provider.verify(&keys.to_string(), token, &scene.flow, scene.world.now)
    };
    let other = Signer::ec();
    assert_eq!(verify(&json!({ "keys": [other.jwk()] }), &token), Err("oidc-signature"));
    assert_eq!(verify(&json!({ "keys": [Signer::rsa().jwk()] }), &token), Err("oidc-signature"));
    assert_eq!(verify(&json!({ "keys": [] }), &token), Err("oidc-signature"));
    assert_eq!(verify(&json!([]), &token), Err("oidc-keys"));
    let mut jwk = scene.signer.jwk();
    jwk["use"] = json!("enc");
    assert_eq!(verify(&json!({ "keys": [jwk] }), &token), Err("oidc-signature"));
    // Signed by the public key as if it were a shared secret: the classic confusion.
    let rsa = Signer::rsa();
    let header = json!({ "alg": "HS256", "kid": "one" });
    let text = format!(
        "{}.{}",
        BASE64.encode(header.to_string()),
        BASE64.encode(scene.payload.to_string())
    );
    let secret = rsa.jwk().to_string();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
    let forged =
        format!("{text}.{}", BASE64.encode(ring::hmac::sign(&key, text.as_bytes()).as_ref()));
    assert_eq!(verify(&json!({ "keys": [rsa.jwk()] }), &forged), Err("oidc-algorithm"));
    let unsigned = token.rsplit_once('.').unwrap().0.to_owned() + ".";
    assert_eq!(verify(&json!({ "keys": [scene.signer.jwk()] }), &unsigned), Err("oidc-signature"));
    for noise in ["", ".", "..", "...", "a.b", "é.é.é"] {
        assert_eq!(verify(&json!({ "keys": [] }), noise), Err("oidc-unreadable"), "{noise}");
    }
}

#[test]
fn the_clock_of_the_provider_may_be_two_minutes_off() {
    let mut scene = Scene::new(Signer::ec());
    let second = scene.world.now.as_second();
    scene.payload["iat"] = json!(second + 120);
    assert!(scene.claims().is_ok());
    scene.payload["exp"] = json!(second - 119);
    assert!(scene.claims().is_ok());
}

#[test]
fn nobody_is_signed_in_whom_no_administrator_named() {
    let mut scene = Scene::new(Signer::ec());
    assert_eq!(scene.sign_in(), SignIn::Failed);
    assert_eq!(scene.world.told(), ["sign-in no-account"]);
    assert_eq!(scene.world.desk().accounts(Actor::Console).unwrap(), [], "none is made");
    scene.account();
    // A password at the county's own sign-in is one factor; the second is set up here.
    let (_, stage) = started(scene.sign_in());
    assert_eq!(stage, Stage::Setup);
    scene.payload["amr"] = json!(["hwk"]);
    let (token, stage) = started(scene.sign_in());
    assert_eq!(stage, Stage::Full);
    assert!(scene.world.person(&token).may(Permission::SeeCases));
    scene.payload["nonce"] = json!("stale");
    scene.world.told();
    assert_eq!(scene.sign_in(), SignIn::Failed);
    assert_eq!(scene.world.told(), ["sign-in oidc-nonce"]);
    let out = scene.world.desk().disable(Actor::Console, &id("clerk"));
    scene.world.keep(out);
    scene.payload = Scene::new(Signer::ec()).payload;
    assert_eq!(scene.sign_in(), SignIn::Failed);
    assert_eq!(scene.world.told(), ["account-disabled", "sign-in disabled"]);
}

#[test]
fn an_unverified_mail_address_names_nobody() {
    let mut scene = Scene::new(Signer::ec());
    scene.provider.claim = "email".to_owned();
    assert_eq!(scene.claims(), Err("oidc-claim"));
    scene.payload["email_verified"] = json!("true");
    assert_eq!(scene.claims(), Err("oidc-claim"));
    scene.payload["email_verified"] = json!(true);
    assert_eq!(scene.claims().unwrap().person.subject, "c@county.example");
}

#[test]
fn two_accounts_are_not_one_person() {
    let mut scene = Scene::new(Signer::ec());
    scene.account();
    let external = ExternalId { issuer: scene.provider.issuer.clone(), subject: "u-1".to_owned() };
    let world = &mut scene.world;
    world.make("other", &[Role::Clerk]);
    let out = world.desk().set_external(Actor::Console, &id("other"), Some(external.clone()));
    assert_eq!(wrong(out), "external");
    let out = world.desk().set_external(Actor::Console, &id("clerk"), Some(external));
    world.keep(out);
}

#[test]
fn a_discovery_document_is_the_issuers_own() {
    let issuer = "https://login.county.example";
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": "https://login.county.example/authorize",
        "token_endpoint": "https://login.county.example/token",
        "jwks_uri": "https://login.county.example/keys",
        "claims_supported": ["sub"],
    });
    let read = |document: &Value| Discovery::read(issuer, &document.to_string());
    assert_eq!(read(&document).unwrap().jwks_uri, "https://login.county.example/keys");
    let mut other = document.clone();
    other["issuer"] = json!("https://login.other.example");
    assert_eq!(read(&other), None);
    let mut open = document;
    open["jwks_uri"] = json!("http://login.county.example/keys");
    assert_eq!(read(&open), None);
}

proptest! {
    #[test]
    fn no_changed_character_of_a_token_is_believed(
        at in any::<prop::sample::Index>(), other in "[A-Za-z0-9_.-]",
    ) {
        let scene = Scene::new(Signer::ec());
        let token = scene.signer.token(&scene.header, &scene.payload);
        let at = at.index(token.len());
        let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
        prop_assume!(changed != token);
        let verified =
            scene.provider.verify(&scene.keys(), &changed, &scene.flow, scene.world.now);
        prop_assert!(verified.is_err());
    }
}
