//! Accounts: sign-in, second factors, sessions, lockout, and what each role may do. No HTTP:
//! instants, random bytes and rows come as arguments, changes go out.
//!
//! A request makes a [`Desk`] and asks it something. What comes back is an [`Outcome`]: a value,
//! the changes that the store must keep before the value is told to anybody, and lines of the
//! audit. Permissions are asked of a [`Person`], which [`Desk::present`] makes of a token.

mod admin;
mod audit;
mod banned;
mod desk;
mod fault;
mod oidc;
mod own;
mod passkey;
mod password;
mod permission;
mod record;
mod role;
mod secret;
mod session;
mod sign_in;
mod signature;
mod throttle;
mod totp;

pub use admin::{AccountAct, NewAccount};
pub use audit::{AuditEvent, AuditOutcome, Origin, Subject, What, Who};
pub use desk::{
    Actor, Desk, FAILURES_MAX, FAILURES_WINDOW, IDLE_MINUTES_MAX, INACTIVE_MAX, INVITATION_MAX,
    Outcome, Rules, SESSION_MAX, SecondFactorRule, SignIn, TOKEN_MAX,
};
pub use fault::AccountFault;
pub use oidc::{Claims, Discovery, Flow, Provider};
pub use own::{FactorAdded, RECOVERY_CODES};
pub use passkey::{Passkey, RelyingParty};
pub use password::{Cost, PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN};
pub use permission::{
    Permission, SOFTWARE_ENTERS, command_name, official_for, reference as permissions_reference,
};
pub use record::{Account, ExternalId, FactorKind};
pub use role::Role;
pub use secret::{AccountKey, Secret};
pub use session::{NewSession, Person, Presence, Session, SessionId, Stage, TOKEN_PREFIX};
pub use sign_in::Proof;
pub use throttle::Throttle;
pub use totp::AppSetup;
