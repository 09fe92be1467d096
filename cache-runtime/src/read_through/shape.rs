//! The shape of a function's result: where its value is, and what counts as absence or failure.
//!
//! The macros do not look at how a return type is spelled (an alias of `Result` is a `Result`): method resolution
//! picks the shape, as in `anyhow`'s `anyhow!`. [`Returned`] is probed with several references in front; each
//! impl in [`dispatch`] takes one more reference than the next, less specific one, and the compiler takes the
//! first that fits.

use crate::policy::Grace;
use std::any::Any;
use std::marker::PhantomData;

/// A result, looked into.
pub enum View<'r, V> {
    Value(&'r V),
    /// `None`, or `Ok(None)`.
    Absent,
    /// `Err(_)`.
    Failure,
}

/// How results of type `R` hold values.
pub trait Shape<R>: Copy {
    /// What is cached.
    type Value;

    fn view<'r>(&self, returned: &'r R) -> View<'r, Self::Value>;
    /// Whether a function that returned this has done what it was called for.
    fn succeeded(&self, returned: &R) -> bool {
        matches!(self.view(returned), View::Value(_))
    }
    /// A result with this value.
    fn value(&self, value: Self::Value) -> R;
    /// For how long past its time to live this value is an answer: as its site declares, or as it says itself.
    fn answers_for(&self, _: &Self::Value, declared: Grace) -> Grace {
        declared
    }
    /// A result that says there is none, if such a result exists.
    fn absent(&self) -> Option<R>;
    /// The value of a result; or the result, if it holds none.
    fn into_value(self, returned: R) -> Result<Self::Value, R>;
    /// A copy of the failure for those who wait, if it can be cloned.
    fn share(&self, returned: &R) -> Option<Box<dyn Any + Send + Sync>>;
    /// The result that a shared failure stands for.
    fn failure(&self, shared: &(dyn Any + Send + Sync)) -> Option<R>;
}

/// Any type that is neither `Result` nor `Option`: the result is the value.
#[derive(Clone, Copy)]
pub struct Plain;

impl<T> Shape<T> for Plain {
    type Value = T;

    fn view<'r>(&self, returned: &'r T) -> View<'r, T> {
        View::Value(returned)
    }
    fn value(&self, value: T) -> T {
        value
    }
    fn absent(&self) -> Option<T> {
        None
    }
    fn into_value(self, returned: T) -> Result<T, T> {
        Ok(returned)
    }
    fn share(&self, _: &T) -> Option<Box<dyn Any + Send + Sync>> {
        None
    }
    fn failure(&self, _: &(dyn Any + Send + Sync)) -> Option<T> {
        None
    }
}

/// `Option<T>`.
#[derive(Clone, Copy)]
pub struct Optional;

impl<T> Shape<Option<T>> for Optional {
    type Value = T;

    fn view<'r>(&self, returned: &'r Option<T>) -> View<'r, T> {
        returned.as_ref().map_or(View::Absent, View::Value)
    }
    fn value(&self, value: T) -> Option<T> {
        Some(value)
    }
    fn absent(&self) -> Option<Option<T>> {
        Some(None)
    }
    fn into_value(self, returned: Option<T>) -> Result<T, Option<T>> {
        returned.ok_or(None)
    }
    fn share(&self, _: &Option<T>) -> Option<Box<dyn Any + Send + Sync>> {
        None
    }
    fn failure(&self, _: &(dyn Any + Send + Sync)) -> Option<Option<T>> {
        None
    }
}

/// Whether errors can be handed to several callers.
pub trait Sharing<E>: Copy {
    fn share(error: &E) -> Option<Box<dyn Any + Send + Sync>>;
    fn unshare(shared: &(dyn Any + Send + Sync)) -> Option<E>;
}

/// Errors that are `Clone + Send + Sync + 'static`.
#[derive(Clone, Copy)]
pub struct Cloned;

impl<E: Clone + Send + Sync + 'static> Sharing<E> for Cloned {
    fn share(error: &E) -> Option<Box<dyn Any + Send + Sync>> {
        Some(Box::new(error.clone()))
    }
    fn unshare(shared: &(dyn Any + Send + Sync)) -> Option<E> {
        shared.downcast_ref::<E>().cloned()
    }
}

/// All other errors.
#[derive(Clone, Copy)]
pub struct Opaque;

impl<E> Sharing<E> for Opaque {
    fn share(_: &E) -> Option<Box<dyn Any + Send + Sync>> {
        None
    }
    fn unshare(_: &(dyn Any + Send + Sync)) -> Option<E> {
        None
    }
}

/// `Result<T, E>`.
#[derive(Clone, Copy)]
pub struct Fallible<S>(pub S);

impl<T, E, S: Sharing<E>> Shape<Result<T, E>> for Fallible<S> {
    type Value = T;

    fn view<'r>(&self, returned: &'r Result<T, E>) -> View<'r, T> {
        returned.as_ref().map_or(View::Failure, View::Value)
    }
    fn value(&self, value: T) -> Result<T, E> {
        Ok(value)
    }
    fn absent(&self) -> Option<Result<T, E>> {
        None
    }
    fn into_value(self, returned: Result<T, E>) -> Result<T, Result<T, E>> {
        returned.map_err(Err)
    }
    fn share(&self, returned: &Result<T, E>) -> Option<Box<dyn Any + Send + Sync>> {
        returned.as_ref().err().and_then(S::share)
    }
    fn failure(&self, shared: &(dyn Any + Send + Sync)) -> Option<Result<T, E>> {
        S::unshare(shared).map(Err)
    }
}

/// `Result<Option<T>, E>`.
#[derive(Clone, Copy)]
pub struct FallibleOptional<S>(pub S);

impl<T, E, S: Sharing<E>> Shape<Result<Option<T>, E>> for FallibleOptional<S> {
    type Value = T;

    fn view<'r>(&self, returned: &'r Result<Option<T>, E>) -> View<'r, T> {
        match returned {
            Ok(Some(value)) => View::Value(value),
            Ok(None) => View::Absent,
            Err(_) => View::Failure,
        }
    }
    fn succeeded(&self, returned: &Result<Option<T>, E>) -> bool {
        returned.is_ok()
    }
    fn value(&self, value: T) -> Result<Option<T>, E> {
        Ok(Some(value))
    }
    fn absent(&self) -> Option<Result<Option<T>, E>> {
        Some(Ok(None))
    }
    fn into_value(self, returned: Result<Option<T>, E>) -> Result<T, Result<Option<T>, E>> {
        match returned {
            Ok(Some(value)) => Ok(value),
            other => Err(other),
        }
    }
    fn share(&self, returned: &Result<Option<T>, E>) -> Option<Box<dyn Any + Send + Sync>> {
        returned.as_ref().err().and_then(S::share)
    }
    fn failure(&self, shared: &(dyn Any + Send + Sync)) -> Option<Result<Option<T>, E>> {
        S::unshare(shared).map(Err)
    }
}

/// Shapes of results that can say there is nothing.
#[diagnostic::on_unimplemented(
    message = "`negative` is for functions that can return `None`",
    label = "expected `Option<_>` or `Result<Option<_>, _>`",
    note = "an `Err` is never stored; leave `negative` out, or return an `Option`"
)]
pub trait HoldsAbsence {}

impl HoldsAbsence for Optional {}
impl<S> HoldsAbsence for FallibleOptional<S> {}
#[diagnostic::do_not_recommend]
impl<R, S: HoldsAbsence> HoldsAbsence for Typed<R, S> {}

/// Shapes of results that can be an error.
#[diagnostic::on_unimplemented(
    message = "`stale_if_error` is for functions that can return `Err`",
    label = "expected a `Result`",
    note = "this one never fails; to answer with an older value when it takes too long, add `soft_timeout`"
)]
pub trait HoldsFailure {}

impl<S> HoldsFailure for Fallible<S> {}
impl<S> HoldsFailure for FallibleOptional<S> {}
#[diagnostic::do_not_recommend]
impl<R, S: HoldsFailure> HoldsFailure for Typed<R, S> {}

/// Stands for a return type, to be probed for its shape.
pub struct Returned<R>(PhantomData<fn() -> R>);

impl<R> Clone for Returned<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Returned<R> {}

impl<R> Returned<R> {
    #[allow(clippy::new_without_default, reason = "only expansions make one")]
    pub const fn new() -> Self {
        Returned(PhantomData)
    }
}

/// A shape of results of just one type.
pub struct Typed<R, S> {
    shape: S,
    #[allow(dead_code, reason = "it only carries the type")]
    returned: Returned<R>,
}

impl<R, S: Shape<R>> Typed<R, S> {
    /// Stands for the value.
    pub fn of_value(self) -> PhantomData<fn() -> S::Value> {
        PhantomData
    }
}

impl<R, S: Copy> Clone for Typed<R, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R, S: Copy> Copy for Typed<R, S> {}

impl<R, S: Shape<R>> Shape<R> for Typed<R, S> {
    type Value = S::Value;

    fn view<'r>(&self, returned: &'r R) -> View<'r, S::Value> {
        self.shape.view(returned)
    }
    fn succeeded(&self, returned: &R) -> bool {
        self.shape.succeeded(returned)
    }
    fn value(&self, value: S::Value) -> R {
        self.shape.value(value)
    }
    fn absent(&self) -> Option<R> {
        self.shape.absent()
    }
    fn into_value(self, returned: R) -> Result<S::Value, R> {
        self.shape.into_value(returned)
    }
    fn share(&self, returned: &R) -> Option<Box<dyn Any + Send + Sync>> {
        self.shape.share(returned)
    }
    fn failure(&self, shared: &(dyn Any + Send + Sync)) -> Option<R> {
        self.shape.failure(shared)
    }
}

/// One trait a shape, from the most specific to the least; all have the method `shape`.
pub mod dispatch {
    use super::super::uncacheable::Uncacheable;
    use super::{
        Cloned, Fallible, FallibleOptional, Opaque, Optional, Plain, Returned, Shape, Typed,
    };
    use crate::value::CacheValue;
    use std::marker::PhantomData;

    macro_rules! shapes {
        ($($trait:ident for [$($generics:tt)*] [$($refs:tt)*] $returned:ty => $shape:ty = $value:expr;)*) => {$(
            pub trait $trait {
                type Shape;
                fn shape(&self) -> Self::Shape;
            }
            impl<$($generics)*> $trait for $($refs)* Returned<$returned> {
                type Shape = Typed<$returned, $shape>;
                fn shape(&self) -> Self::Shape {
                    Typed { shape: $value, returned: Returned::new() }
                }
            }
        )*};
    }

    shapes! {
        __CacheResultOfOptionSharingErrors for [T, E: Clone + Send + Sync + 'static] [&&&&&] Result<Option<T>, E>
            => FallibleOptional<Cloned> = FallibleOptional(Cloned);
        __CacheResultOfOption for [T, E] [&&&&] Result<Option<T>, E>
            => FallibleOptional<Opaque> = FallibleOptional(Opaque);
        __CacheResultSharingErrors for [T, E: Clone + Send + Sync + 'static] [&&&] Result<T, E>
            => Fallible<Cloned> = Fallible(Cloned);
        __CacheAnyResult for [T, E] [&&] Result<T, E> => Fallible<Opaque> = Fallible(Opaque);
        __CacheAnyOption for [T] [&] Option<T> => Optional = Optional;
        __CacheAnyType for [R] [] R => Plain = Plain;
    }

    /// The shape itself, if its value can be cached.
    pub trait OfCacheable {
        type Shape;
        fn if_cacheable(&self) -> Self::Shape;
    }
    impl<R, S: Shape<R>> OfCacheable for &Typed<R, S>
    where
        S::Value: CacheValue,
    {
        type Shape = Typed<R, S>;
        fn if_cacheable(&self) -> Typed<R, S> {
            **self
        }
    }

    /// Else one that only passes for it.
    pub trait OfUncacheable {
        type Shape;
        fn if_cacheable(&self) -> Self::Shape;
    }
    impl<R, S: Shape<R>> OfUncacheable for Typed<R, S> {
        type Shape = Typed<R, Uncacheable<S>>;
        fn if_cacheable(&self) -> Typed<R, Uncacheable<S>> {
            Typed {
                shape: Uncacheable(PhantomData),
                returned: self.returned,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::uncacheable::Uncacheable;
    use super::dispatch::*;
    use super::*;

    type Alias<T> = Result<Option<T>, std::io::Error>;

    macro_rules! shape {
        ($returned:ty) => {
            (&&&&&&Returned::<$returned>::new()).shape()
        };
    }

    #[test]
    fn the_shape_follows_from_the_type_not_from_its_spelling() {
        let _: Typed<_, Plain> = shape!(u32);
        let _: Typed<_, Plain> = shape!(Vec<Option<u32>>);
        let _: Typed<_, Optional> = shape!(Option<u32>);
        let _: Typed<_, Fallible<Cloned>> = shape!(Result<u32, String>);
        let _: Typed<_, Fallible<Opaque>> = shape!(std::io::Result<u32>);
        let _: Typed<_, FallibleOptional<Opaque>> = shape!(Alias<u32>);
        let _: Typed<_, FallibleOptional<Cloned>> = shape!(Result<Option<u32>, String>);
    }

    #[test]
    fn a_value_that_cannot_be_cached_has_a_shape_of_its_own() {
        macro_rules! cacheable_shape {
            ($returned:ty) => {
                (&&shape!($returned)).if_cacheable()
            };
        }
        struct Bare;
        let _: Typed<_, Plain> = cacheable_shape!(u32);
        let _: Typed<_, Uncacheable<Plain>> = cacheable_shape!(Bare);
        let _: Typed<_, Uncacheable<Optional>> = cacheable_shape!(Option<Bare>);
    }

    #[test]
    fn a_generic_error_counts_as_unclonable() {
        fn inside<E>() -> Typed<Result<u32, E>, Fallible<Opaque>> {
            shape!(Result<u32, E>)
        }
        let _ = inside::<String>();
    }

    #[test]
    fn an_error_is_shared_where_it_can_be() {
        let returned: Result<u32, String> = Err("gone".to_owned());
        let shape = shape!(Result<u32, String>);
        let shared = shape.share(&returned).expect("a `String` is `Clone`");
        assert_eq!(shape.failure(&*shared), Some(returned));
    }
}
