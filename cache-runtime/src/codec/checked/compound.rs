//! What has parts: they are counted, and a part that is left out is a fault where nothing would show it.

use super::{Checked, EncodeError, Watch};
use serde::ser::{
    Error, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
};

pub(super) struct Compound<'w, C> {
    inner: C,
    watch: &'w Watch<'w>,
    name: &'static str,
    announced: Option<usize>,
    written: usize,
    depth: u32,
}

impl<'w, C> Compound<'w, C> {
    #[inline]
    pub(super) fn new(
        inner: C,
        watch: &'w Watch<'w>,
        name: &'static str,
        announced: Option<usize>,
        depth: u32,
    ) -> Self {
        Compound {
            inner,
            watch,
            name,
            announced,
            written: 0,
            depth,
        }
    }

    /// A field that this value leaves out (`skip_serializing_if`).
    #[cold]
    fn skip<E: Error>(&self, field: &'static str) -> Result<(), E> {
        let codec = self.watch.codec;
        if codec.describes_itself() {
            return Ok(());
        }
        Err(self.watch.refuse(EncodeError::SkippedField {
            container: self.name,
            field,
            codec,
        }))
    }

    /// After the last part. JSON writes no counts, so that they need not be right.
    #[inline]
    fn close<E: Error>(&self) -> Result<(), E> {
        self.watch.leave(self.depth);
        match self.announced {
            Some(announced) if announced != self.written && !self.watch.codec.is_json() => {
                Err(self.watch.refuse(EncodeError::WrongCount {
                    container: self.name,
                    announced,
                    written: self.written,
                }))
            }
            _ => Ok(()),
        }
    }
}

macro_rules! parts {
    ($($trait:ident::$method:ident, $counted:expr;)*) => {$(
        impl<C: $trait> $trait for Compound<'_, C> {
            type Ok = C::Ok;
            type Error = C::Error;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
                if $counted {
                    self.watch.count();
                }
                self.written += 1;
                self.inner.$method(&Checked::new(value, self.watch))
            }

            #[inline]
            fn end(self) -> Result<C::Ok, C::Error> {
                self.close()?;
                self.inner.end()
            }
        }
    )*};
}
parts!(
    SerializeSeq::serialize_element, true;
    SerializeTuple::serialize_element, false;
    SerializeTupleStruct::serialize_field, false;
    SerializeTupleVariant::serialize_field, false;
);

macro_rules! fields {
    ($($trait:ident),*) => {$(
        impl<C: $trait> $trait for Compound<'_, C> {
            type Ok = C::Ok;
            type Error = C::Error;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                field: &'static str,
                value: &T,
            ) -> Result<(), C::Error> {
                self.written += 1;
                self.inner.serialize_field(field, &Checked::new(value, self.watch))
            }

            fn skip_field(&mut self, field: &'static str) -> Result<(), C::Error> {
                self.skip(field)?;
                self.inner.skip_field(field)
            }

            #[inline]
            fn end(self) -> Result<C::Ok, C::Error> {
                self.close()?;
                self.inner.end()
            }
        }
    )*};
}
fields!(SerializeStruct, SerializeStructVariant);

impl<C: SerializeMap> SerializeMap for Compound<'_, C> {
    type Ok = C::Ok;
    type Error = C::Error;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), C::Error> {
        self.watch.count();
        self.inner.serialize_key(&Checked::new(key, self.watch))
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
        self.written += 1;
        self.inner.serialize_value(&Checked::new(value, self.watch))
    }

    #[inline]
    fn end(self) -> Result<C::Ok, C::Error> {
        self.close()?;
        self.inner.end()
    }
}
