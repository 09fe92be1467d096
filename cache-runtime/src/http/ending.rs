//! Ending what a request has made old, however that request ends.

use crate::cache::Cache;
use crate::invalidate::{By, Target, invalidate_all_soon, invalidate_together};
use http::StatusCode;

/// What ends with a request, unless that turns out to have changed nothing. One that panics, or whose client has gone, may have
/// changed it.
pub(super) struct Ending {
    cache: Cache,
    targets: Vec<(Target, By)>,
}

impl Ending {
    pub(super) fn new(cache: &Cache, targets: Vec<(Target, By)>) -> Self {
        Ending {
            cache: cache.clone(),
            targets,
        }
    }

    pub(super) fn and(&mut self, target: Target, by: By) {
        self.targets.push((target, by));
    }

    /// After a response of this status; `None`: there is none.
    pub(super) async fn after(mut self, status: Option<StatusCode>) {
        let has_succeeded = |status: StatusCode| status.is_success() || status.is_redirection();
        if status.is_some_and(has_succeeded) {
            invalidate_together(&self.cache, &self.targets).await;
        }
        self.targets.clear();
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        invalidate_all_soon(&self.cache, &self.targets);
    }
}
