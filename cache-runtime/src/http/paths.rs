//! What is stored of a path, ended when that has changed.

use super::options::Options;
use super::request::scope_of_path;
use crate::invalidate::{By, Target, invalidate};
use crate::key::KeyBuilder;
use http::header::{CONTENT_LOCATION, LOCATION};
use http::{HeaderMap, Uri};

/// A request that was no mere question has succeeded: its path, and those of the same origin that the response names.
pub(super) async fn changed(options: &Options, uri: &Uri, headers: &HeaderMap) {
    end(options, uri.path()).await;
    for name in [LOCATION, CONTENT_LOCATION] {
        let told = headers.get(name).and_then(|value| value.to_str().ok());
        let Some(named) = told.and_then(|value| value.parse::<Uri>().ok()) else {
            continue;
        };
        // Of another origin nobody here may decide.
        let is_ours = named.authority().is_none() || named.authority() == uri.authority();
        if is_ours && named.path() != uri.path() {
            end(options, named.path()).await;
        }
    }
}

async fn end(options: &Options, path: &str) {
    let mut scope = KeyBuilder::new(64);
    scope_of_path(&mut scope, options, path);
    let all = Target::pattern(scope.text("*").finish_pattern());
    invalidate(&options.cache, &all, By::site(options.site)).await;
}
