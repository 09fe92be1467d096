//! Asking the service whether what is stored has changed (RFC 9111 §4.3).

use super::stored::{Kept, Stored};
use crate::stored::{Stored as Replaced, stored};
use http::HeaderMap;
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG, HeaderName,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, TRANSFER_ENCODING,
};

/// What is about to be replaced, and may turn out to be what the service would say again.
pub(super) struct Old {
    replaced: Replaced<Kept>,
    pub(super) stored: Stored,
}

impl Old {
    /// Of the computation that this is part of. `None`: there is nothing, or the service has given no means of telling.
    pub(super) fn of_this(request: &HeaderMap) -> Option<Self> {
        let replaced = stored::<Kept>()?;
        let Kept::Response(stored) = &*replaced else {
            return None;
        };
        let stored = stored.clone();
        let can_tell = stored.answers(request) && stored.can_be_confirmed();
        can_tell.then_some(Old { replaced, stored })
    }

    /// Asks on condition that it has changed.
    pub(super) fn ask(&self, request: &mut HeaderMap) {
        let own = &self.stored.headers;
        if let (true, Some(tag)) = (self.stored.is_tagged, own.get(ETAG)) {
            request.insert(IF_NONE_MATCH, tag.clone());
        }
        if let Some(time) = own.get(LAST_MODIFIED) {
            request.insert(IF_MODIFIED_SINCE, time.clone());
        }
    }

    /// What is stored, with what `304` says of it (§4.3.4), but for what describes the body (§3.2).
    pub(super) fn confirmed(self, said: &HeaderMap) -> (Stored, HeaderMap) {
        let of_body: [HeaderName; 5] = [
            CONTENT_ENCODING,
            CONTENT_LENGTH,
            CONTENT_RANGE,
            CONTENT_TYPE,
            TRANSFER_ENCODING,
        ];
        let mut headers = self.stored.headers.clone();
        // It was confirmed just now, if nothing else is said.
        headers.remove(DATE);
        for name in said.keys().filter(|name| !of_body.contains(name)) {
            headers.remove(name);
            for value in said.get_all(name) {
                headers.append(name, value.clone());
            }
        }
        let _same = self.replaced.not_modified();
        (self.stored, headers)
    }
}
