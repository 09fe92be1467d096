//! One canonical byte string for every serializable value.
//!
//! Two uses: the digest that stands for a compound or long argument in a key, and the weight of a value in the
//! local tier. Different values of one type have different encodings, and equal maps have equal encodings
//! whatever the order of their iteration. It is never read back.

use serde::ser::{self, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// The first 128 bits of SHA-256 of the canonical encoding.
///
/// A cryptographic hash, because arguments often come from outside: with a fast one, somebody who can choose two
/// queries could make them share an entry.
pub(crate) fn digest<T: Serialize + ?Sized>(value: &T) -> Result<[u8; 16], Unserializable> {
    let mut hash = Sha256::new();
    value.serialize(Encoder { sink: &mut hash })?;
    Ok(truncated(hash))
}

/// The digest of plain text.
pub(crate) fn digest_of_text(text: &str) -> [u8; 16] {
    digest_of_bytes(text.as_bytes())
}

/// The digest of bytes as they are.
pub(crate) fn digest_of_bytes(bytes: &[u8]) -> [u8; 16] {
    let mut hash = Sha256::new();
    Digest::update(&mut hash, bytes);
    truncated(hash)
}

/// A fair estimate of the memory that a value holds, in bytes.
pub(crate) fn weight<T: Serialize + ?Sized>(value: &T) -> Result<usize, Unserializable> {
    let mut count = Count(0);
    value.serialize(Encoder { sink: &mut count })?;
    Ok(count.0)
}

fn truncated(hash: Sha256) -> [u8; 16] {
    let full = hash.finalize();
    let mut short = [0; 16];
    short.copy_from_slice(&full[..16]);
    short
}

/// A `Serialize` implementation that reported an error.
#[derive(Debug)]
pub(crate) struct Unserializable;

impl fmt::Display for Unserializable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value's `Serialize` implementation failed")
    }
}

impl std::error::Error for Unserializable {}

impl ser::Error for Unserializable {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Unserializable
    }
}

/// Where encoded bytes go.
pub(crate) trait Sink {
    /// Bytes of a value.
    fn put(&mut self, bytes: &[u8]);

    /// Bytes that keep values apart: kinds, lengths, names.
    fn mark(&mut self, bytes: &[u8]) {
        self.put(bytes);
    }
}

impl Sink for Sha256 {
    fn put(&mut self, bytes: &[u8]) {
        Digest::update(self, bytes);
    }
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

struct Count(usize);

/// What keeps values apart takes no room in memory; a text or a list takes that of its header, once.
impl Sink for Count {
    fn put(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }

    fn mark(&mut self, bytes: &[u8]) {
        if matches!(bytes, [b's' | b'y' | b'q' | b'm']) {
            self.0 += size_of::<Vec<u8>>();
        }
    }
}

/// Each value starts with the byte of its kind; what has no fixed length says it or is closed by [`END`].
struct Encoder<'s, S> {
    sink: &'s mut S,
}

const END: u8 = 0;
const MORE: u8 = 1;

impl<S: Sink> Encoder<'_, S> {
    fn fixed(self, kind: u8, bytes: &[u8]) -> Result<(), Unserializable> {
        self.sink.mark(&[kind]);
        self.sink.put(bytes);
        Ok(())
    }

    fn sized(&mut self, bytes: &[u8]) {
        self.sink.mark(&(bytes.len() as u64).to_le_bytes());
        self.sink.put(bytes);
    }
}

impl<'s, S: Sink> ser::Serializer for Encoder<'s, S> {
    type Ok = ();
    type Error = Unserializable;
    type SerializeSeq = Elements<'s, S>;
    type SerializeTuple = Elements<'s, S>;
    type SerializeTupleStruct = Elements<'s, S>;
    type SerializeTupleVariant = Elements<'s, S>;
    type SerializeMap = Pairs<'s, S>;
    type SerializeStruct = Elements<'s, S>;
    type SerializeStructVariant = Elements<'s, S>;

    fn serialize_bool(self, v: bool) -> Result<(), Unserializable> {
        self.fixed(b'b', &[u8::from(v)])
    }
    fn serialize_i8(self, v: i8) -> Result<(), Unserializable> {
        self.fixed(b'1', &v.to_le_bytes())
    }
    fn serialize_i16(self, v: i16) -> Result<(), Unserializable> {
        self.fixed(b'2', &v.to_le_bytes())
    }
    fn serialize_i32(self, v: i32) -> Result<(), Unserializable> {
        self.fixed(b'3', &v.to_le_bytes())
    }
    fn serialize_i64(self, v: i64) -> Result<(), Unserializable> {
        self.fixed(b'4', &v.to_le_bytes())
    }
    fn serialize_i128(self, v: i128) -> Result<(), Unserializable> {
        self.fixed(b'5', &v.to_le_bytes())
    }
    fn serialize_u8(self, v: u8) -> Result<(), Unserializable> {
        self.fixed(b'6', &v.to_le_bytes())
    }
    fn serialize_u16(self, v: u16) -> Result<(), Unserializable> {
        self.fixed(b'7', &v.to_le_bytes())
    }
    fn serialize_u32(self, v: u32) -> Result<(), Unserializable> {
        self.fixed(b'8', &v.to_le_bytes())
    }
    fn serialize_u64(self, v: u64) -> Result<(), Unserializable> {
        self.fixed(b'9', &v.to_le_bytes())
    }
    fn serialize_u128(self, v: u128) -> Result<(), Unserializable> {
        self.fixed(b'0', &v.to_le_bytes())
    }
    fn serialize_f32(self, v: f32) -> Result<(), Unserializable> {
        self.fixed(b'f', &v.to_bits().to_le_bytes())
    }
    fn serialize_f64(self, v: f64) -> Result<(), Unserializable> {
        self.fixed(b'd', &v.to_bits().to_le_bytes())
    }
    fn serialize_char(self, v: char) -> Result<(), Unserializable> {
        self.fixed(b'c', &u32::from(v).to_le_bytes())
    }
    fn serialize_str(mut self, v: &str) -> Result<(), Unserializable> {
        self.sink.mark(b"s");
        self.sized(v.as_bytes());
        Ok(())
    }
    fn serialize_bytes(mut self, v: &[u8]) -> Result<(), Unserializable> {
        self.sink.mark(b"y");
        self.sized(v);
        Ok(())
    }
    fn serialize_none(self) -> Result<(), Unserializable> {
        self.fixed(b'n', &[])
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unserializable> {
        self.sink.mark(b"o");
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Unserializable> {
        self.fixed(b'u', &[])
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unserializable> {
        self.fixed(b'u', &[])
    }
    fn serialize_unit_variant(
        mut self,
        _: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<(), Unserializable> {
        self.variant(b'v', index, variant);
        Ok(())
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unserializable> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Unserializable> {
        self.variant(b'w', index, variant);
        value.serialize(self)
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Elements<'s, S>, Unserializable> {
        Ok(Elements::open(self, b'q'))
    }
    fn serialize_tuple(self, _: usize) -> Result<Elements<'s, S>, Unserializable> {
        Ok(Elements::open(self, b't'))
    }
    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Elements<'s, S>, Unserializable> {
        Ok(Elements::open(self, b't'))
    }
    fn serialize_tuple_variant(
        mut self,
        _: &'static str,
        index: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Elements<'s, S>, Unserializable> {
        self.variant(b'x', index, variant);
        Ok(Elements { sink: self.sink })
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Pairs<'s, S>, Unserializable> {
        self.sink.mark(b"m");
        Ok(Pairs {
            sink: self.sink,
            pairs: Vec::new(),
            key: Vec::new(),
        })
    }
    fn serialize_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Elements<'s, S>, Unserializable> {
        Ok(Elements::open(self, b'r'))
    }
    fn serialize_struct_variant(
        mut self,
        _: &'static str,
        index: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Elements<'s, S>, Unserializable> {
        self.variant(b'z', index, variant);
        Ok(Elements { sink: self.sink })
    }
}

impl<S: Sink> Encoder<'_, S> {
    fn variant(&mut self, kind: u8, index: u32, name: &str) {
        self.sink.mark(&[kind]);
        self.sink.mark(&index.to_le_bytes());
        self.sink.mark(&(name.len() as u64).to_le_bytes());
        self.sink.mark(name.as_bytes());
    }
}

/// Sequences, tuples and the fields of structs: each element behind [`MORE`], then [`END`].
pub(crate) struct Elements<'s, S> {
    sink: &'s mut S,
}

impl<'s, S: Sink> Elements<'s, S> {
    fn open(encoder: Encoder<'s, S>, kind: u8) -> Self {
        encoder.sink.mark(&[kind]);
        Elements { sink: encoder.sink }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unserializable> {
        self.sink.mark(&[MORE]);
        value.serialize(Encoder { sink: self.sink })
    }

    /// Fields carry their names, since a field that is skipped leaves no gap.
    fn field<T: Serialize + ?Sized>(
        &mut self,
        name: &str,
        value: &T,
    ) -> Result<(), Unserializable> {
        self.sink.mark(&[MORE]);
        self.sink.mark(&(name.len() as u64).to_le_bytes());
        self.sink.mark(name.as_bytes());
        value.serialize(Encoder { sink: self.sink })
    }

    fn close(self) -> Result<(), Unserializable> {
        self.sink.mark(&[END]);
        Ok(())
    }
}

macro_rules! elements {
    ($($trait:ident :: $method:ident),*) => {$(
        impl<S: Sink> ser::$trait for Elements<'_, S> {
            type Ok = ();
            type Error = Unserializable;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unserializable> {
                self.element(value)
            }
            fn end(self) -> Result<(), Unserializable> {
                self.close()
            }
        }
    )*};
}
elements!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

macro_rules! fields {
    ($($trait:ident),*) => {$(
        impl<S: Sink> ser::$trait for Elements<'_, S> {
            type Ok = ();
            type Error = Unserializable;
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Unserializable> {
                self.field(name, value)
            }
            fn end(self) -> Result<(), Unserializable> {
                self.close()
            }
        }
    )*};
}
fields!(SerializeStruct, SerializeStructVariant);

/// Maps: pairs sorted by their encoded keys, so that a `HashMap` always looks the same.
pub(crate) struct Pairs<'s, S> {
    sink: &'s mut S,
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
    key: Vec<u8>,
}

impl<S: Sink> ser::SerializeMap for Pairs<'_, S> {
    type Ok = ();
    type Error = Unserializable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unserializable> {
        self.key.clear();
        key.serialize(Encoder {
            sink: &mut self.key,
        })
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unserializable> {
        let mut bytes = Vec::new();
        value.serialize(Encoder { sink: &mut bytes })?;
        self.pairs.push((std::mem::take(&mut self.key), bytes));
        Ok(())
    }

    fn end(mut self) -> Result<(), Unserializable> {
        self.pairs.sort();
        for (key, value) in &self.pairs {
            self.sink.mark(&[MORE]);
            self.sink.put(key);
            self.sink.put(value);
        }
        self.sink.mark(&[END]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn bytes<T: Serialize>(value: T) -> Vec<u8> {
        let mut out = Vec::new();
        value
            .serialize(Encoder { sink: &mut out })
            .expect("serializable");
        out
    }

    #[test]
    fn neighbours_do_not_run_together() {
        assert_ne!(bytes(("a", "bc")), bytes(("ab", "c")));
        assert_ne!(
            bytes(vec![vec![1u8], vec![]]),
            bytes(vec![vec![], vec![1u8]])
        );
        assert_ne!(bytes(Some(None::<u8>)), bytes(None::<Option<u8>>));
    }

    #[test]
    fn a_weight_is_near_the_bytes_in_memory() {
        for (weight, least, most) in [
            (weight(&vec![0u8; 1_000_000]), 1_000_000, 1_000_100),
            (weight(&vec![0u64; 1_000]), 8_000, 8_100),
            (weight("x".repeat(500).as_str()), 500, 600),
            (weight(&vec![String::from("ab"); 100]), 2_600, 2_700),
        ] {
            let weight = weight.expect("serializable");
            assert!(
                (least..=most).contains(&weight),
                "{weight} not in {least}..={most}"
            );
        }
    }

    #[test]
    fn a_hash_map_has_one_encoding() {
        let forwards: HashMap<u32, String> = (0..50).map(|n| (n, n.to_string())).collect();
        let backwards: HashMap<u32, String> = (0..50).rev().map(|n| (n, n.to_string())).collect();
        assert_eq!(bytes(forwards), bytes(backwards));
    }
}
