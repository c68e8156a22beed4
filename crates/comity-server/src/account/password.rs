//! Passwords: 12 characters or more, none that everybody knows, hashed by Argon2id
//! (docs/adr/0044-sign-in.md).

use super::banned;
use super::secret::{AccountKey, random};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use comity_exchange::case::OfficialId;
use comity_model::Diagnostic;
use comity_node::Random;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Fewest characters (Unicode scalar values after normalization) of a password.
pub const PASSWORD_CHARS_MIN: usize = 12;

/// Most bytes of a password in UTF-8. Longer ones are refused, never cut.
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// What a guess costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Cost {
    /// 19 MiB, two passes, one lane: OWASP's password storage cheat sheet, Argon2id. No way but
    /// [`Cost::for_tests`] leads below it.
    pub const OWASP: Cost = Cost { memory_kib: 19_456, passes: 2 };

    /// The least that Argon2 takes: for tests and simulators, which sign in a thousand times.
    pub const fn for_tests() -> Cost {
        Cost { memory_kib: 8, passes: 1 }
    }

    /// A cost at least as high in each part as [`Cost::OWASP`]; `None` if it is lower.
    pub fn new(memory_kib: u32, passes: u32) -> Option<Cost> {
        let enough = memory_kib >= Cost::OWASP.memory_kib && passes >= Cost::OWASP.passes;
        enough.then_some(Cost { memory_kib, passes })
    }

    fn params(self) -> Option<Params> {
        Params::new(self.memory_kib, self.passes, 1, Some(32)).ok()
    }
}

/// The bytes that are hashed: canonically composed, so that the same letters from two keyboards
/// are one password (the OpaqueString profile of RFC 8265), and nothing else is changed.
fn normal(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfc().collect())
}

/// Whether a password may be chosen.
///
/// # Errors
/// `password-short`, `password-long`, `password-common`: too short, too long, or one that is
/// tried first, with the account's name among the words that are.
pub fn check(password: &str, account: &OfficialId) -> Result<(), Diagnostic> {
    let normal = normal(password);
    let wrong = |code, message: String, help: &str| {
        Err(Diagnostic::error(code, message).path("password").help(help))
    };
    if normal.chars().count() < PASSWORD_CHARS_MIN {
        return wrong(
            "password-short",
            format!("the password has fewer than {PASSWORD_CHARS_MIN} characters"),
            "four words that have nothing to do with each other are easy to keep in mind",
        );
    }
    if password.len() > PASSWORD_BYTES_MAX || normal.len() > PASSWORD_BYTES_MAX {
        return wrong(
            "password-long",
            format!("the password has more than {PASSWORD_BYTES_MAX} bytes"),
            "choose a shorter one; a password is never cut",
        );
    }
    if banned::is_banned(&normal, account.as_str()) {
        return wrong(
            "password-common",
            "the password is made of what is tried first: well-known words, rows of keys, \
             repeated signs or the account's name"
                .to_owned(),
            "four words that have nothing to do with each other are easy to keep in mind",
        );
    }
    Ok(())
}

/// Hashes and verifies under one cost and one key.
pub(super) struct Hasher<'a> {
    key: &'a AccountKey,
    cost: Cost,
}

impl<'a> Hasher<'a> {
    pub fn new(key: &'a AccountKey, cost: Cost) -> Hasher<'a> {
        Hasher { key, cost }
    }

    /// The hash of a password as a PHC text (`$argon2id$v=19$m=…`).
    ///
    /// # Errors
    /// `password-hash`: there is no memory for it.
    pub fn hash(&self, password: &str, random: &mut dyn Random) -> Result<String, Diagnostic> {
        let salt: [u8; 16] = super::secret::random(random);
        self.with_salt(password, &salt).ok_or_else(|| {
            Diagnostic::error("password-hash", "the password cannot be hashed")
                .help("the machine has too little memory")
        })
    }

    fn with_salt(&self, password: &str, salt: &[u8; 16]) -> Option<String> {
        let pepper = self.pepper();
        let argon2 = self.argon2(pepper.as_slice())?;
        let hash = argon2.hash_password_with_salt(normal(password).as_bytes(), salt).ok()?;
        Some(hash.to_string())
    }

    /// Whether a password has this hash. Where there is none, as much work is done, and the
    /// answer is no: an unknown account takes as long as a known one.
    pub fn verify(&self, password: &str, hash: Option<&str>, salt: &mut dyn Random) -> bool {
        let parsed = hash.and_then(|hash| PasswordHash::new(hash).ok());
        let Some(hash) = parsed.filter(|_| password.len() <= PASSWORD_BYTES_MAX) else {
            // Of the first bytes only, as nobody can have chosen more.
            let salt: [u8; 16] = random(salt);
            let mut end = password.len().min(PASSWORD_BYTES_MAX);
            while !password.is_char_boundary(end) {
                end -= 1;
            }
            std::hint::black_box(self.with_salt(&password[..end], &salt));
            return false;
        };
        let pepper = self.pepper();
        self.argon2(pepper.as_slice())
            .is_some_and(|a| a.verify_password(normal(password).as_bytes(), &hash).is_ok())
    }

    /// True if a hash was made at another cost than today's.
    pub fn is_dated(&self, hash: &str) -> bool {
        let params = PasswordHash::new(hash).ok().and_then(|h| Params::try_from(&h).ok());
        params.is_none_or(|p| p.m_cost() != self.cost.memory_kib || p.t_cost() != self.cost.passes)
    }

    fn pepper(&self) -> Zeroizing<[u8; 32]> {
        self.key.derive("comity-password-pepper/v1")
    }

    fn argon2<'p>(&self, pepper: &'p [u8]) -> Option<Argon2<'p>> {
        let params = self.cost.params()?;
        Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params).ok()
    }
}
