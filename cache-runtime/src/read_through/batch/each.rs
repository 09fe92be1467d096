//! What a batch returns, taken apart: a collection of identifiers with their values.

use crate::read_through::shape::{HoldsAbsence, Returned, Shape, Typed, View};
use std::any::Any;

/// A collection that a batch can return.
#[diagnostic::on_unimplemented(
    message = "a batch cannot return `{Self}`",
    label = "expected a collection of identifiers with their values",
    note = "a function with `batch` returns a `HashMap<Id, T>`, a `BTreeMap<Id, T>` or a `Vec<(Id, T)>`, or a `Result` of one"
)]
pub trait Collection: Sized {
    type Id;
    type Item;

    fn take_apart(self) -> Vec<(Self::Id, Self::Item)>;
    fn put_together(items: Vec<(Self::Id, Self::Item)>) -> Self;
}

#[diagnostic::do_not_recommend]
impl<C, I, V> Collection for C
where
    C: IntoIterator<Item = (I, V)> + FromIterator<(I, V)>,
{
    type Id = I;
    type Item = V;

    fn take_apart(self) -> Vec<(I, V)> {
        self.into_iter().collect()
    }

    fn put_together(items: Vec<(I, V)>) -> Self {
        items.into_iter().collect()
    }
}

/// Stands for the type of a batch's items, to be probed for its shape.
pub fn items_of<R, W>(_: Typed<R, W>) -> Returned<<W::Value as Collection>::Item>
where
    W: Shape<R>,
    W::Value: Collection,
{
    Returned::new()
}

/// What is found for one identifier: an item, or that there is none.
#[derive(Clone, Copy)]
pub(super) struct Each<S>(pub(super) S);

impl<V, S: Shape<V>> Shape<Option<V>> for Each<S> {
    type Value = S::Value;

    fn view<'r>(&self, found: &'r Option<V>) -> View<'r, S::Value> {
        found
            .as_ref()
            .map_or(View::Absent, |item| self.0.view(item))
    }
    fn value(&self, value: S::Value) -> Option<V> {
        Some(self.0.value(value))
    }
    /// An item that says so, if there can be one.
    fn absent(&self) -> Option<Option<V>> {
        Some(self.0.absent())
    }
    fn into_value(self, found: Option<V>) -> Result<S::Value, Option<V>> {
        match found {
            Some(item) => self.0.into_value(item).map_err(Some),
            None => Err(None),
        }
    }
    fn share(&self, found: &Option<V>) -> Option<Box<dyn Any + Send + Sync>> {
        found.as_ref().and_then(|item| self.0.share(item))
    }
    fn failure(&self, shared: &(dyn Any + Send + Sync)) -> Option<Option<V>> {
        self.0.failure(shared).map(Some)
    }
}

impl<S> HoldsAbsence for Each<S> {}
