//! The recording deserializer: it notes what a type asks for, and leads it to what has not been seen yet.
//!
//! A pass ends where nothing more can be found out on its way, with an error that the type passes on. Structs are
//! answered field by field with only those fields that are wanted, so that nothing has to be made up to get past the
//! others. Only parts of tuples and keys of maps stand in the way of what follows them.

mod access;

use super::shape::Kind;
use super::walk::{Entered, Unwind, VisitorId, Walk, visitor_id};
use access::{Fields, Parts, Variants};
use serde::de::{Deserializer, Visitor};
use std::any::type_name;
use std::cell::RefCell;

/// One place of a type, in one pass.
#[derive(Clone, Copy)]
pub(super) struct Explorer<'w> {
    walk: &'w RefCell<Walk>,
    at: usize,
    depth: usize,
}

impl<'w> Explorer<'w> {
    pub(super) fn root(walk: &'w RefCell<Walk>) -> Self {
        Explorer {
            walk,
            at: 0,
            depth: 0,
        }
    }

    fn part(self, part: usize) -> Result<Self, Unwind> {
        let child = self.walk.borrow().nodes[self.at]
            .children
            .get(part)
            .copied();
        Ok(Explorer {
            walk: self.walk,
            at: child.ok_or(Unwind)?,
            depth: self.depth + 1,
        })
    }

    fn is_done(self) -> bool {
        self.walk.borrow().nodes[self.at].done
    }

    fn leaf(self, name: &'static str) {
        self.walk.borrow_mut().leaf(self.at, Kind::Leaf(name));
    }

    fn any(self, with: &'static str) -> Unwind {
        self.walk.borrow_mut().leaf_any(self.at, with);
        Unwind
    }

    /// Visits the parts of a value of this `kind`.
    fn visit<'de, V: Visitor<'de>>(
        self,
        kind: Kind,
        visit: impl FnOnce(Entered) -> Result<V::Value, Unwind>,
    ) -> Result<V::Value, Unwind> {
        self.visit_as(kind, Some(visitor_id::<V>()), visit)
    }

    /// Without a `visitor`, the place is looked at although it may be the same as another.
    fn visit_as<T>(
        self,
        kind: Kind,
        visitor: Option<VisitorId>,
        visit: impl FnOnce(Entered) -> Result<T, Unwind>,
    ) -> Result<T, Unwind> {
        let entered = self
            .walk
            .borrow_mut()
            .enter(self.at, self.depth, kind, visitor)?;
        let value = visit(entered);
        self.walk.borrow_mut().leave(self.at);
        value
    }

    /// Fields by name; where a type does not take them so, in their order.
    fn visit_fields<'de, V: Visitor<'de>>(
        self,
        visitor: V,
        entered: &Entered,
    ) -> Result<V::Value, Unwind> {
        if entered.tries.is_multiple_of(2) {
            visitor.visit_map(Fields::new(self, entered.target))
        } else {
            visitor.visit_seq(Parts::new(self))
        }
    }
}

/// Values that a type may refuse: the place is noted all the same.
macro_rules! leaves {
    ($($method:ident, $name:literal, $visit:ident($value:expr);)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unwind> {
            self.leaf($name);
            visitor.$visit($value)
        }
    )*};
}

impl<'de> Deserializer<'de> for Explorer<'_> {
    type Error = Unwind;

    leaves! {
        deserialize_bool, "bool", visit_bool(true);
        deserialize_i8, "i8", visit_i8(1);
        deserialize_i16, "i16", visit_i16(1);
        deserialize_i32, "i32", visit_i32(1);
        deserialize_i64, "i64", visit_i64(1);
        deserialize_i128, "i128", visit_i128(1);
        deserialize_u8, "u8", visit_u8(1);
        deserialize_u16, "u16", visit_u16(1);
        deserialize_u32, "u32", visit_u32(1);
        deserialize_u64, "u64", visit_u64(1);
        deserialize_u128, "u128", visit_u128(1);
        deserialize_f32, "f32", visit_f32(1.0);
        deserialize_f64, "f64", visit_f64(1.0);
        deserialize_char, "char", visit_char('a');
        // Borrowed or owned is the same to every codec.
        deserialize_str, "text", visit_borrowed_str("a");
        deserialize_string, "text", visit_borrowed_str("a");
        deserialize_bytes, "bytes", visit_borrowed_bytes(b"a");
        deserialize_byte_buf, "bytes", visit_borrowed_bytes(b"a");
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unwind> {
        self.leaf("unit");
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unwind> {
        let kind = Kind::UnitStruct(name);
        self.walk.borrow_mut().leaf(self.at, kind);
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unwind> {
        self.visit::<V>(Kind::Option, |_| visitor.visit_some(self.part(0)?))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unwind> {
        self.visit::<V>(Kind::Newtype(name), |_| {
            visitor.visit_newtype_struct(self.part(0)?)
        })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unwind> {
        self.visit::<V>(Kind::Sequence, |_| visitor.visit_seq(Parts::new(self)))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Unwind> {
        self.visit::<V>(Kind::Tuple(len), |_| visitor.visit_seq(Parts::new(self)))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Unwind> {
        self.visit::<V>(Kind::TupleStruct(name, len), |_| {
            visitor.visit_seq(Parts::new(self))
        })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unwind> {
        self.visit::<V>(Kind::Map, |entered| {
            visitor.visit_map(Fields::new(self, entered.target))
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unwind> {
        self.visit::<V>(Kind::Struct(name, fields), |entered| {
            self.visit_fields(visitor, &entered)
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unwind> {
        // serde's own visitor of such a tag. Another name some day would only make the walk see less.
        let is_tag = type_name::<V>().contains("AdjacentlyTaggedEnumVariantVisitor");
        self.visit::<V>(Kind::Enum(name, variants), |entered| {
            if is_tag {
                self.walk.borrow_mut().is_tag(self.at, variants);
            }
            visitor.visit_enum(Variants::new(self, &entered, variants)?)
        })
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Unwind> {
        let visitor = type_name::<V>();
        // For the message only; in the fingerprint all are the same.
        Err(self.any(if visitor.contains("TaggedContentVisitor") {
            "`#[serde(tag = …)]`"
        } else if visitor.contains("ContentVisitor") {
            "`#[serde(untagged)]`"
        } else if visitor.contains("UntaggedUnitVisitor") {
            "`#[serde(tag = …, content = …)]`"
        } else if visitor.contains("serde_json") {
            "`serde_json::Value`"
        } else {
            "a type that takes whatever comes (`deserialize_any`)"
        }))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Unwind> {
        // A struct that asks for a map and names fields in it.
        let mut walk = self.walk.borrow_mut();
        let whole = walk.nodes[self.at].parent;
        walk.any.get_or_insert((whole, "`#[serde(flatten)]`"));
        walk.leaf(self.at, Kind::Leaf("identifier"));
        Err(Unwind)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Unwind> {
        Err(self.any("a type that skips data (`deserialize_ignored_any`)"))
    }

    fn is_human_readable(&self) -> bool {
        self.walk.borrow().human_readable
    }
}
