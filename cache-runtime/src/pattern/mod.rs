//! Patterns: which keys an invalidation means.

mod glob;
pub(crate) mod overlap;

pub(crate) use glob::matches;

use crate::key::{Key, is_scope};
use std::fmt;

/// Which keys to invalidate.
///
/// | text | means | costs |
/// |---|---|---|
/// | `user:42:profile` | exactly this key | one step |
/// | `user:42:*`, `user:*`, `*` | a scope: every key with this prefix | one step, whatever their number |
/// | `user:*:profile`, `s?ss:*` | any other glob | a scan over the keys |
///
/// A key that ends in a digest, being longer than 200 bytes, is found by itself, by its scopes and by its tags, not by a
/// glob over what the digest stands for.
///
/// Globs are those of Redis: `*` any text, `?` one byte, `[abc]`, `[^a]`, `[a-z]`, and `\` before a character
/// that stands for itself.
///
/// ```
/// use cache_runtime::{Pattern, Route};
///
/// assert_eq!(Pattern::from("user:42:*").route(), Route::Scope);
/// assert_eq!(Pattern::from("user:42").route(), Route::Key);
/// assert_eq!(Pattern::from("user:*:profile").route(), Route::Scan);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    text: String,
    route: Route,
}

/// The way an invalidation goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Route {
    /// One key.
    Key,
    /// The generation of a scope: one step, whatever the number of entries.
    Scope,
    /// The generation of a tag: one step, whatever the number of entries.
    Tag,
    /// A walk over the keys.
    Scan,
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Route::Key => "key",
            Route::Scope => "scope",
            Route::Tag => "tag",
            Route::Scan => "scan",
        })
    }
}

impl Pattern {
    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Which way an invalidation by this pattern goes.
    pub fn route(&self) -> Route {
        self.route
    }

    /// The prefix of a scope pattern.
    pub(crate) fn scope(&self) -> &str {
        self.text.strip_suffix('*').unwrap_or(&self.text)
    }
}

/// The longest scope that every key which matches the glob lies in.
pub(crate) fn literal_scope(glob: &str) -> &str {
    let literal = &glob[..glob.find(is_wild).unwrap_or(glob.len())];
    crate::key::scopes(literal).last().unwrap_or_default()
}

fn is_wild(c: char) -> bool {
    matches!(c, '*' | '?' | '[' | '\\')
}

fn route(text: &str) -> Route {
    match text.strip_suffix('*') {
        Some(prefix) if is_scope(prefix) && !prefix.contains(is_wild) => Route::Scope,
        None if !text.contains(is_wild) => Route::Key,
        _ => Route::Scan,
    }
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        let route = route(&text);
        Pattern { text, route }
    }
}

impl From<&str> for Pattern {
    fn from(text: &str) -> Self {
        Pattern::from(text.to_owned())
    }
}

impl From<&String> for Pattern {
    fn from(text: &String) -> Self {
        Pattern::from(text.as_str())
    }
}

/// A key made with [`key!`](crate::key!) may end in a wildcard of its template: `key!("user:{id}:*")`.
impl From<Key> for Pattern {
    fn from(key: Key) -> Self {
        Pattern::from(key.as_str())
    }
}

impl From<&Key> for Pattern {
    fn from(key: &Key) -> Self {
        Pattern::from(key.as_str())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "redis")]
    #[test]
    fn the_literal_beginning_of_a_glob_is_a_scope() {
        for (glob, scope) in [
            ("user:*:profile", "user:"),
            ("user:4?", "user:"),
            ("s?ss:1", ""),
            ("user:42:pro*", "user:42:"),
            ("1:2:3:4:5:6:7:8:9:*", "1:2:3:4:5:6:7:8:"),
        ] {
            assert_eq!(literal_scope(glob), scope, "{glob}");
        }
    }

    #[test]
    fn the_route_follows_from_the_text() {
        for (text, expected) in [
            ("*", Route::Scope),
            ("user:*", Route::Scope),
            ("user:42:*", Route::Scope),
            ("user*", Route::Scan),
            ("user:?:*", Route::Scan),
            ("user:[ab]", Route::Scan),
            (r"user:\*", Route::Scan),
            ("user:42", Route::Key),
            ("1:2:3:4:5:6:7:8:9:*", Route::Scan),
        ] {
            assert_eq!(Pattern::from(text).route(), expected, "{text}");
        }
        assert_eq!(Pattern::from("user:42:*").scope(), "user:42:");
    }
}
