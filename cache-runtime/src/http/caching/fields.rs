//! Fields of headers that several rooms read.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::borrow::Cow;

/// The items of all lines of a list. A line that is no text has none.
pub(in crate::http) fn listed(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(name).into_iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
}

/// Bytes that are no text are kept apart from all text, which has no such mark.
pub(super) fn text(value: &HeaderValue) -> Cow<'_, str> {
    match value.to_str() {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(format!("\u{1}{}", value.as_bytes().escape_ascii())),
    }
}
