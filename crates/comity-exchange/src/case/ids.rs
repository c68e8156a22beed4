//! Names of things inside a case: 16 random bytes each, never a person's number.

use crate::envelope::Digest;
use comity_model::{from_hex, hex};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

macro_rules! id {
    ($(#[$says:meta])* $name:ident) => {
        $(#[$says])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// An id as it is shown: 32 hexadecimal digits.
            pub fn parse(text: &str) -> Option<$name> {
                from_hex(text)?.try_into().ok().map($name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = String::deserialize(d)?;
                let wrong = || serde::de::Error::custom("an id is 32 hexadecimal digits");
                $name::parse(&text).ok_or_else(wrong)
            }
        }
    };
}

id! {
    /// A custody case, in both parties' nodes: one stay of one person in one agency's custody.
    /// The agency chooses it when it books.
    CaseId
}
id! {
    /// A command. The same command keeps its id however often it is given; a received message
    /// has its envelope's.
    CommandId
}
id! {
    /// A request; the federal side chooses it.
    RequestId
}
id! {
    /// A claim of citizenship or lawful status; whoever records it first chooses it.
    ClaimId
}

id! {
    /// A record of the federal side's gallery.
    GalleryRecord
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let wrong = || serde::de::Error::custom("a digest is 64 hexadecimal digits");
        Digest::parse(&text).ok_or_else(wrong)
    }
}

/// How many events a case has; also the number of its last one.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(pub u64);

impl Version {
    /// The number of the next event.
    #[must_use]
    pub fn next(self) -> Version {
        Version(self.0 + 1)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
