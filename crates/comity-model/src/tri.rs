//! Three-valued truth, strong Kleene (Kleene, *Introduction to Metamathematics*, § 64).

/// False, unknown or true; ordered so that *and* is the minimum and *or* the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Tri {
    /// Known to be false.
    False = 0,
    /// Not known.
    Unknown = 1,
    /// Known to be true.
    True = 2,
}

impl Tri {
    /// Kleene conjunction.
    #[must_use]
    pub fn and(self, other: Tri) -> Tri {
        self.min(other)
    }

    /// Kleene disjunction.
    #[must_use]
    pub fn or(self, other: Tri) -> Tri {
        self.max(other)
    }

    /// The word shown to people.
    pub fn word(self) -> &'static str {
        match self {
            Tri::False => "no",
            Tri::Unknown => "not known",
            Tri::True => "yes",
        }
    }
}

impl std::ops::Not for Tri {
    type Output = Tri;

    fn not(self) -> Tri {
        match self {
            Tri::False => Tri::True,
            Tri::Unknown => Tri::Unknown,
            Tri::True => Tri::False,
        }
    }
}

impl From<bool> for Tri {
    fn from(b: bool) -> Tri {
        if b { Tri::True } else { Tri::False }
    }
}
