//! The closed sets that papers speak of, in the words of the glossary. This crate knows no other
//! room: whoever makes a paper says which member of its own set it means.

/// What a request may ask an agency for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// To hold the person past the time of release.
    Hold,
    /// To tell the release date.
    Notify,
    /// To hand the person over in a secure area.
    Transfer,
    /// To let the federal side interview the person.
    Interview,
    /// To share citizenship or immigration status information.
    ShareStatus,
}

impl Channel {
    /// All channels on which an agency is asked.
    pub const ALL: [Channel; 5] = [
        Channel::Hold,
        Channel::Notify,
        Channel::Transfer,
        Channel::Interview,
        Channel::ShareStatus,
    ];

    /// The name used in policy files.
    pub fn name(self) -> &'static str {
        match self {
            Channel::Hold => "hold",
            Channel::Notify => "notify",
            Channel::Transfer => "transfer",
            Channel::Interview => "interview",
            Channel::ShareStatus => "share_status",
        }
    }
}

/// What the agency does on one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Choice {
    /// It does what the request asks.
    Comply,
    /// It does not.
    Decline,
    /// It cannot say yet, and does nothing meanwhile.
    Open,
}

/// What the law says on one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Modality {
    /// It is required.
    Must,
    /// It is allowed; a person decides.
    May,
    /// It is forbidden.
    MustNot,
    /// It cannot be said with the facts that are known.
    Undetermined,
}

/// How well the text behind a rule was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verified {
    /// Read in the primary text.
    Primary,
    /// Read in a secondary source.
    Secondary,
    /// Recalled, not verified.
    Recalled,
}

impl Verified {
    /// The name used in policy files.
    pub fn name(self) -> &'static str {
        match self {
            Verified::Primary => "primary",
            Verified::Secondary => "secondary",
            Verified::Recalled => "recalled",
        }
    }
}

/// Whose limit on a hold it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CapKind {
    /// The hours that the request's form asks for.
    Requested,
    /// The ceiling of 8 CFR 287.7(d).
    Regulatory,
    /// A state or local limit.
    Local,
    /// The day from which a new law bars the hold.
    LawChange,
}

/// What a person claims to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimKind {
    /// A citizen or national of the United States.
    Citizenship,
    /// Somebody with lawful immigration status.
    LawfulStatus,
}

/// How a claim was resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// It is true.
    Upheld,
    /// It is not.
    NotUpheld,
}
