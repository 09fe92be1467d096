//! What is stored of a path, ended when that has changed.

use super::options::Options;
use super::request::{host_of, scope_of_path};
use crate::http::ending::Ending;
use crate::invalidate::{By, Target};
use crate::key::KeyBuilder;
use http::header::{CONTENT_LOCATION, LOCATION};
use http::request::Parts;
use http::{HeaderMap, StatusCode, Uri};

/// What a request that is no mere question may change.
pub(super) struct Changing {
    ending: Ending,
    by: By,
    path: String,
    /// Whom it was sent to.
    host: Option<String>,
}

impl Changing {
    pub(super) fn new(options: &Options, parts: &Parts) -> Self {
        let by = By::site(options.site);
        let path = options.path_of(parts);
        let target = target(options, &path);
        Changing {
            ending: Ending::new(&options.cache, vec![(target, by)]),
            by,
            path: path.into_owned(),
            host: host_of(parts).map(str::to_owned),
        }
    }

    /// The response also names what has changed: other paths of the same origin. Where a client is sent after that is not one.
    pub(super) fn names(&mut self, options: &Options, status: StatusCode, headers: &HeaderMap) {
        for path in self.named(status, headers) {
            self.ending.and(target(options, &path), self.by);
        }
    }

    /// After a response of this status; `None`: there is none.
    pub(super) async fn after(self, status: Option<StatusCode>) {
        self.ending.after(status).await;
    }

    fn named(&self, status: StatusCode, headers: &HeaderMap) -> Vec<String> {
        let made = (status == StatusCode::CREATED).then_some(LOCATION);
        let names = made.into_iter().chain([CONTENT_LOCATION]);
        let named = names.filter_map(|name| {
            let named: Uri = headers.get(name)?.to_str().ok()?.parse().ok()?;
            // Of another origin nobody here may decide.
            let host = self.host.as_deref();
            let is_ours = named
                .authority()
                .is_none_or(|it| host.is_some_and(|host| host.eq_ignore_ascii_case(it.as_str())));
            (is_ours && named.path() != self.path).then(|| named.path().to_owned())
        });
        named.collect()
    }
}

fn target(options: &Options, path: &str) -> Target {
    let mut scope = KeyBuilder::new(64);
    scope_of_path(&mut scope, options, path);
    Target::pattern(scope.text("*").finish_pattern())
}
