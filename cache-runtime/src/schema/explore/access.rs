//! What a pass hands to a visitor: parts in their order, fields by name, one variant.

use super::{Entered, Explorer, Kind, Unwind};
use crate::schema::produce::{Chosen, produce};
use serde::de::value::{BorrowedStrDeserializer, U32Deserializer};
use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

impl Explorer<'_> {
    /// Looks at this place if it has not been seen whole, else makes up a value to get past it.
    fn pass<'de, S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Unwind> {
        if self.is_done() {
            produce(self.walk, self.at, seed)
        } else {
            seed.deserialize(self)
        }
    }
}

/// The parts of a tuple, or the one that stands for all elements of a sequence.
pub(super) struct Parts<'w> {
    whole: Explorer<'w>,
    next: usize,
}

impl<'w> Parts<'w> {
    pub(super) fn new(whole: Explorer<'w>) -> Self {
        Parts { whole, next: 0 }
    }
}

impl<'de> SeqAccess<'de> for Parts<'_> {
    type Error = Unwind;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Unwind> {
        let Ok(part) = self.whole.part(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        self.whole.walk.borrow_mut().element::<S::Value>();
        part.pass(seed).map(Some)
    }
}

/// The fields of a struct that have not been seen, the tag and one content of an enum that has both, or one entry of
/// a map.
pub(super) struct Fields<'w> {
    whole: Explorer<'w>,
    target: usize,
    /// Keys that were given.
    given: usize,
    /// The part whose key was given last.
    part: usize,
}

impl<'w> Fields<'w> {
    pub(super) fn new(whole: Explorer<'w>, target: usize) -> Self {
        Fields {
            whole,
            target,
            given: 0,
            part: target,
        }
    }

    fn kind(&self) -> Kind {
        self.whole.walk.borrow().nodes[self.whole.at].kind
    }

    /// The next field from `from` on that has not been seen.
    fn unseen(&self, from: usize) -> Option<usize> {
        let walk = self.whole.walk.borrow();
        let parts = walk.nodes[self.whole.at].children.iter().enumerate();
        parts
            .skip(from)
            .find(|&(_, &child)| !walk.nodes[child].done)
            .map(|(part, _)| part)
    }
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Unwind;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Unwind> {
        let given = self.given;
        self.given += 1;
        let name = match self.kind() {
            Kind::Struct(_, fields) => {
                let from = if given == 0 {
                    self.target
                } else {
                    self.part + 1
                };
                let Some(part) = self.unseen(from) else {
                    return Ok(None);
                };
                self.part = part;
                fields.get(part).copied()
            }
            // The tag alone while it has not been seen; it comes before any content.
            Kind::Adjacent(_, fields) if given == 0 || (given == 1 && self.target > 0) => {
                self.part = if given == 0 { 0 } else { self.target };
                fields.get(given).copied()
            }
            Kind::Map if given == 0 => {
                self.part = 1;
                self.whole.walk.borrow_mut().element::<S::Value>();
                return self.whole.part(0)?.pass(seed).map(Some);
            }
            _ => return Ok(None),
        };
        let name = BorrowedStrDeserializer::new(name.ok_or(Unwind)?);
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Unwind> {
        let part = self.whole.part(self.part)?;
        self.whole.walk.borrow_mut().element::<S::Value>();
        match self.kind() {
            Kind::Adjacent(..) if self.part == 0 && self.target > 0 => {
                seed.deserialize(Chosen(self.target - 1))
            }
            Kind::Map => part.pass(seed),
            _ => seed.deserialize(part),
        }
    }
}

/// One variant of an enum.
pub(super) struct Variants<'w> {
    content: Explorer<'w>,
    index: usize,
    /// Where a type takes its variants by name; else by number.
    name: Option<&'static str>,
}

impl<'w> Variants<'w> {
    pub(super) fn new(
        whole: Explorer<'w>,
        entered: &Entered,
        variants: &'static [&'static str],
    ) -> Result<Self, Unwind> {
        let by_name = entered.tries.is_multiple_of(2);
        Ok(Variants {
            content: whole.part(entered.target)?,
            index: entered.target,
            name: variants.get(entered.target).copied().filter(|_| by_name),
        })
    }
}

impl<'de, 'w> EnumAccess<'de> for Variants<'w> {
    type Error = Unwind;
    type Variant = Explorer<'w>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Explorer<'w>), Unwind> {
        let variant = match self.name {
            Some(name) => seed.deserialize(BorrowedStrDeserializer::new(name)),
            None => {
                let index = u32::try_from(self.index).map_err(|_| Unwind)?;
                seed.deserialize(U32Deserializer::new(index))
            }
        };
        Ok((variant?, self.content))
    }
}

/// What a variant holds has no name of its own, and is met only here.
impl<'de> VariantAccess<'de> for Explorer<'_> {
    type Error = Unwind;

    fn unit_variant(self) -> Result<(), Unwind> {
        self.leaf("unit");
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Unwind> {
        self.visit_as(Kind::Newtype(""), None, |_| seed.deserialize(self.part(0)?))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Unwind> {
        self.visit_as(Kind::Tuple(len), None, |_| {
            visitor.visit_seq(Parts::new(self))
        })
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unwind> {
        self.visit_as(Kind::Struct("", fields), None, |entered| {
            self.visit_fields(visitor, &entered)
        })
    }
}
