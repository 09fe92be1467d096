//! Copies of what a function is lent, for a run that goes on after its caller.

use std::borrow::Borrow;

/// Something of which a copy can be kept: `Clone + Send + Sync + 'static`, and texts, slices and paths.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept for a run in the background",
    label = "borrowed here, and neither `Clone`, nor a text or a slice, or bound to a lifetime or a thread",
    note = "with `swr`, `early`, `soft_timeout` or `timeout` the function may go on after its caller; borrow what can be cloned and sent, such as a pool of connections or an `Arc`"
)]
pub trait Keep {
    type Kept: Borrow<Self> + Send + Sync + 'static;

    fn keep(&self) -> Self::Kept;
}

#[diagnostic::do_not_recommend]
impl<T: ?Sized> Keep for T
where
    T: ToOwned,
    T::Owned: Send + Sync + 'static,
{
    type Kept = T::Owned;

    fn keep(&self) -> T::Owned {
        self.to_owned()
    }
}

/// A copy of a `T`. (Erased, so that of a `T` that cannot be kept the compiler says no more than that.)
pub struct Owned<T: ?Sized>(Box<dyn Lends<T> + Send + Sync>);

trait Lends<T: ?Sized> {
    fn lends(&self) -> &T;
}

impl<T: ?Sized, K: Borrow<T>> Lends<T> for K {
    fn lends(&self) -> &T {
        self.borrow()
    }
}

/// Copies what is lent.
pub fn own<T: ?Sized + Keep>(lent: &T) -> Owned<T> {
    Owned(Box::new(lent.keep()))
}

impl<T: ?Sized> Owned<T> {
    pub fn lend(&self) -> &T {
        (*self.0).lends()
    }
}
