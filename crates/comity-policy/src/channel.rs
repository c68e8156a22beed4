//! Channels, what can be said on them, and how instruments combine (DESIGN section 4).

use serde::{Serialize, Serializer};
use std::fmt;

/// A question that a policy can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Federal side: may it ask the agency to hold?
    RequestHold,
    /// Federal side: may it ask for notice of release?
    RequestNotice,
    /// Federal side: may it ask for a transfer in a secure area?
    RequestTransfer,
    /// Agency: may it hold past the time of release, on a civil request?
    Hold,
    /// Agency: may it tell the release date?
    Notify,
    /// Agency: may it hand the person over in a secure area?
    Transfer,
    /// Agency: may the federal side interview the person?
    Interview,
    /// Agency: may it share citizenship or immigration status information?
    ShareStatus,
    /// Agency: may it ask about immigration status?
    AskStatus,
    /// Agency: may it arrest for a civil immigration violation?
    ArrestForStatus,
}

impl Channel {
    /// Number of channels.
    pub const COUNT: usize = 10;
    /// All channels, federal side first.
    pub const ALL: [Channel; Channel::COUNT] = [
        Channel::RequestHold,
        Channel::RequestNotice,
        Channel::RequestTransfer,
        Channel::Hold,
        Channel::Notify,
        Channel::Transfer,
        Channel::Interview,
        Channel::ShareStatus,
        Channel::AskStatus,
        Channel::ArrestForStatus,
    ];

    /// The name used in policy files.
    pub fn name(self) -> &'static str {
        match self {
            Channel::RequestHold => "request_hold",
            Channel::RequestNotice => "request_notice",
            Channel::RequestTransfer => "request_transfer",
            Channel::Hold => "hold",
            Channel::Notify => "notify",
            Channel::Transfer => "transfer",
            Channel::Interview => "interview",
            Channel::ShareStatus => "share_status",
            Channel::AskStatus => "ask_status",
            Channel::ArrestForStatus => "arrest_for_status",
        }
    }

    /// The channel of that name.
    pub fn from_name(name: &str) -> Option<Channel> {
        Channel::ALL.into_iter().find(|c| c.name() == name)
    }

    /// True for what the federal side does.
    pub fn is_federal(self) -> bool {
        matches!(self, Channel::RequestHold | Channel::RequestNotice | Channel::RequestTransfer)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the law says to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// It is required.
    Must,
    /// It is allowed, and a person decides.
    May,
    /// It is forbidden.
    MustNot,
}

impl Modality {
    /// All, in the order in which they are shown.
    pub const ALL: [Modality; 3] = [Modality::Must, Modality::May, Modality::MustNot];

    /// The name used in policy files and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Modality::Must => "must",
            Modality::May => "may",
            Modality::MustNot => "must_not",
        }
    }

    /// The modality of that name.
    pub fn from_name(name: &str) -> Option<Modality> {
        Modality::ALL.into_iter().find(|m| m.name() == name)
    }

    /// The words shown to people.
    pub fn words(self) -> &'static str {
        match self {
            Modality::Must => "must",
            Modality::May => "may",
            Modality::MustNot => "must not",
        }
    }
}

/// A set of modalities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ModalitySet(u8);

impl ModalitySet {
    /// Adds one.
    pub fn insert(&mut self, m: Modality) {
        self.0 |= 1 << m as u8;
    }

    /// True if it holds `m`.
    pub fn contains(self, m: Modality) -> bool {
        self.0 >> m as u8 & 1 == 1
    }

    /// The members as bits: 0 must, 1 may, 2 must not.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// The members in order.
    pub fn iter(self) -> impl Iterator<Item = Modality> {
        Modality::ALL.into_iter().filter(move |m| self.contains(*m))
    }

    /// The only member, if there is exactly one.
    pub fn only(self) -> Option<Modality> {
        self.0.is_power_of_two().then(|| Modality::ALL[self.0.trailing_zeros() as usize % 3])
    }
}

impl FromIterator<Modality> for ModalitySet {
    fn from_iter<I: IntoIterator<Item = Modality>>(iter: I) -> Self {
        let mut set = ModalitySet::default();
        iter.into_iter().for_each(|m| set.insert(m));
        set
    }
}

impl Serialize for ModalitySet {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.iter())
    }
}

/// What one instrument, or all of one level, says on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Stance {
    /// Nothing.
    Silent = 0,
    /// It allows.
    May = 1,
    /// It allows, and no lower level may forbid.
    Protect = 2,
    /// It requires.
    Must = 3,
    /// It forbids.
    MustNot = 4,
    /// Instruments of one level contradict each other.
    Clash = 5,
}

impl Stance {
    /// All, in the order of their codes.
    pub const ALL: [Stance; 6] = [
        Stance::Silent,
        Stance::May,
        Stance::Protect,
        Stance::Must,
        Stance::MustNot,
        Stance::Clash,
    ];

    /// The name used in policy files.
    pub fn name(self) -> &'static str {
        match self {
            Stance::Silent => "silent",
            Stance::May => "may",
            Stance::Protect => "protect",
            Stance::Must => "must",
            Stance::MustNot => "must_not",
            Stance::Clash => "clash",
        }
    }

    /// Two instruments of one level: *must* and *must not* beat *may*; *must*
    /// against *must not*, or a protection against a prohibition, cannot be resolved.
    #[must_use]
    pub fn beside(self, other: Stance) -> Stance {
        use Stance::*;
        match (self, other) {
            (a, b) if a == b => a,
            (Silent, x) | (x, Silent) => x,
            (Clash, _) | (_, Clash) => Clash,
            (Must | Protect, MustNot) | (MustNot, Must | Protect) => Clash,
            (MustNot, _) | (_, MustNot) => MustNot,
            (Must, _) | (_, Must) => Must,
            _ => Protect,
        }
    }

    /// A higher level's stance over a lower one's: what binds after both.
    #[must_use]
    pub fn over(self, lower: Stance) -> Stance {
        use Stance::*;
        match (self, lower) {
            (Must | MustNot | Clash, _) | (_, Silent) => self,
            (Protect, MustNot | Clash | May) => Protect,
            (_, lower) => lower,
        }
    }

    /// True if a lower level says the opposite of what binds.
    pub fn conflicts_with(self, lower: Stance) -> bool {
        use Stance::*;
        matches!((self, lower), (Must | Protect, MustNot) | (MustNot, Must | Protect))
    }

    /// The modalities that a final stance allows. Silence leaves discretion.
    pub const fn outcome(self) -> ModalitySet {
        const fn bit(m: Modality) -> u8 {
            1 << m as u8
        }
        ModalitySet(match self {
            Stance::Must => bit(Modality::Must),
            Stance::MustNot => bit(Modality::MustNot),
            Stance::Clash => bit(Modality::Must) | bit(Modality::MustNot),
            Stance::Silent | Stance::May | Stance::Protect => bit(Modality::May),
        })
    }
}

/// A set of stances that are possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StanceSet(pub u8);

impl StanceSet {
    /// Only silence.
    pub const SILENT: StanceSet = StanceSet(1);
    /// None; only while a set is built.
    pub const EMPTY: StanceSet = StanceSet(0);

    /// The set of one.
    pub fn of(s: Stance) -> StanceSet {
        StanceSet(1 << s as u8)
    }

    /// Adds one.
    pub fn insert(&mut self, s: Stance) {
        self.0 |= 1 << s as u8;
    }

    /// True if it holds `s`.
    pub fn contains(self, s: Stance) -> bool {
        self.0 >> s as u8 & 1 == 1
    }

    /// The members in order.
    pub fn iter(self) -> impl Iterator<Item = Stance> {
        Stance::ALL.into_iter().filter(move |s| self.contains(*s))
    }

    /// The only member, if there is exactly one.
    #[inline]
    pub fn only(self) -> Option<Stance> {
        self.0.is_power_of_two().then(|| Stance::ALL[self.0.trailing_zeros() as usize % 6])
    }

    /// Every combination of two sets under an operation.
    #[must_use]
    #[inline]
    pub fn combine(self, other: StanceSet, op: impl Fn(Stance, Stance) -> Stance) -> StanceSet {
        if let (Some(a), Some(b)) = (self.only(), other.only()) {
            return StanceSet::of(op(a, b));
        }
        let mut out = StanceSet::EMPTY;
        for a in self.iter() {
            for b in other.iter() {
                out.insert(op(a, b));
            }
        }
        out
    }

    /// The modalities that are possible.
    #[inline]
    pub fn outcome(self) -> ModalitySet {
        ModalitySet(OUTCOMES[self.0 as usize % OUTCOMES.len()])
    }
}

/// The outcome of every set of stances, by its mask.
const OUTCOMES: [u8; 64] = {
    let mut table = [0; 64];
    let mut set = 0;
    while set < 64 {
        let mut i = 0;
        while i < Stance::ALL.len() {
            if set >> i & 1 == 1 {
                table[set] |= Stance::ALL[i].outcome().0;
            }
            i += 1;
        }
        set += 1;
    }
    table
};

/// The rank of an instrument, highest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A court ruling, inside its territory.
    Ruling,
    /// Federal law and programs.
    Federal,
    /// State law.
    State,
    /// A county's or city's law.
    Local,
    /// An agency's own policy.
    Agency,
    /// An agreement.
    Agreement,
}

impl Level {
    /// All levels, highest first.
    pub const ALL: [Level; 6] = [
        Level::Ruling,
        Level::Federal,
        Level::State,
        Level::Local,
        Level::Agency,
        Level::Agreement,
    ];

    /// Names accepted in files; county and city are one rank.
    pub const NAMES: [(&'static str, Level); 7] = [
        ("ruling", Level::Ruling),
        ("federal", Level::Federal),
        ("state", Level::State),
        ("county", Level::Local),
        ("city", Level::Local),
        ("agency", Level::Agency),
        ("agreement", Level::Agreement),
    ];

    /// The word shown to people.
    pub fn name(self) -> &'static str {
        match self {
            Level::Ruling => "ruling",
            Level::Federal => "federal",
            Level::State => "state",
            Level::Local => "local",
            Level::Agency => "agency",
            Level::Agreement => "agreement",
        }
    }
}

/// How well the text behind a rule was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
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

    /// The mark of that name.
    pub fn from_name(name: &str) -> Option<Verified> {
        [Verified::Primary, Verified::Secondary, Verified::Recalled]
            .into_iter()
            .find(|v| v.name() == name)
    }

    /// The words shown beside every result that a rule touches.
    pub fn words(self) -> &'static str {
        match self {
            Verified::Primary => "read in the primary text",
            Verified::Secondary => "read in a secondary source",
            Verified::Recalled => "not verified",
        }
    }
}
