//! What stands in for a value that cannot be cached, so that a mistake is reported once.
//!
//! The expansion asks for a [`CacheValue`](crate::CacheValue) in one place, where the compiler underlines the
//! return type. Everything behind it is then compiled with these types, which satisfy every bound and let the
//! value be looked at; no program that compiles contains them.

use super::shape::{HoldsAbsence, HoldsFailure, Shape, View};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::any::Any;
use std::marker::PhantomData;
use std::ops::Deref;

/// A shape whose value passes for one that can be cached.
#[derive(Clone, Copy)]
pub struct Uncacheable<S>(pub(super) PhantomData<fn() -> S>);

/// A `V` to whoever looks at it.
pub struct StandIn<V>(PhantomData<fn() -> V>);

impl<R, S: Shape<R>> Shape<R> for Uncacheable<S> {
    type Value = StandIn<S::Value>;

    fn view<'r>(&self, _: &'r R) -> View<'r, Self::Value> {
        never()
    }
    fn value(&self, _: Self::Value) -> R {
        never()
    }
    fn absent(&self) -> Option<R> {
        never()
    }
    fn into_value(self, _: R) -> Result<Self::Value, R> {
        never()
    }
    fn share(&self, _: &R) -> Option<Box<dyn Any + Send + Sync>> {
        never()
    }
    fn failure(&self, _: &(dyn Any + Send + Sync)) -> Option<R> {
        never()
    }
}

impl<S> HoldsAbsence for Uncacheable<S> {}
impl<S> HoldsFailure for Uncacheable<S> {}

impl<V> Deref for StandIn<V> {
    type Target = V;

    fn deref(&self) -> &V {
        never()
    }
}

impl<V> Clone for StandIn<V> {
    fn clone(&self) -> Self {
        never()
    }
}

impl<V> Serialize for StandIn<V> {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        never()
    }
}

impl<'de, V> Deserialize<'de> for StandIn<V> {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        never()
    }
}

fn never() -> ! {
    unreachable!("a value that cannot be cached does not compile")
}
