//! Words of the schema's closed sets, and texts that people write.

use comity_model::schema::enums;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

macro_rules! word {
    ($(#[$says:meta])* $name:ident, $set:ident) => {
        $(#[$says])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u8);

        impl $name {
            /// The word of that name, if the set has it.
            pub fn named(name: &str) -> Option<$name> {
                enums::$set.code(name).map($name)
            }

            /// Its name, as files write it.
            pub fn name(self) -> &'static str {
                enums::$set.name_of(self.0)
            }

            /// Every word of the set.
            pub fn all() -> impl Iterator<Item = $name> {
                (0..enums::$set.values.len()).map(|code| $name(code as u8))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.name())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = String::deserialize(d)?;
                $name::named(&text).ok_or_else(|| {
                    let set = enums::$set.name;
                    serde::de::Error::custom(format!("this is no {set}"))
                })
            }
        }
    };
}

word! {
    /// The form of a request (`request.form`).
    Form, FORM
}
word! {
    /// The revision printed on a form (`request.form_version`).
    FormVersion, FORM_VERSION
}
word! {
    /// The kind of a warrant (`request.warrant`).
    WarrantKind, WARRANT
}
word! {
    /// Who signed a warrant (`request.warrant_signed_by`).
    WarrantSigner, WARRANT_SIGNER
}
word! {
    /// How the federal side says that it knows a person to be removable.
    Basis, BASIS
}
word! {
    /// Why a person would otherwise be released (`custody.release_reason`).
    ReleaseReason, RELEASE_REASON
}

/// Most bytes of a text that a person writes into a case.
pub const REMARK_BYTES_MAX: usize = 4000;

/// A text that an official wrote. It stays with the party whose official it was: no message
/// has a field of this type.
#[derive(Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Remark(String);

impl Remark {
    /// A text of at most [`REMARK_BYTES_MAX`] bytes, without control characters but newlines.
    pub fn new(text: &str) -> Option<Remark> {
        let plain = text.chars().all(|c| c == '\n' || !c.is_control());
        (text.len() <= REMARK_BYTES_MAX && plain).then(|| Remark(text.trim().to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when nothing was written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Remark {
    // May name the person, who belongs into no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Remark({} bytes)", self.0.len())
    }
}

impl<'de> Deserialize<'de> for Remark {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let wrong = "a remark has at most 4,000 bytes and no control characters";
        Remark::new(&text).ok_or_else(|| serde::de::Error::custom(wrong))
    }
}
