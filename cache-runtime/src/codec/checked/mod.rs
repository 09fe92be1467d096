//! A serializer around a codec's own that refuses what could not be read back as it was.
//!
//! bincode and postcard write a field after the other, without names and counts: one that is skipped
//! (`skip_serializing_if`) makes the reader take the next one for it. MessagePack and JSON write `Some(None)` and
//! `None` alike, and JSON writes `NaN` as `null`. None of this is an error to the codec; here it is.

use super::EncodeError;
use super::budget::{HALF_LEVEL, LEVEL};
use super::watch::Watch;
use compound::Compound;
use serde::ser::{Serialize, Serializer};
use std::fmt;

mod compound;

/// A value to be written under watch.
pub(super) struct Checked<'w, T: ?Sized> {
    value: &'w T,
    watch: &'w Watch<'w>,
    /// Whether it is what an option holds, so that it must not look like `None`.
    in_some: bool,
}

impl<'w, T: ?Sized> Checked<'w, T> {
    #[inline]
    pub(super) fn new(value: &'w T, watch: &'w Watch<'w>) -> Self {
        Checked {
            value,
            watch,
            in_some: false,
        }
    }
}

impl<T: Serialize + ?Sized> Serialize for Checked<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, inner: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(CheckedSerializer {
            inner,
            watch: self.watch,
            in_some: self.in_some,
        })
    }
}

struct CheckedSerializer<'w, S> {
    inner: S,
    watch: &'w Watch<'w>,
    in_some: bool,
}

impl<'w, S: Serializer> CheckedSerializer<'w, S> {
    /// An option holds what this codec writes as it writes `None`.
    #[inline]
    fn not_null(&self) -> Result<(), S::Error> {
        if self.in_some && self.watch.codec.describes_itself() {
            let codec = self.watch.codec;
            return Err(self.watch.refuse(EncodeError::Null { codec }));
        }
        Ok(())
    }

    #[inline]
    fn number(&self, is_finite: bool) -> Result<(), S::Error> {
        if !is_finite && self.watch.codec.is_json() {
            return Err(self.watch.refuse(EncodeError::NotFinite));
        }
        Ok(())
    }

    /// Writes what is `inside` this value, half a level deeper.
    #[inline]
    fn wrap<T: Serialize + ?Sized>(
        self,
        inside: &T,
        in_some: bool,
        write: impl FnOnce(S, &Checked<'_, T>) -> Result<S::Ok, S::Error>,
    ) -> Result<S::Ok, S::Error> {
        self.watch.enter(HALF_LEVEL)?;
        let value = Checked {
            value: inside,
            watch: self.watch,
            in_some,
        };
        let written = write(self.inner, &value)?;
        self.watch.leave(HALF_LEVEL);
        Ok(written)
    }

    #[inline]
    fn open<C>(
        self,
        name: &'static str,
        announced: Option<usize>,
        depth: u32,
        open: impl FnOnce(S) -> Result<C, S::Error>,
    ) -> Result<Compound<'w, C>, S::Error> {
        self.watch.enter(depth)?;
        let inner = open(self.inner)?;
        Ok(Compound::new(inner, self.watch, name, announced, depth))
    }
}

macro_rules! plain {
    ($($method:ident($type:ty)),*) => {$(
        #[inline]
        fn $method(self, value: $type) -> Result<S::Ok, S::Error> {
            self.inner.$method(value)
        }
    )*};
}

impl<'w, S: Serializer> Serializer for CheckedSerializer<'w, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Compound<'w, S::SerializeSeq>;
    type SerializeTuple = Compound<'w, S::SerializeTuple>;
    type SerializeTupleStruct = Compound<'w, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Compound<'w, S::SerializeTupleVariant>;
    type SerializeMap = Compound<'w, S::SerializeMap>;
    type SerializeStruct = Compound<'w, S::SerializeStruct>;
    type SerializeStructVariant = Compound<'w, S::SerializeStructVariant>;

    plain!(
        serialize_bool(bool),
        serialize_i8(i8),
        serialize_i16(i16),
        serialize_i32(i32),
        serialize_i64(i64),
        serialize_i128(i128),
        serialize_u8(u8),
        serialize_u16(u16),
        serialize_u32(u32),
        serialize_u64(u64),
        serialize_u128(u128),
        serialize_char(char),
        serialize_str(&str),
        serialize_bytes(&[u8])
    );

    #[inline]
    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        self.number(value.is_finite())?;
        self.inner.serialize_f32(value)
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<S::Ok, S::Error> {
        self.number(value.is_finite())?;
        self.inner.serialize_f64(value)
    }

    #[inline]
    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.not_null()?;
        self.inner.serialize_none()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.wrap(value, true, |inner, value| inner.serialize_some(value))
    }

    #[inline]
    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.not_null()?;
        self.inner.serialize_unit()
    }

    #[inline]
    fn serialize_unit_struct(self, name: &'static str) -> Result<S::Ok, S::Error> {
        // MessagePack has an empty array for it.
        if self.watch.codec.is_json() {
            self.not_null()?;
        }
        self.inner.serialize_unit_struct(name)
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.watch.expect_variant(name, index, variant);
        self.watch.enter::<S::Error>(LEVEL)?;
        self.watch.leave(LEVEL);
        self.inner.serialize_unit_variant(name, index, variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let in_some = self.in_some;
        self.wrap(value, in_some, |inner, value| {
            inner.serialize_newtype_struct(name, value)
        })
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.watch.expect_variant(name, index, variant);
        self.watch.enter::<S::Error>(LEVEL)?;
        let value = Checked::new(value, self.watch);
        let written = self
            .inner
            .serialize_newtype_variant(name, index, variant, &value)?;
        self.watch.leave(LEVEL);
        Ok(written)
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        self.open("a sequence", len, LEVEL, |inner| inner.serialize_seq(len))
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple, S::Error> {
        self.open("a tuple", Some(len), LEVEL, |inner| {
            inner.serialize_tuple(len)
        })
    }

    #[inline]
    fn serialize_tuple_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        self.open(name, Some(len), LEVEL, |inner| {
            inner.serialize_tuple_struct(name, len)
        })
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        self.watch.expect_variant(name, index, variant);
        self.open(name, Some(len), 2 * LEVEL, |inner| {
            inner.serialize_tuple_variant(name, index, variant, len)
        })
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        self.open("a map", len, LEVEL, |inner| inner.serialize_map(len))
    }

    #[inline]
    fn serialize_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        self.watch.expect_fields(name, len);
        self.open(name, Some(len), LEVEL, |inner| {
            inner.serialize_struct(name, len)
        })
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        self.watch.expect_variant(name, index, variant);
        self.open(name, Some(len), 2 * LEVEL, |inner| {
            inner.serialize_struct_variant(name, index, variant, len)
        })
    }

    #[inline]
    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.collect_str(value)
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}
