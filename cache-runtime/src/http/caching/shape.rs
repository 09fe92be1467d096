//! How a response is held by what a look-up returns.

use super::exchange::Failed;
use super::stored::Kept;
use crate::policy::Grace;
use crate::read_through::{Fallible, Opaque, Shape, View};
use std::any::Any;

/// `Result<Kept, Failed>`, of which responses say themselves for how long they are of use.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// Whether they may be variants for other requests: then they are of no use past their time.
    pub(super) may_be_others: bool,
}

const INNER: Fallible<Opaque> = Fallible(Opaque);

type Returned = Result<Kept, Failed>;

impl Shape<Returned> for Kind {
    type Value = Kept;

    fn view<'r>(&self, returned: &'r Returned) -> View<'r, Kept> {
        INNER.view(returned)
    }
    fn value(&self, value: Kept) -> Returned {
        Ok(value)
    }
    fn answers_for(&self, value: &Kept, _: Grace) -> Grace {
        match value {
            Kept::Response(stored) if !self.may_be_others || stored.varies.names.is_empty() => {
                stored.lifetime.grace()
            }
            _ => Grace::default(),
        }
    }
    fn absent(&self) -> Option<Returned> {
        None
    }
    fn into_value(self, returned: Returned) -> Result<Kept, Returned> {
        INNER.into_value(returned)
    }
    fn share(&self, returned: &Returned) -> Option<Box<dyn Any + Send + Sync>> {
        INNER.share(returned)
    }
    fn failure(&self, shared: &(dyn Any + Send + Sync)) -> Option<Returned> {
        INNER.failure(shared)
    }
}
