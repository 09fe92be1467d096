//! Made-up values, where a walk cannot get past a place without one.

use super::search::Search;
use super::walk::{Unwind, Walk};
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use std::cell::{Cell, RefCell};

/// Beyond this the choices of an attempt lead into recursion.
const DEEPEST: usize = 32;
/// Values inside one that is made up, and in all those of a walk: a type may double at every level.
const LARGEST: u32 = 10_000;
pub(super) const FUEL: u32 = 1_000_000;

/// Texts that types ask for: names, dates, addresses.
const TEXTS: [&str; 20] = [
    "a",
    "1",
    "",
    "00000000-0000-0000-0000-000000000001",
    "2000-01-01T00:00:00Z",
    "2000-01-01",
    "00:00:00",
    "2000-01-01T00:00:00",
    "http://a.example/",
    "127.0.0.1",
    "127.0.0.1:1",
    "::1",
    "[::1]:1",
    "a@a.example",
    "en",
    "USD",
    "UTC",
    "1.0.0",
    "PT1S",
    "10.0.0.0/8",
];
static ZEROS: [u8; 64] = [0; 64];
const LENGTHS: [usize; 9] = [0, 1, 16, 4, 8, 12, 20, 32, 64];

/// A value of the place `at`, of the type of `seed`: another attempt at each call, until one succeeds.
pub(super) fn produce<'de, S: DeserializeSeed<'de>>(
    walk: &RefCell<Walk>,
    at: usize,
    seed: S,
) -> Result<S::Value, Unwind> {
    if !walk.borrow_mut().nodes[at].search.begin() {
        return Err(Unwind);
    }
    let left = Cell::new(LARGEST.min(walk.borrow().fuel));
    let value = seed.deserialize(Producer {
        walk,
        at,
        depth: 0,
        left: &left,
    });
    let mut walk = walk.borrow_mut();
    walk.fuel -= LARGEST.min(walk.fuel) - left.get();
    walk.nodes[at].search.end(value.is_ok());
    value
}

#[derive(Clone, Copy)]
struct Producer<'w> {
    walk: &'w RefCell<Walk>,
    at: usize,
    depth: usize,
    left: &'w Cell<u32>,
}

impl Producer<'_> {
    fn choose(self, count: usize) -> usize {
        let search: &mut Search = &mut self.walk.borrow_mut().nodes[self.at].search;
        search.choose(count)
    }

    fn pick<T: Copy>(self, alternatives: &[T]) -> T {
        alternatives[self.choose(alternatives.len())]
    }

    fn spend(self) -> Result<(), Unwind> {
        let left = self.left.get().checked_sub(1).ok_or(Unwind)?;
        self.left.set(left);
        Ok(())
    }

    fn deeper(self) -> Result<Self, Unwind> {
        self.spend()?;
        if self.depth == DEEPEST {
            return Err(Unwind);
        }
        Ok(Producer {
            depth: self.depth + 1,
            ..self
        })
    }

    fn parts(self, count: usize) -> Result<Parts<Self>, Unwind> {
        Ok(Parts {
            part: self.deeper()?,
            left: count,
        })
    }
}

macro_rules! numbers {
    ($($method:ident, $visit:ident, $alternatives:expr;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unwind> {
            visitor.$visit(self.pick(&$alternatives))
        }
    )*};
}

impl<'de> Deserializer<'de> for Producer<'_> {
    type Error = Unwind;

    numbers! {
        deserialize_bool, visit_bool, [false, true];
        deserialize_i8, visit_i8, [1, 0, 2, 10];
        deserialize_i16, visit_i16, [1, 0, 2, 10];
        deserialize_i32, visit_i32, [1, 0, 2, 10];
        deserialize_i64, visit_i64, [1, 0, 2, 10];
        deserialize_i128, visit_i128, [1, 0, 2, 10];
        deserialize_u8, visit_u8, [1, 0, 2, 10];
        deserialize_u16, visit_u16, [1, 0, 2, 10];
        deserialize_u32, visit_u32, [1, 0, 2, 10];
        deserialize_u64, visit_u64, [1, 0, 2, 10];
        deserialize_u128, visit_u128, [1, 0, 2, 10];
        deserialize_f32, visit_f32, [1.0, 0.0];
        deserialize_f64, visit_f64, [1.0, 0.0];
        deserialize_char, visit_char, ['a', '1'];
        deserialize_str, visit_borrowed_str, TEXTS;
        deserialize_string, visit_borrowed_str, TEXTS;
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unwind> {
        visitor.visit_borrowed_bytes(&ZEROS[..self.pick(&LENGTHS)])
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unwind> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unwind> {
        match self.choose(2) {
            0 => visitor.visit_none(),
            _ => visitor.visit_some(self.deeper()?),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unwind> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unwind> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unwind> {
        visitor.visit_newtype_struct(self.deeper()?)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unwind> {
        let count = self.choose(3);
        visitor.visit_seq(self.parts(count)?)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Unwind> {
        visitor.visit_seq(self.parts(len)?)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Unwind> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unwind> {
        let count = self.choose(2);
        visitor.visit_map(self.parts(count)?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unwind> {
        self.deserialize_tuple(fields.len(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unwind> {
        let part = self.deeper()?;
        let variant = variants.get(self.choose(variants.len()));
        visitor.visit_enum(Variant {
            name: variant.ok_or(Unwind)?,
            content: part,
        })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unwind> {
        match self.choose(4) {
            0 => visitor.visit_borrowed_str("a"),
            1 => visitor.visit_u64(1),
            2 => visitor.visit_unit(),
            _ => visitor.visit_map(self.parts(0)?),
        }
    }

    forward_to_deserialize_any! { identifier ignored_any }

    fn is_human_readable(&self) -> bool {
        self.walk.borrow().human_readable
    }
}

struct Parts<P> {
    part: P,
    left: usize,
}

impl<'de> SeqAccess<'de> for Parts<Producer<'_>> {
    type Error = Unwind;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Unwind> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        self.part.spend()?;
        seed.deserialize(self.part).map(Some)
    }
}

impl<'de> MapAccess<'de> for Parts<Producer<'_>> {
    type Error = Unwind;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Unwind> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Unwind> {
        seed.deserialize(self.part)
    }
}

struct Variant<P> {
    name: &'static str,
    content: P,
}

impl<'de, 'w> EnumAccess<'de> for Variant<Producer<'w>> {
    type Error = Unwind;
    type Variant = Producer<'w>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Producer<'w>), Unwind> {
        let variant = seed.deserialize(BorrowedStrDeserializer::new(self.name))?;
        Ok((variant, self.content))
    }
}

impl<'de> VariantAccess<'de> for Producer<'_> {
    type Error = Unwind;

    fn unit_variant(self) -> Result<(), Unwind> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Unwind> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Unwind> {
        self.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unwind> {
        self.deserialize_tuple(fields.len(), visitor)
    }
}

/// A unit variant that is known: the tag of an enum whose content is to be looked at.
pub(super) struct Chosen(pub(super) usize);

impl<'de> Deserializer<'de> for Chosen {
    type Error = Unwind;

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unwind> {
        let name = variants.get(self.0).ok_or(Unwind)?;
        visitor.visit_enum(BorrowedStrDeserializer::new(name))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Unwind> {
        Err(Unwind)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
