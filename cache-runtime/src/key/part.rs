//! How one argument appears in a key.

use super::encode::{Unserializable, digest};
use super::escape::{NONE_MARK, push_digest, push_escaped};
use super::text::Text;
use serde::ser::{self, Impossible, Serialize};

/// A type whose values can be part of a key: anything that implements serde's `Serialize`.
///
/// - Scalars (booleans, integers, floats, characters, strings, unit variants, new types over them, `Some` of
///   them) appear as themselves, escaped: `42`, `alice@example.org`, `a%3Ab`.
/// - Anything compound (tuples, structs, lists, maps, …) appears as `~` and 128 bits of SHA-256 in hexadecimal, as
///   do texts whose escaped form is longer than 64 bytes. The order of a map does not matter. (A `HashSet` is a
///   list to serde, in whatever order it iterates: use a `BTreeSet` in keys.)
///
/// Different values of one type never look alike. Where a type can write a text in one value and a number in another
/// (an untagged enum), a text that reads like a number appears as a digest.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a cache key",
    label = "not `Serialize`, so its value cannot be written into the key",
    note = "derive `serde::Serialize` for it, or use a part of it: `{{user.id}}`",
    note = "arguments that the result of a `#[cached]` function does not depend on are left out with `skip(…)`"
)]
pub trait KeyPart {
    /// Appends this value to a key.
    #[doc(hidden)]
    fn append_to(&self, key: &mut Text) -> Result<(), KeyPartError>;
}

/// An argument whose own `Serialize` implementation reported an error: the call goes past the cache.
#[doc(hidden)]
#[derive(Debug)]
pub struct KeyPartError(());

impl From<Unserializable> for KeyPartError {
    fn from(_: Unserializable) -> Self {
        KeyPartError(())
    }
}

/// Escaped texts up to this many bytes stand in the key as they are.
const LONGEST_TEXT: usize = 64;

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> KeyPart for T {
    #[inline]
    fn append_to(&self, key: &mut Text) -> Result<(), KeyPartError> {
        let start = key.len();
        match self.serialize(Scalar::of::<T>(key)) {
            Ok(()) if key.len() - start <= LONGEST_TEXT => Ok(()),
            Ok(()) | Err(Unserializable) => {
                key.truncate(start);
                push_digest(key, digest(self)?);
                Ok(())
            }
        }
    }
}

/// Writes scalars; refuses everything else.
struct Scalar<'k> {
    out: &'k mut Text,
    /// The type that is being written. One that is text and nothing else writes no other scalars; any other may write a
    /// number in one value and a text in the next (an untagged enum, a JSON value), so texts of it must not look like
    /// anything else.
    type_name: fn() -> &'static str,
}

impl<'k> Scalar<'k> {
    #[inline]
    fn of<T: ?Sized>(out: &'k mut Text) -> Self {
        Scalar {
            out,
            type_name: std::any::type_name::<T>,
        }
    }
}

/// Whether this is the name of a type of texts, behind references or not.
#[inline]
fn is_text(name: &str) -> bool {
    let name = name.trim_start_matches('&');
    matches!(name, "str" | "alloc::string::String") || name.ends_with("<str>")
}

/// Whether a text reads like a scalar of another kind.
fn is_ambiguous(text: &str) -> bool {
    matches!(text, "true" | "false" | "()")
        || text.chars().nth(1).is_none()
        || text.parse::<f64>().is_ok()
}

type Compound = Impossible<(), Unserializable>;

impl Scalar<'_> {
    #[inline]
    fn integer(self, value: impl itoa::Integer) -> Result<(), Unserializable> {
        self.out.push_str(itoa::Buffer::new().format(value));
        Ok(())
    }

    fn text(self, value: &str) -> Result<(), Unserializable> {
        push_escaped(self.out, value);
        Ok(())
    }
}

impl ser::Serializer for Scalar<'_> {
    type Ok = ();
    type Error = Unserializable;
    type SerializeSeq = Compound;
    type SerializeTuple = Compound;
    type SerializeTupleStruct = Compound;
    type SerializeTupleVariant = Compound;
    type SerializeMap = Compound;
    type SerializeStruct = Compound;
    type SerializeStructVariant = Compound;

    fn serialize_bool(self, v: bool) -> Result<(), Unserializable> {
        self.text(if v { "true" } else { "false" })
    }
    fn serialize_i8(self, v: i8) -> Result<(), Unserializable> {
        self.integer(v)
    }
    fn serialize_i16(self, v: i16) -> Result<(), Unserializable> {
        self.integer(v)
    }
    fn serialize_i32(self, v: i32) -> Result<(), Unserializable> {
        self.integer(v)
    }
    fn serialize_i64(self, v: i64) -> Result<(), Unserializable> {
        self.integer(v)
    }
    fn serialize_i128(self, v: i128) -> Result<(), Unserializable> {
        self.integer(v)
    }
    fn serialize_u8(self, v: u8) -> Result<(), Unserializable> {
        self.integer(v)
    }
    fn serialize_u16(self, v: u16) -> Result<(), Unserializable> {
        self.integer(v)
    }
    fn serialize_u32(self, v: u32) -> Result<(), Unserializable> {
        self.integer(v)
    }
    fn serialize_u64(self, v: u64) -> Result<(), Unserializable> {
        self.integer(v)
    }
    fn serialize_u128(self, v: u128) -> Result<(), Unserializable> {
        self.integer(v)
    }
    fn serialize_f32(self, v: f32) -> Result<(), Unserializable> {
        self.text(&format!("{v:?}"))
    }
    /// `1.0`, which no integer looks like.
    fn serialize_f64(self, v: f64) -> Result<(), Unserializable> {
        self.text(&format!("{v:?}"))
    }
    fn serialize_char(self, v: char) -> Result<(), Unserializable> {
        self.text(v.encode_utf8(&mut [0; 4]))
    }
    #[inline]
    fn serialize_str(self, v: &str) -> Result<(), Unserializable> {
        if !is_text((self.type_name)()) && is_ambiguous(v) {
            return Err(Unserializable);
        }
        self.text(v)
    }
    fn serialize_bytes(self, _: &[u8]) -> Result<(), Unserializable> {
        Err(Unserializable)
    }
    fn serialize_none(self) -> Result<(), Unserializable> {
        self.out.push_str(NONE_MARK);
        Ok(())
    }
    /// `Some(None)` must not look like `None`, so it is compound.
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unserializable> {
        let Scalar { out, .. } = self;
        let start = out.len();
        value.serialize(Scalar::of::<T>(&mut *out))?;
        if &out.as_str()[start..] == NONE_MARK {
            return Err(Unserializable);
        }
        Ok(())
    }
    fn serialize_unit(self) -> Result<(), Unserializable> {
        self.text("()")
    }
    fn serialize_unit_struct(self, name: &'static str) -> Result<(), Unserializable> {
        self.text(name)
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Unserializable> {
        self.text(variant)
    }
    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unserializable> {
        value.serialize(Scalar::of::<T>(self.out))
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Unserializable> {
        Err(Unserializable)
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Compound, Unserializable> {
        Err(Unserializable)
    }
    fn serialize_tuple(self, _: usize) -> Result<Compound, Unserializable> {
        Err(Unserializable)
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound, Unserializable> {
        Err(Unserializable)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Compound, Unserializable> {
        Err(Unserializable)
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Compound, Unserializable> {
        Err(Unserializable)
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Compound, Unserializable> {
        Err(Unserializable)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Compound, Unserializable> {
        Err(Unserializable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Serialize;
    use std::collections::BTreeMap;

    fn part<T: KeyPart + ?Sized>(value: &T) -> String {
        let mut key = Text::new();
        value.append_to(&mut key).expect("serializable");
        key.into()
    }

    #[derive(Serialize)]
    struct UserId(u64);

    #[derive(Serialize)]
    enum Status {
        Active,
        Archived { since: u32 },
    }

    #[test]
    fn scalars_are_readable() {
        assert_eq!(part(&42u8), "42");
        assert_eq!(part(&-7i64), "-7");
        assert_eq!(part(&1.5f64), "1.5");
        assert_eq!(part(&true), "true");
        assert_eq!(part("alice"), "alice");
        assert_eq!(part(&UserId(9)), "9");
        assert_eq!(part(&Some(UserId(9))), "9");
        assert_eq!(part(&None::<u8>), "%~");
        assert_eq!(part(&Status::Active), "Active");
    }

    #[test]
    fn compounds_and_long_texts_are_digests_of_one_length() {
        for text in [
            part(&(1, 2)),
            part(&Status::Archived { since: 3 }),
            part(&BTreeMap::from([(1, 2)])),
            part("x".repeat(65).as_str()),
            part(&Some(None::<u8>)),
        ] {
            assert_eq!(text.len(), 33, "{text}");
            assert!(text.starts_with('~'));
        }
    }

    #[derive(Serialize)]
    struct Name(String);

    #[derive(Serialize)]
    #[serde(untagged)]
    enum Either {
        Number(i64),
        Float(f64),
        Flag(bool),
        Letter(char),
        Text(String),
    }

    #[test]
    fn kinds_of_scalars_do_not_look_alike_within_one_type() {
        let text = |text: &str| part(&Either::Text(text.to_owned()));
        assert_ne!(part(&Either::Number(1)), text("1"));
        assert_ne!(part(&Either::Number(1)), part(&Either::Float(1.0)));
        assert_ne!(part(&Either::Float(1.5)), text("1.5"));
        assert_ne!(part(&Either::Flag(true)), text("true"));
        assert_ne!(part(&Either::Letter('a')), text("a"));
        assert_eq!(text("readable"), "readable");
        assert_eq!(part("42"), "42");
        assert_eq!(part(&Name("42".to_owned())), "42");
        assert_eq!(part(&Some("42")), "42");
        assert_eq!(part(&std::sync::Arc::<str>::from("42")), "42");
    }

    #[test]
    fn a_text_that_looks_like_a_mark_is_not_taken_for_one() {
        assert_ne!(part("%~"), part(&None::<&str>));
        assert_ne!(part(part(&(1, 2)).as_str()), part(&(1, 2)));
    }

    proptest! {
        #[test]
        fn no_value_contains_a_separator_or_a_wildcard(value in any::<String>()) {
            let text = part(&value);
            let special = [':', '*', '?', '[', ']', '\\', '{', '}', ' '];
            prop_assert!(!text.contains(special), "a special character in a key part");
        }

        #[test]
        fn different_values_never_look_alike(a in any::<Option<String>>(), b in any::<Option<String>>()) {
            prop_assert_eq!(part(&a) == part(&b), a == b);
        }
    }
}
