//! What is delivered however the future that delivers it ends.

use crate::cache::Cache;
use crate::collecting::List;
use crate::invalidate::{By, Delivery, Target, invalidate_all_soon, invalidate_together};

/// From here on nobody knows whether the transaction is committed, or everybody knows that it is.
pub(super) struct AfterCommit {
    list: List,
    under_way: Option<(Cache, Vec<(Target, By)>)>,
}

impl AfterCommit {
    pub(super) fn new(list: List) -> Self {
        AfterCommit {
            list,
            under_way: None,
        }
    }

    pub(super) async fn deliver(mut self) -> Delivery {
        let mut all = Delivery::Delivered;
        while let Some(part) = self.list.take_part() {
            let (cache, targets) = self.under_way.insert(part);
            for delivery in invalidate_together(cache, targets).await {
                all = all.and(delivery);
            }
            self.under_way = None;
        }
        all
    }
}

impl Drop for AfterCommit {
    fn drop(&mut self) {
        // What was under way may have been delivered in part; twice does no harm.
        let under_way = self.under_way.take().into_iter();
        let rest = std::iter::from_fn(|| self.list.take_part());
        for (cache, targets) in under_way.chain(rest) {
            invalidate_all_soon(&cache, &targets);
        }
    }
}
