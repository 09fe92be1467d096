//! A deserializer around a codec's own that keeps decoding within its [`Budget`].
//!
//! bincode and postcard trust what they read: a length of 2^60 in nine bytes, elements of no size that are counted
//! for ever, recursion until the stack ends. Every way into a nested value leads through here: levels are counted,
//! lengths are checked before anything is allocated for them, the memory of elements as soon as their size is known.

mod access;
mod visitor;

use super::budget::Budget;
use access::Counting;
use serde::de::{DeserializeSeed, Deserializer, Visitor};
use visitor::BoundedVisitor;

/// A value to be read within a budget.
pub(super) struct Bounded<'b, S> {
    pub(super) seed: S,
    pub(super) budget: &'b Budget,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Bounded<'_, S> {
    type Value = S::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.seed.deserialize(BoundedDeserializer {
            inner,
            budget: self.budget,
        })
    }
}

struct BoundedDeserializer<'b, D> {
    inner: D,
    budget: &'b Budget,
}

impl<'b, D> BoundedDeserializer<'b, D> {
    #[inline]
    fn watch<V>(&self, visitor: V, counting: Counting) -> BoundedVisitor<'b, V> {
        BoundedVisitor {
            inner: visitor,
            budget: self.budget,
            counting,
        }
    }
}

/// Values without anything inside need no watch.
macro_rules! plain {
    ($($method:ident),*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method(visitor)
        }
    )*};
}

macro_rules! watched {
    ($($method:ident),*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            let visitor = self.watch(visitor, Counting::Elements);
            self.inner.$method(visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for BoundedDeserializer<'_, D> {
    type Error = D::Error;

    plain!(
        deserialize_bool,
        deserialize_i8,
        deserialize_i16,
        deserialize_i32,
        deserialize_i64,
        deserialize_i128,
        deserialize_u8,
        deserialize_u16,
        deserialize_u32,
        deserialize_u64,
        deserialize_u128,
        deserialize_f32,
        deserialize_f64,
        deserialize_char,
        deserialize_str,
        deserialize_bytes,
        deserialize_unit,
        deserialize_identifier
    );

    watched!(
        deserialize_any,
        deserialize_ignored_any,
        deserialize_option,
        deserialize_seq,
        deserialize_map
    );

    // Owned ones are asked for as borrowed, so that codecs look whether the bytes are there before they allocate.
    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_bytes(visitor)
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_unit_struct(name, visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.watch(visitor, Counting::Elements);
        self.inner.deserialize_newtype_struct(name, visitor)
    }

    // How many parts these have is the type's word, not that of the bytes.
    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.watch(visitor, Counting::Nothing);
        self.inner.deserialize_tuple(len, visitor)
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.watch(visitor, Counting::Nothing);
        self.inner.deserialize_tuple_struct(name, len, visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.watch(visitor, Counting::Nothing);
        self.inner.deserialize_struct(name, fields, visitor)
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.watch(visitor, Counting::Nothing);
        self.inner.deserialize_enum(name, variants, visitor)
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}
