//! Passkeys, with an authenticator in software that can be told to lie.

use crate::world::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ciborium::Value as Cbor;
use comity_exchange::Digest;
use comity_server::account::*;
use proptest::prelude::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const CREDENTIAL: u8 = 0x40;

/// A security key, and the browser that it is plugged into.
struct Device {
    key: EcdsaKeyPair,
    credential: Vec<u8>,
    counter: u32,
    counts: bool,
    flags: u8,
    site: String,
    origin: String,
    kind: Option<&'static str>,
    algorithm: i64,
    /// What the browser says besides.
    frame: Option<(&'static str, Value)>,
    /// Bytes after the authenticator data's own.
    tail: Vec<u8>,
}

impl Device {
    fn new(name: &str) -> Device {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Device {
            key: EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap(),
            credential: name.as_bytes().to_vec(),
            counter: 1,
            counts: true,
            flags: PRESENT | VERIFIED,
            site: "jail.example".to_owned(),
            origin: "https://jail.example:8443".to_owned(),
            kind: None,
            algorithm: -7,
            frame: None,
            tail: Vec::new(),
        }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let mut data = json!({
            "type": self.kind.unwrap_or(kind),
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": false,
        });
        if let Some((name, value)) = &self.frame {
            data[*name] = value.clone();
        }
        serde_json::to_vec(&data).unwrap()
    }

    fn authenticator_data(&self, flags: u8) -> Vec<u8> {
        let site = Digest::of_bytes(self.site.as_bytes()).0;
        [site.as_slice(), &[flags], &self.counter.to_be_bytes()].concat()
    }

    fn cose_key(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        let int = |n: i64| Cbor::Integer(n.into());
        let key = Cbor::Map(vec![
            (int(1), int(2)),
            (int(3), int(self.algorithm)),
            (int(-1), int(1)),
            (int(-2), Cbor::Bytes(point[1..33].to_vec())),
            (int(-3), Cbor::Bytes(point[33..].to_vec())),
        ]);
        cbor(&key)
    }

    /// `navigator.credentials.create`.
    fn create(&self, options: &Value) -> String {
        let length = u16::try_from(self.credential.len()).unwrap().to_be_bytes();
        let data = [
            self.authenticator_data(self.flags | CREDENTIAL).as_slice(),
            &[0; 16],
            &length,
            &self.credential,
            &self.cose_key(),
            &self.tail,
        ]
        .concat();
        let text = |t: &str| Cbor::Text(t.to_owned());
        let attestation = Cbor::Map(vec![
            (text("fmt"), text("none")),
            (text("attStmt"), Cbor::Map(Vec::new())),
            (text("authData"), Cbor::Bytes(data)),
        ]);
        json!({
            "id": BASE64.encode(&self.credential),
            "rawId": BASE64.encode(&self.credential),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": BASE64.encode(self.client_data("webauthn.create", options)),
                "attestationObject": BASE64.encode(cbor(&attestation)),
                "transports": ["usb"],
            },
        })
        .to_string()
    }

    /// `navigator.credentials.get`.
    fn get(&mut self, options: &Value) -> String {
        self.counter += u32::from(self.counts);
        let data = self.authenticator_data(self.flags);
        let client = self.client_data("webauthn.get", options);
        let signed = [data.as_slice(), &Digest::of_bytes(&client).0].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": BASE64.encode(&self.credential),
            "rawId": BASE64.encode(&self.credential),
            "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": BASE64.encode(client),
                "authenticatorData": BASE64.encode(data),
                "signature": BASE64.encode(signature),
                "userHandle": null,
            },
        })
        .to_string()
    }
}

fn cbor(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

impl World {
    fn creation(&mut self, token: &str) -> Value {
        let out = self.desk().begin_passkey(token);
        self.keep(out)
    }

    fn request(&mut self, token: &str) -> Value {
        let out = self.desk().passkey_request(token);
        self.keep(out)
    }

    /// Somebody whose only second factor is this device.
    fn with_passkey(&mut self, device: &Device) -> String {
        let invitation = self.make("clerk", &[Role::Clerk]);
        let (token, _) = self.signed_in("clerk", &invitation);
        let out = self.desk().set_password(&token, "", PASSWORD);
        let (token, _) = started(self.keep(out));
        let options = self.creation(&token);
        let out = self.desk().finish_passkey(&token, "blue key", &device.create(&options));
        let added = self.keep(out);
        assert_eq!(added.recovery.len(), RECOVERY_CODES);
        added.next.expect("set up").token.show().to_owned()
    }

    /// The second step with a device; why it failed, from the audit.
    fn prove(&mut self, device: &mut Device) -> Result<String, String> {
        let (half, _) = self.signed_in("clerk", PASSWORD);
        let options = self.request(&half);
        let reply = device.get(&options);
        self.told();
        let out = self.desk().second_factor(&half, Proof::Passkey(&reply));
        match self.keep(out) {
            SignIn::Started(new) => Ok(new.token.show().to_owned()),
            SignIn::Failed => Err(self.told().remove(0)),
        }
    }
}

#[test]
fn a_passkey_signs_in_and_unlocks() {
    let mut world = World::new();
    let mut device = Device::new("blue");
    world.with_passkey(&device);
    let keys: Vec<String> =
        world.account("clerk").passkeys().map(|key| key.label.clone()).collect();
    assert_eq!(keys, ["blue key"]);
    let token = world.prove(&mut device).unwrap();
    assert!(world.person(&token).may(Permission::SeeCases));
    world.later(3600);
    assert!(matches!(world.presence(&token), Presence::Locked(_)));
    let options = world.request(&token);
    let reply = device.get(&options);
    let out = world.desk().confirm(&token, Proof::Passkey(&reply));
    let (token, stage) = started(world.keep(out));
    assert_eq!(stage, Stage::Full);
    assert!(world.person(&token).may(Permission::SeeCases));
}

#[test]
fn the_browser_is_asked_for_es256_with_the_user_verified_and_for_known_keys_alone() {
    let mut world = World::new();
    let device = Device::new("blue");
    let token = world.with_passkey(&device);
    let options = world.creation(&token);
    assert_eq!(options["rp"]["id"], "jail.example");
    assert_eq!(options["pubKeyCredParams"], json!([{ "type": "public-key", "alg": -7 }]));
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(options["excludeCredentials"][0]["id"], BASE64.encode("blue"));
    assert_eq!(BASE64.decode(options["challenge"].as_str().unwrap()).unwrap().len(), 32);
    let handle = BASE64.decode(options["user"]["id"].as_str().unwrap()).unwrap();
    assert_eq!(handle.len(), 32, "a handle, and not the name");
    let options = world.request(&token);
    assert_eq!(options["userVerification"], "required");
    assert_eq!(options["allowCredentials"][0]["id"], BASE64.encode("blue"));
}

#[test]
fn a_reply_is_good_for_one_challenge_of_one_session() {
    let mut world = World::new();
    let mut device = Device::new("blue");
    world.with_passkey(&device);
    let (first, _) = world.signed_in("clerk", PASSWORD);
    let (second, _) = world.signed_in("clerk", PASSWORD);
    let options = world.request(&first);
    world.request(&second);
    let reply = device.get(&options);
    let out = world.desk().second_factor(&second, Proof::Passkey(&reply));
    assert_eq!(world.keep(out), SignIn::Failed, "another session's challenge");
    let out = world.desk().second_factor(&first, Proof::Passkey(&reply));
    let (token, _) = started(world.keep(out));
    let out = world.desk().confirm(&token, Proof::Passkey(&reply));
    assert_eq!(world.keep(out), SignIn::Failed, "replayed");
    // Answered wrongly, a challenge is answered.
    let (third, _) = world.signed_in("clerk", PASSWORD);
    let options = world.request(&third);
    let out = world.desk().second_factor(&third, Proof::Passkey("{}"));
    assert_eq!(world.keep(out), SignIn::Failed);
    let reply = device.get(&options);
    let out = world.desk().second_factor(&third, Proof::Passkey(&reply));
    assert_eq!(world.keep(out), SignIn::Failed);
}

#[test]
fn a_challenge_is_open_for_five_minutes() {
    for (seconds, fits) in [(300, true), (301, false), (-1, false)] {
        let mut world = World::new();
        let mut device = Device::new("blue");
        world.with_passkey(&device);
        let (half, _) = world.signed_in("clerk", PASSWORD);
        let options = world.request(&half);
        world.later(seconds);
        let reply = device.get(&options);
        let out = world.desk().second_factor(&half, Proof::Passkey(&reply));
        assert_eq!(world.keep(out) != SignIn::Failed, fits, "{seconds} seconds");
    }
}

#[test]
fn a_reply_that_is_wrong_in_one_thing_fails() {
    type Lie = fn(&mut Device);
    let lies: [(Lie, &str); 9] = [
        (|d| d.flags = PRESENT, "passkey-unverified"),
        (|d| d.flags = VERIFIED, "passkey-unverified"),
        (|d| d.flags |= 0x10, "passkey-unreadable"),
        (|d| d.site = "evil.example".to_owned(), "passkey-site"),
        (|d| d.origin = "https://jail.example".to_owned(), "passkey-origin"),
        (|d| d.kind = Some("webauthn.create"), "passkey-kind"),
        (|d| d.frame = Some(("crossOrigin", json!(true))), "passkey-origin"),
        (|d| d.frame = Some(("topOrigin", json!("https://evil.example"))), "passkey-origin"),
        (|d| d.credential = b"other".to_vec(), "passkey-unknown"),
    ];
    for (lie, why) in lies {
        let mut world = World::new();
        let mut device = Device::new("blue");
        world.with_passkey(&device);
        lie(&mut device);
        assert_eq!(world.prove(&mut device), Err(format!("second-factor {why}")));
    }
    let mut world = World::new();
    let device = Device::new("blue");
    world.with_passkey(&device);
    // Another device that goes by the same name.
    let mut thief = Device::new("blue");
    thief.counter = 100;
    assert_eq!(world.prove(&mut thief), Err("second-factor passkey-signature".to_owned()));
}

#[test]
fn a_copied_device_shows_by_its_counter() {
    let mut world = World::new();
    let mut device = Device::new("blue");
    world.with_passkey(&device);
    device.counter = 41;
    world.prove(&mut device).unwrap();
    for stale in [41, 40, 0] {
        device.counter = stale;
        let why = "second-factor passkey-counter".to_owned();
        assert_eq!(world.prove(&mut device), Err(why), "{stale} again");
    }
    device.counter = 42;
    world.prove(&mut device).unwrap();
}

#[test]
fn a_device_that_does_not_count_is_taken_as_it_is() {
    let mut world = World::new();
    let mut device = Device::new("blue");
    device.counter = 0;
    world.with_passkey(&device);
    device.counts = false;
    world.prove(&mut device).unwrap();
    world.prove(&mut device).unwrap();
}

#[test]
fn what_is_no_es256_key_of_this_site_is_not_added() {
    type Lie = fn(&mut Device);
    let lies: [(Lie, &str); 8] = [
        (|d| d.algorithm = -257, "passkey-algorithm"),
        (|d| d.flags = PRESENT, "passkey-unverified"),
        (|d| d.site = "evil.example".to_owned(), "passkey-site"),
        (|d| d.origin = "https://evil.example".to_owned(), "passkey-origin"),
        (|d| d.kind = Some("webauthn.get"), "passkey-kind"),
        (|d| d.tail = vec![0], "passkey-unreadable"),
        (|d| d.credential = Vec::new(), "passkey-unreadable"),
        (|d| d.credential = vec![1; 1024], "passkey-unreadable"),
    ];
    for (lie, why) in lies {
        let mut world = World::new();
        let member = world.member("clerk", &[Role::Clerk]);
        let mut device = Device::new("blue");
        lie(&mut device);
        let options = world.creation(&member.token);
        let reply = device.create(&options);
        assert_eq!(wrong(world.desk().finish_passkey(&member.token, "key", &reply)), why);
    }
    let mut world = World::new();
    let device = Device::new("blue");
    let token = world.with_passkey(&device);
    let options = world.creation(&token);
    let reply = device.create(&options);
    assert_eq!(wrong(world.desk().finish_passkey(&token, "twice", &reply)), "passkey-known");
    assert_eq!(wrong(world.desk().finish_passkey(&token, "\u{7}", &reply)), "label");
    // A challenge to show a key is none to add one.
    let options = world.request(&token);
    let reply = Device::new("red").create(&options);
    assert_eq!(wrong(world.desk().finish_passkey(&token, "red", &reply)), "passkey-challenge");
}

#[test]
fn extensions_behind_the_key_are_let_by() {
    let mut world = World::new();
    let mut device = Device::new("blue");
    device.flags |= 0x80;
    device.tail = cbor(&Cbor::Map(vec![(Cbor::Text("credProtect".to_owned()), Cbor::Null)]));
    world.with_passkey(&device);
    assert_eq!(world.account("clerk").factors(), [FactorKind::Passkey, FactorKind::Recovery]);
}

#[test]
fn a_passkey_is_removed_by_its_id_unless_it_is_the_last_factor() {
    let mut world = World::new();
    let (blue, red) = (Device::new("blue"), Device::new("red"));
    let token = world.with_passkey(&blue);
    let id = BASE64.encode("blue");
    assert_eq!(wrong(world.desk().remove_factor(&token, Some(&id))), "last-factor");
    let options = world.creation(&token);
    let out = world.desk().finish_passkey(&token, "red key", &red.create(&options));
    assert_eq!(world.keep(out).recovery, [], "the codes that are there stay");
    let out = world.desk().remove_factor(&token, Some(&id));
    world.keep(out);
    assert_eq!(world.account("clerk").passkeys().count(), 1);
}

proptest! {
    #[test]
    fn no_changed_byte_and_no_noise_is_a_passkey(
        at in any::<prop::sample::Index>(), flip in 1..128_u8, noise in ".{0,200}",
    ) {
        let mut world = World::new();
        let mut device = Device::new("blue");
        world.with_passkey(&device);
        let (half, _) = world.signed_in("clerk", PASSWORD);
        let options = world.request(&half);
        let whole: Value = serde_json::from_str(&device.get(&options)).unwrap();
        // Any changed byte of what is signed, or of the signature.
        for member in ["clientDataJSON", "authenticatorData", "signature"] {
            let mut reply = whole.clone();
            let mut bytes = BASE64.decode(reply["response"][member].as_str().unwrap()).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            reply["response"][member] = json!(BASE64.encode(bytes));
            let text = reply.to_string();
            let out = world.desk().second_factor(&half, Proof::Passkey(&text)).unwrap();
            prop_assert_eq!(out.value, SignIn::Failed, "{}", member);
        }
        let out = world.desk().second_factor(&half, Proof::Passkey(&noise)).unwrap();
        prop_assert_eq!(out.value, SignIn::Failed);
        let text = whole.to_string();
        let out = world.desk().second_factor(&half, Proof::Passkey(&text)).unwrap();
        prop_assert_ne!(out.value, SignIn::Failed);
    }

    #[test]
    fn no_bytes_at_all_crash_the_reading_of_a_new_passkey(
        attestation in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut world = World::new();
        let member = world.member("clerk", &[Role::Clerk]);
        let options = world.creation(&member.token);
        let mut reply: Value =
            serde_json::from_str(&Device::new("blue").create(&options)).unwrap();
        reply["response"]["attestationObject"] = json!(BASE64.encode(attestation));
        let text = reply.to_string();
        prop_assert!(world.desk().finish_passkey(&member.token, "key", &text).is_err());
    }
}
