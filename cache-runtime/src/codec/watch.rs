//! What is noticed while a value is written, so that what is written can be read.

use super::budget::{DEPTH, elements_of, memory_of};
use super::{Codec, EncodeError};
use crate::schema::Schema;
use std::cell::Cell;

/// What one encoding has to keep to, and what it has come to.
pub(super) struct Watch<'w> {
    pub(super) codec: Codec,
    schema: &'w Schema,
    depth: Cell<u32>,
    elements: Cell<usize>,
    /// The first thing that was wrong. Kept here because the codec's own error has no place for it.
    fault: Cell<Option<EncodeError>>,
    /// What was looked at last, each at its place.
    seen: [Cell<([usize; 4], usize)>; SEEN],
    /// Whether the value does not look as the type's `Deserialize` expects it.
    doubtful: Cell<bool>,
}

const SEEN: usize = 8;

/// Text for the codec's error; nobody reads it.
pub(super) const FAULT: &str = "refused";

impl<'w> Watch<'w> {
    pub(super) fn new(codec: Codec, schema: &'w Schema) -> Self {
        Watch {
            codec,
            schema,
            depth: Cell::new(DEPTH),
            elements: Cell::new(0),
            fault: Cell::new(None),
            seen: [const { Cell::new(([0; 4], 0)) }; SEEN],
            doubtful: Cell::new(false),
        }
    }

    pub(super) fn fault(&self) -> Option<EncodeError> {
        self.fault.take()
    }

    pub(super) fn is_doubtful(&self) -> bool {
        self.doubtful.get()
    }

    /// Whether a reader of so many `bytes` would believe that they hold so many elements. That it has the memory for
    /// them is certain if it had it for as many of the largest kind, two for an entry of a map; else it is tried.
    pub(super) fn believe(&self, bytes: usize, limit: usize) -> Result<(), EncodeError> {
        let elements = self.elements.get();
        if elements > elements_of(bytes) {
            return Err(EncodeError::Weightless { elements });
        }
        let most = elements.saturating_mul(2 * self.schema.largest_element);
        if most > memory_of(limit) {
            self.doubtful.set(true);
        }
        Ok(())
    }

    #[cold]
    pub(super) fn refuse<E: serde::ser::Error>(&self, fault: EncodeError) -> E {
        self.fault.set(Some(fault));
        E::custom(FAULT)
    }

    #[inline]
    pub(super) fn enter<E: serde::ser::Error>(&self, depth: u32) -> Result<(), E> {
        match self.depth.get().checked_sub(depth) {
            Some(left) => {
                self.depth.set(left);
                Ok(())
            }
            None => Err(self.refuse(EncodeError::TooDeep)),
        }
    }

    #[inline]
    pub(super) fn leave(&self, depth: u32) {
        self.depth.set(self.depth.get() + depth);
    }

    /// An element or an entry, as the reader will count it.
    #[inline]
    pub(super) fn count(&self) {
        self.elements.set(self.elements.get() + 1);
    }

    /// A struct of so many fields is written. Where the bytes carry no names, a `Deserialize` that reads more or
    /// fewer would take one field for another (`skip_serializing` without `skip_deserializing`).
    #[inline]
    pub(super) fn expect_fields(&self, name: &'static str, count: usize) {
        if !self.codec.describes_itself() && !self.was_seen(name, "", count) {
            self.look_at_fields(name, count);
        }
    }

    /// Variants are written by number. `#[serde(skip)]` on one makes the two sides count differently.
    #[inline]
    pub(super) fn expect_variant(&self, name: &'static str, index: u32, variant: &'static str) {
        if !self.codec.describes_itself() && !self.was_seen(name, variant, index as usize) {
            self.look_at_variant(name, index, variant);
        }
    }

    #[inline(never)]
    fn look_at_fields(&self, name: &'static str, count: usize) {
        if self.schema.knows_other_fields(name, count) {
            self.doubtful.set(true);
        }
    }

    #[inline(never)]
    fn look_at_variant(&self, name: &'static str, index: u32, variant: &'static str) {
        if self.schema.knows_other_variant(name, index, variant) {
            self.doubtful.set(true);
        }
    }

    /// Whether the same was looked at a moment ago: texts at the same places, with the same number. A list has the same
    /// struct again and again.
    #[inline]
    fn was_seen(&self, name: &'static str, variant: &'static str, number: usize) -> bool {
        let (name, variant) = (
            name.as_bytes().as_ptr_range(),
            variant.as_bytes().as_ptr_range(),
        );
        let what = [name.start, name.end, variant.start, variant.end].map(|at| at as usize);
        let seen = &self.seen[(what[0] ^ what[2] ^ (what[2] >> 4) ^ number) % SEEN];
        seen.replace((what, number)) == (what, number)
    }
}
