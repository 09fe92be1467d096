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

    /// After a response of this status; `None`: the service has given up, and nobody knows.
    pub(super) async fn after(mut self, status: Option<StatusCode>) {
        if status.is_none_or(may_have_changed) {
            invalidate_together(&self.cache, &self.targets).await;
        }
        self.targets.clear();
    }
}

/// It has, or whoever was waiting for it was not told.
fn may_have_changed(status: StatusCode) -> bool {
    status.is_success()
        || status.is_redirection()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT
        )
}

impl Drop for Ending {
    fn drop(&mut self) {
        invalidate_all_soon(&self.cache, &self.targets);
    }
}
