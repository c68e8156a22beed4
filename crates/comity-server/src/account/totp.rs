//! Codes of an authenticator app: TOTP (RFC 6238) with HMAC-SHA-1, six digits, 30 seconds, which
//! is what every app does. Each code is good once.

use super::secret::{AccountKey, Secret, base32, is_same, random};
use comity_exchange::case::OfficialId;
use comity_node::Random;
use jiff::Timestamp;
use ring::hmac;
use serde::{Deserialize, Serialize};

/// Seconds that a code is shown.
const STEP_SECONDS: i64 = 30;

/// How many steps the app's clock may be off, either way.
const STEPS_OFF_MAX: i64 = 1;

const DIGITS: usize = 6;

/// RFC 4648 section 6, as authenticator apps read secrets.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The secret that the node shares with a person's authenticator app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppSecret {
    /// Under the node's account key.
    sealed: Vec<u8>,
    /// The step of the last code that was used: neither it nor an earlier one is good again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used: Option<i64>,
    /// True once a first code came from the app.
    is_proven: bool,
}

/// What a person's app is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSetup {
    /// The secret in base 32, to type.
    pub secret: Secret,
    /// The same as an `otpauth` address, to show as a picture.
    pub address: Secret,
}

impl AppSecret {
    /// A new secret of 160 bits, and what the app is told. `None` if it cannot be sealed.
    pub fn new(
        key: &AccountKey,
        account: &OfficialId,
        issuer: &str,
        from: &mut dyn Random,
    ) -> Option<(AppSecret, AppSetup)> {
        let secret = zeroize::Zeroizing::new(random::<20>(from));
        let sealed = key.seal(&bound_to(account), random(from), secret.as_slice())?;
        let text = base32(secret.as_slice(), BASE32);
        let (issuer, name) = (escaped(issuer), account.as_str());
        let address = format!(
            "otpauth://totp/{issuer}:{name}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}\
             &period={STEP_SECONDS}",
            text.as_str()
        );
        let setup =
            AppSetup { secret: Secret::new(text.to_string()), address: Secret::new(address) };
        Some((AppSecret { sealed, used: None, is_proven: false }, setup))
    }

    pub fn is_proven(&self) -> bool {
        self.is_proven
    }

    /// Takes a code: true if it is the app's of now, of the step before or the one after, and of
    /// a later step than any that was taken. A clock that went back takes none again.
    pub fn take(
        &mut self,
        key: &AccountKey,
        account: &OfficialId,
        code: &str,
        now: Timestamp,
    ) -> bool {
        let Some(secret) = key.open(&bound_to(account), &self.sealed) else { return false };
        let typed: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let step = now.as_second().div_euclid(STEP_SECONDS);
        // All are compared, so that the time does not say which one it was.
        let mut matched = None;
        for near in step - STEPS_OFF_MAX..=step + STEPS_OFF_MAX {
            let expected = code_at(&secret, near);
            let is_new = self.used.is_none_or(|used| near > used);
            if is_same(expected.as_bytes(), typed.as_bytes()) && is_new && matched.is_none() {
                matched = Some(near);
            }
        }
        if let Some(step) = matched {
            self.used = Some(step);
            self.is_proven = true;
        }
        matched.is_some()
    }
}

fn bound_to(account: &OfficialId) -> String {
    format!("comity-app/v1\n{}", account.as_str())
}

/// HOTP (RFC 4226 section 5.3) of a step, with leading zeros.
pub(super) fn code_at(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[tag.len() - 1] & 15);
    let four = tag[at..at + 4].iter().fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
    format!("{:0DIGITS$}", (four & 0x7fff_ffff) % 1_000_000)
}

/// Percent-encoded, as in a path: a space is no plus there.
fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B, SHA-1; its eight digits end with our six.
        let secret = b"12345678901234567890";
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(secret, second / STEP_SECONDS), code);
        }
    }

    #[test]
    fn base_32_is_that_of_rfc_4648() {
        assert_eq!(base32(b"fooba", BASE32).as_str(), "MZXW6YTB");
    }
}
