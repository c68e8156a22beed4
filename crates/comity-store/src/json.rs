//! How values of other crates stand in a line of a backup: bytes as base64, ids as shown.

#![allow(clippy::ptr_arg, clippy::ref_option, reason = "serde gives a reference to the field")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

fn decode<'de, D: Deserializer<'de>>(text: &str) -> Result<Vec<u8>, D::Error> {
    STANDARD.decode(text).map_err(|_| D::Error::custom("bytes are in base64"))
}

fn decode_fixed<'de, D: Deserializer<'de>>(text: &str) -> Result<[u8; 32], D::Error> {
    decode::<D>(text)?.try_into().map_err(|_| D::Error::custom("these bytes are 32"))
}

macro_rules! as_text {
    ($(#[$says:meta])* $name:ident, $type:ty, $write:expr, $read:expr) => {
        $(#[$says])*
        pub(crate) mod $name {
            use super::*;

            pub(crate) fn serialize<S: Serializer>(value: &$type, s: S) -> Result<S::Ok, S::Error> {
                #[allow(clippy::redundant_closure_call, reason = "each type has its own words")]
                s.collect_str(&$write(value))
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<$type, D::Error> {
                let text = String::deserialize(d)?;
                $read(text)
            }
        }
    };
}

as_text!(bytes, Vec<u8>, |value: &[u8]| STANDARD.encode(value), |text: String| decode::<D>(&text));
as_text!(fixed, [u8; 32], |value: &[u8; 32]| STANDARD.encode(value), |text: String| {
    decode_fixed::<D>(&text)
});
as_text!(party, comity_exchange::Party, Clone::clone, |text: String| {
    comity_exchange::Party::new(&text).map_err(|fault| D::Error::custom(fault.message))
});
as_text!(envelope_id, comity_exchange::EnvelopeId, Clone::clone, |text: String| {
    comity_exchange::EnvelopeId::parse(&text)
        .ok_or_else(|| D::Error::custom("an id is 32 hexadecimal digits"))
});
as_text!(key_id, comity_ledger::PersonKeyId, Clone::clone, |text: String| {
    comity_exchange::EnvelopeId::parse(&text)
        .map(|id| comity_ledger::PersonKeyId(id.0))
        .ok_or_else(|| D::Error::custom("a key's id is 32 hexadecimal digits"))
});

/// Bytes that may be absent.
pub(crate) mod maybe_bytes {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        value: &Option<Vec<u8>>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().map(|bytes| STANDARD.encode(bytes)).serialize(s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        Option::<String>::deserialize(d)?.map(|text| decode::<D>(&text)).transpose()
    }
}

/// 32 bytes that may be absent.
pub(crate) mod maybe_fixed {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        value: &Option<[u8; 32]>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(|bytes| STANDARD.encode(bytes)).serialize(s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<Option<[u8; 32]>, D::Error> {
        Option::<String>::deserialize(d)?.map(|text| decode_fixed::<D>(&text)).transpose()
    }
}

/// A tile.
pub(crate) mod tile {
    use super::*;
    use comity_ledger::{Tile, TileId};

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Shape {
        level: u8,
        index: u64,
        width: u16,
        #[serde(with = "super::bytes")]
        bytes: Vec<u8>,
    }

    pub(crate) fn serialize<S: Serializer>(tile: &Tile, s: S) -> Result<S::Ok, S::Error> {
        let TileId { level, index, width } = tile.id;
        Shape { level, index, width, bytes: tile.bytes.clone() }.serialize(s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Tile, D::Error> {
        let Shape { level, index, width, bytes } = Shape::deserialize(d)?;
        Ok(Tile { id: TileId { level, index, width }, bytes })
    }
}
