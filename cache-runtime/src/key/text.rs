//! The text of a key while it is put together, and afterwards. Most are short, and take no room on the heap: a hit
//! makes one and throws it away.

use arrayvec::ArrayString;
use std::fmt;
use std::hash::{Hash, Hasher};

/// So many bytes make the whole no larger than a cache line.
const SHORT: usize = 56;

#[derive(Clone)]
pub struct Text(Kept);

#[derive(Clone)]
enum Kept {
    Here(ArrayString<SHORT>),
    There(String),
}

impl Text {
    #[inline]
    pub(super) const fn new() -> Self {
        Text(Kept::Here(ArrayString::new_const()))
    }

    /// `capacity` is a guess, mostly too high a one: only what is far too long starts out on the heap.
    #[inline]
    pub(super) fn with_capacity(capacity: usize) -> Self {
        if capacity > 2 * SHORT {
            Text(Kept::There(String::with_capacity(capacity)))
        } else {
            Text::new()
        }
    }

    /// How much room on the heap a text of so many bytes takes.
    pub(crate) const fn on_heap(len: usize) -> usize {
        if len > SHORT { len } else { 0 }
    }

    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        match &self.0 {
            Kept::Here(text) => text,
            Kept::There(text) => text,
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.as_str().len()
    }

    #[inline]
    pub(super) fn push_str(&mut self, more: &str) {
        match &mut self.0 {
            Kept::Here(text) => {
                if text.try_push_str(more).is_err() {
                    self.spill(more);
                }
            }
            Kept::There(text) => text.push_str(more),
        }
    }

    pub(super) fn push(&mut self, more: char) {
        self.push_str(more.encode_utf8(&mut [0; 4]));
    }

    pub(super) fn truncate(&mut self, len: usize) {
        match &mut self.0 {
            Kept::Here(text) => text.truncate(len),
            Kept::There(text) => text.truncate(len),
        }
    }

    #[cold]
    fn spill(&mut self, more: &str) {
        let here = self.as_str();
        let mut text = String::with_capacity(2 * (here.len() + more.len()));
        text.push_str(here);
        text.push_str(more);
        self.0 = Kept::There(text);
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let mut new = Text::new();
        new.push_str(text);
        new
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Text(Kept::There(text))
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        match text.0 {
            Kept::Here(text) => text.as_str().to_owned(),
            Kept::There(text) => text,
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_the_same_here_and_there() {
        let mut text = Text::new();
        let mut expected = String::new();
        for piece in [
            "a",
            "",
            "ö",
            "long enough to go past what has room here, ",
            "and",
            "ß",
        ] {
            for _ in 0..3 {
                text.push_str(piece);
                expected.push_str(piece);
                assert_eq!(text.as_str(), expected);
                assert_eq!(text, Text::from(expected.clone()));
            }
        }
        text.truncate(1);
        assert_eq!((text.as_str(), text.len()), ("a", 1));
        text.push('é');
        assert_eq!(String::from(text), "aé");
    }

    #[test]
    fn it_is_no_larger_than_a_cache_line() {
        assert_eq!(size_of::<Text>(), 64);
    }
}
