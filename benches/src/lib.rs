//! What the measurements in `speed.rs` share: synthetic cases, the engine and its peers in
//! one form, and the stopwatch.

pub mod cedar;
pub mod measure;
pub mod ours;
pub mod rego;
pub mod synth;
pub mod whole;

/// Anything that can go wrong while a measurement is set up.
pub type Failure = Box<dyn std::error::Error>;

/// What a policy says about holding, for one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hold {
    /// The agency may hold.
    May,
    /// It must not.
    MustNot,
    /// Both are possible: facts are missing. No peer can say this.
    Open,
}
