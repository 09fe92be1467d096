//! The visitor that stands before the user's: it counts levels, and hands on accesses that count elements.

use super::access::{BoundedAccess, BoundedEnum, Counting};
use super::{BoundedDeserializer, Budget};
use crate::codec::budget::{HALF_LEVEL, LEVEL};
use serde::de::{Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

pub(super) struct BoundedVisitor<'b, V> {
    pub(super) inner: V,
    pub(super) budget: &'b Budget,
    pub(super) counting: Counting,
}

macro_rules! plain {
    ($($method:ident($type:ty)),*) => {$(
        #[inline]
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.inner.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for BoundedVisitor<'_, V> {
    type Value = V::Value;

    plain!(
        visit_bool(bool),
        visit_i8(i8),
        visit_i16(i16),
        visit_i32(i32),
        visit_i64(i64),
        visit_i128(i128),
        visit_u8(u8),
        visit_u16(u16),
        visit_u32(u32),
        visit_u64(u64),
        visit_u128(u128),
        visit_f32(f32),
        visit_f64(f64),
        visit_char(char),
        visit_str(&str),
        visit_borrowed_str(&'de str),
        visit_string(String),
        visit_bytes(&[u8]),
        visit_borrowed_bytes(&'de [u8]),
        visit_byte_buf(Vec<u8>)
    );

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    #[inline]
    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    #[inline]
    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    #[inline]
    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let budget = self.budget;
        budget.enter(HALF_LEVEL).map_err(Error::custom)?;
        let value = self.inner.visit_some(BoundedDeserializer { inner, budget });
        budget.leave(HALF_LEVEL);
        value
    }

    #[inline]
    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let budget = self.budget;
        budget.enter(HALF_LEVEL).map_err(Error::custom)?;
        let value = self
            .inner
            .visit_newtype_struct(BoundedDeserializer { inner, budget });
        budget.leave(HALF_LEVEL);
        value
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        let budget = self.budget;
        budget.enter(LEVEL).map_err(Error::custom)?;
        let hint = access.size_hint();
        let access = BoundedAccess::open(access, hint, budget, self.counting)?;
        let value = self.inner.visit_seq(access);
        budget.leave(LEVEL);
        value
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        let budget = self.budget;
        budget.enter(LEVEL).map_err(Error::custom)?;
        let hint = access.size_hint();
        let access = BoundedAccess::open(access, hint, budget, self.counting)?;
        let value = self.inner.visit_map(access);
        budget.leave(LEVEL);
        value
    }

    #[inline]
    fn visit_enum<A: EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let budget = self.budget;
        budget.enter(LEVEL).map_err(Error::custom)?;
        let value = self.inner.visit_enum(BoundedEnum { inner, budget });
        budget.leave(LEVEL);
        value
    }
}
