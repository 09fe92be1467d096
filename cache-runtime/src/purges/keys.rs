//! Surrogate keys: what a CDN knows responses by, beside their addresses.
//!
//! What a response depends on has a key each, of `~` and ten letters: a digest, since names tell of users, and headers are short. By these it is
//! purged. The tags that a layer declares itself are there as they are, too, so that people can purge by them.
//!
//! Two names with one digest are purged together, which costs a request. Case makes no difference: to some CDNs it makes none.

use crate::generation::Guard;
use crate::key::encode::digest_of_text;
use std::sync::LazyLock;

/// The key of all that there is: every response has it.
pub(crate) fn root() -> &'static str {
    static ROOT: LazyLock<String> = LazyLock::new(|| key_of(Guard::Scope, ""));
    &ROOT
}

/// The key of anything that a response depends on.
pub(crate) fn key_of(guard: Guard, name: &str) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    const LENGTH: u32 = 10;
    let kind = match guard {
        Guard::Key => "key ",
        Guard::Scope => "scope ",
        Guard::Tag => "tag ",
    };
    let digest = u128::from_be_bytes(digest_of_text(&[kind, name].concat()));
    let letter = |at: u32| char::from(LETTERS[(digest >> (123 - 5 * at)) as usize % LETTERS.len()]);
    std::iter::once('~')
        .chain((0..LENGTH).map(letter))
        .collect()
}

/// The tag itself, where every CDN can read it. None begins as the other keys do.
pub(crate) fn legible(tag: &str) -> Option<&str> {
    const LONGEST: usize = 64;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    ((1..=LONGEST).contains(&tag.len()) && tag.bytes().all(is_plain)).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A CDN remembers them across releases: the first 50 bits of a SHA-256, in base 32 (RFC 4648 §6).
    #[test]
    fn keys_stay_as_they_are() {
        assert_eq!(root(), "~s5zbrz2ceh");
        assert_eq!(key_of(Guard::Key, "user:7"), "~ue67xylt72");
        assert_eq!(key_of(Guard::Tag, "user:7"), "~c7h3mgcazt");
    }

    #[test]
    fn only_plain_tags_are_legible() {
        let long = "x".repeat(65);
        for (tag, is_legible) in [
            ("user:7", true),
            ("A-b_c.d", true),
            ("", false),
            ("two words", false),
            ("a,b", false),
            ("ä", false),
            (&long, false),
        ] {
            assert_eq!(legible(tag).is_some(), is_legible, "{tag}");
        }
    }
}
