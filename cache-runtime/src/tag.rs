//! Tags: names that entries carry, so that everything about one thing can be invalidated together.

use crate::key::Key;
use std::fmt;

/// A name that entries carry. Invalidating a tag makes every entry that carries it a miss, in one step.
///
/// Tags and keys are separate: the tag `user:42` has nothing to do with the key `user:42`.
///
/// ```
/// use cache_runtime::{Tag, key};
///
/// assert_eq!(Tag::from("profiles").as_str(), "profiles");
/// let id = "a:b";
/// assert_eq!(Tag::from(key!("user:{id}")).as_str(), "user:a%3Ab");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(String);

impl Tag {
    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Tag {
    fn from(name: &str) -> Self {
        Tag(name.to_owned())
    }
}

impl From<String> for Tag {
    fn from(name: String) -> Self {
        Tag(name)
    }
}

impl From<&String> for Tag {
    fn from(name: &String) -> Self {
        Tag(name.clone())
    }
}

impl From<Key> for Tag {
    fn from(key: Key) -> Self {
        Tag(key.as_str().to_owned())
    }
}

impl From<&Tag> for Tag {
    fn from(tag: &Tag) -> Self {
        tag.clone()
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
