//! What is inside a sequence, a map or a variant, with every element counted.

use super::visitor::BoundedVisitor;
use super::{Bounded, Budget};
use crate::codec::budget::Exhausted;
use serde::de::{DeserializeSeed, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor};

/// What of a value's parts has to be counted.
#[derive(Clone, Copy)]
pub(super) enum Counting {
    /// There are as many as the bytes say.
    Elements,
    /// There are as many as the type says.
    Nothing,
}

/// When the elements of one kind (elements, keys, values) are paid for.
#[derive(Clone, Copy)]
enum Price {
    /// All of these at once, at the first.
    All(usize),
    /// One by one, since nobody knows how many will come.
    Each,
    Paid,
}

impl Price {
    /// Pays for all before the first one is read, which tells their size. False if each one has to be paid for.
    #[inline]
    fn pay(&mut self, size: usize, budget: &Budget) -> Result<bool, Exhausted> {
        match *self {
            Price::Paid => Ok(true),
            Price::All(count) => {
                *self = Price::Paid;
                budget.charge(count, size)?;
                Ok(true)
            }
            Price::Each => Ok(false),
        }
    }
}

/// Pays for one that was read: a list without a length may have ended.
#[inline]
fn pay_one(size: usize, budget: &Budget) -> Result<(), Exhausted> {
    budget.claim(1)?;
    budget.charge(1, size)
}

pub(super) struct BoundedAccess<'b, A> {
    inner: A,
    budget: &'b Budget,
    /// Of elements or keys.
    first: Price,
    /// Of a map's values.
    second: Price,
}

impl<'b, A> BoundedAccess<'b, A> {
    #[inline]
    pub(super) fn open<E: Error>(
        inner: A,
        hint: Option<usize>,
        budget: &'b Budget,
        counting: Counting,
    ) -> Result<Self, E> {
        let price = match (counting, hint) {
            (Counting::Nothing, _) => Price::Paid,
            (Counting::Elements, Some(count)) => {
                budget.claim(count).map_err(Error::custom)?;
                Price::All(count)
            }
            (Counting::Elements, None) => Price::Each,
        };
        Ok(BoundedAccess {
            inner,
            budget,
            first: price,
            second: price,
        })
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for BoundedAccess<'_, A> {
    type Error = A::Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let (budget, size) = (self.budget, size_of::<S::Value>());
        let seed = Bounded { seed, budget };
        if self.first.pay(size, budget).map_err(Error::custom)? {
            // Handed on as it is: to take it apart costs more than all the rest.
            return self.inner.next_element_seed(seed);
        }
        let element = self.inner.next_element_seed(seed)?;
        if element.is_some() {
            pay_one(size, budget).map_err(Error::custom)?;
        }
        Ok(element)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for BoundedAccess<'_, A> {
    type Error = A::Error;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let (budget, size) = (self.budget, size_of::<S::Value>());
        let seed = Bounded { seed, budget };
        if self.first.pay(size, budget).map_err(Error::custom)? {
            return self.inner.next_key_seed(seed);
        }
        let key = self.inner.next_key_seed(seed)?;
        if key.is_some() {
            pay_one(size, budget).map_err(Error::custom)?;
        }
        Ok(key)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let (budget, size) = (self.budget, size_of::<S::Value>());
        let seed = Bounded { seed, budget };
        if self.second.pay(size, budget).map_err(Error::custom)? {
            return self.inner.next_value_seed(seed);
        }
        let value = self.inner.next_value_seed(seed)?;
        pay_one(size, budget).map_err(Error::custom)?;
        Ok(value)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

/// An enum's value, and after its variant is known what that holds.
pub(super) struct BoundedEnum<'b, A> {
    pub(super) inner: A,
    pub(super) budget: &'b Budget,
}

impl<'b, 'de, A: EnumAccess<'de>> EnumAccess<'de> for BoundedEnum<'b, A> {
    type Error = A::Error;
    type Variant = BoundedEnum<'b, A::Variant>;

    #[inline]
    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let budget = self.budget;
        let (variant, inner) = self.inner.variant_seed(Bounded { seed, budget })?;
        Ok((variant, BoundedEnum { inner, budget }))
    }
}

impl<'b, 'de, A: VariantAccess<'de>> VariantAccess<'de> for BoundedEnum<'b, A> {
    type Error = A::Error;

    #[inline]
    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    #[inline]
    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let budget = self.budget;
        self.inner.newtype_variant_seed(Bounded { seed, budget })
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        let visitor = self.parts(visitor);
        self.inner.tuple_variant(len, visitor)
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.parts(visitor);
        self.inner.struct_variant(fields, visitor)
    }
}

impl<'b, A> BoundedEnum<'b, A> {
    fn parts<V>(&self, visitor: V) -> BoundedVisitor<'b, V> {
        BoundedVisitor {
            inner: visitor,
            budget: self.budget,
            counting: Counting::Nothing,
        }
    }
}
