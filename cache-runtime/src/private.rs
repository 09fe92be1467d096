//! What expansions of the macros name. Not for people: it changes without notice.

pub use crate::apart::own;
pub use crate::cache::Cache;
pub use crate::domain::{Domain, each_tag};
pub use crate::invalidate::Target;
pub use crate::key::{Key, KeyBuilder, KeyPart, KeyPartError};
pub use crate::read_through::{
    Batch, Call, Decision, HoldsAbsence, HoldsFailure, Lookup, Miss, Plain, Plan, Returned, Shape,
    Typed, View, dispatch, items_of,
};
pub use crate::site::{InvalidationSite, Site, codecs, compressions, path_of};
pub use crate::tag::Tag;
pub use crate::timeout::CanTimeOut;
pub use crate::ttl::Ttl;
pub use crate::wiring::{RegisteredInvalidation, RegisteredSite};
pub use crate::write::Permit;
pub use inventory;

pub use crate::__cache_site as site;

use crate::collecting;
use crate::invalidate::{By, invalidate, invalidate_soon};
use crate::value::CacheValue;
use std::future::Future;
use std::marker::PhantomData;

/// Starts the key of a function without a template: its path, and the generic arguments of this instance, as the
/// type of a closure inside it tells them.
#[inline]
pub fn function_key<C: Fn()>(site: &'static Site, _: C, capacity: usize) -> FunctionKey {
    let closure = std::any::type_name::<C>();
    site.default_prefix(closure, |prefix| FunctionKey::new(prefix, capacity))
}

/// As [`function_key`] for a free function without generic arguments, whose site tells all.
#[inline]
pub fn plain_function_key(site: &'static Site, capacity: usize) -> FunctionKey {
    FunctionKey::new(site.plain_prefix(), capacity)
}

/// A default key under construction: every argument is a segment.
pub struct FunctionKey(KeyBuilder);

impl FunctionKey {
    #[inline]
    fn new(prefix: &str, capacity: usize) -> Self {
        let mut key = KeyBuilder::new(prefix.len() + capacity);
        key.text(prefix);
        FunctionKey(key)
    }

    #[inline]
    pub fn part<T: KeyPart + ?Sized>(&mut self, value: &T) -> &mut Self {
        self.0.segment(value);
        self
    }

    #[inline]
    #[must_use]
    pub fn finish(&mut self) -> Key {
        self.0.finish()
    }

    #[inline]
    pub fn as_key(&mut self) -> &Key {
        self.0.as_key()
    }
}

/// Asks for a value that can be cached. Called with the place of the return type, so that a missing trait is
/// reported there.
pub fn cached_value<V: CacheValue>(_: PhantomData<fn() -> V>) {}

/// Asks for a result that can say there is nothing (`negative`).
pub fn can_be_absent<S: HoldsAbsence>(_: &S) {}

/// Asks for a result that can be an error (`stale_if_error`).
pub fn can_fail<S: HoldsFailure>(_: &S) {}

/// Runs an annotated call so that it computes afresh and stores.
pub fn refresh<F: Future>(site: &'static Site, call: F) -> impl Future<Output = F::Output> {
    crate::flight::refreshing(site, call)
}

/// Invalidates the targets when the body it runs has ended as asked; also if it panics or is dropped, since what
/// it wrote until then may have been committed.
pub struct Invalidating {
    site: &'static InvalidationSite,
    cache: Cache,
    targets: Vec<Target>,
    done: bool,
}

impl Invalidating {
    pub fn new(
        site: &'static InvalidationSite,
        cache: &Cache,
        targets: impl Into<Vec<Target>>,
    ) -> Self {
        Invalidating {
            site,
            cache: cache.clone(),
            targets: targets.into(),
            done: false,
        }
    }

    async fn now(&self) {
        for target in &self.targets {
            invalidate(&self.cache, target, By::Function(self.site)).await;
        }
    }

    /// `when = both`: now, and after the body as well.
    #[must_use]
    pub async fn also_before(self) -> Self {
        self.now().await;
        self
    }

    /// `when = before`: now, and not after the body.
    #[must_use]
    pub async fn only_before(mut self) -> Self {
        self.now().await;
        self.done = true;
        self
    }

    /// `on = ok`: runs `body`, then invalidates if it succeeded.
    pub async fn on_ok<R, S: Shape<R>>(mut self, shape: S, body: impl Future<Output = R>) -> R {
        let returned = body.await;
        // What a failed function has written inside a transaction may yet be committed with the rest of it.
        self.done |= !shape.succeeded(&returned) && !collecting::is_inside();
        self.finish().await;
        returned
    }

    /// `on = always`: runs `body`, then invalidates.
    pub async fn always<R>(mut self, body: impl Future<Output = R>) -> R {
        let returned = body.await;
        self.finish().await;
        returned
    }

    async fn finish(&mut self) {
        if !self.done {
            self.now().await;
            self.done = true;
        }
    }
}

impl Drop for Invalidating {
    fn drop(&mut self) {
        if !self.done {
            for target in &self.targets {
                invalidate_soon(&self.cache, target, By::Function(self.site));
            }
        }
    }
}

/// Describes and registers a site.
#[doc(hidden)]
#[macro_export]
macro_rules! __cache_site {
    ($name:ident: invalidation $(, $option:ident = $value:expr)* $(,)?) => {
        $crate::__cache_site!(@ [] $name, InvalidationSite, RegisteredInvalidation, invalidation $(, $option = $value)*);
    };
    (pub $name:ident: $kind:ident $(, $option:ident = $value:expr)* $(,)?) => {
        $crate::__cache_site!(@ [pub(super)] $name, Site, RegisteredSite, $kind $(, $option = $value)*);
    };
    ($name:ident: $kind:ident $(, $option:ident = $value:expr)* $(,)?) => {
        $crate::__cache_site!(@ [] $name, Site, RegisteredSite, $kind $(, $option = $value)*);
    };
    (@ [$($vis:tt)*] $name:ident, $type:ident, $registered:ident, $kind:ident $(, $option:ident = $value:expr)*) => {
        $($vis)* static $name: $crate::__private::$type = {
            fn path() -> &'static ::core::primitive::str {
                $crate::__private::path_of(&path)
            }
            $crate::__private::$type::$kind(path, ::core::file!(), ::core::line!())$(.$option($value))*
        };
        const _: () = {
            $crate::__private::inventory::submit! { $crate::__private::$registered(&$name) }
        };
    };
}
