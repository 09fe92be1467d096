//! Invalidations as lines of text.

use cache_runtime::{Cache, Invalidations, Key, Pattern, Tag};
use proptest::prelude::*;

/// Texts that are likely to be mistaken for one another, and any others.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        r"[a-c:*?\\ \n\r\x00{}u7]{0,12}",
        any::<String>(),
        "[a-z:]{190,230}",
    ]
}

fn lines(name: impl FnOnce(&mut Invalidations)) -> Vec<String> {
    let cache = Cache::in_memory();
    let mut invalidations = Invalidations::of(&cache);
    name(&mut invalidations);
    invalidations.lines_of(&cache)
}

fn again(line: &str) -> Vec<String> {
    lines(|invalidations| {
        invalidations.line(line).expect("a line of ours");
    })
}

proptest! {
    #[test]
    fn a_line_is_read_as_what_it_was_written_for(text in text()) {
        for line in lines(|i| { i.key(text.as_str()).tag(text.as_str()).pattern(text.as_str()); }) {
            prop_assert!(!line.chars().any(char::is_control), "{line:?}");
            prop_assert_eq!(again(&line), vec![line]);
        }
    }

    #[test]
    fn different_things_have_different_lines(one in text(), other in text()) {
        let differ = |what: &str, one: Vec<String>, other: Vec<String>, are_one: bool| {
            prop_assert_eq!(one == other, are_one, "{}: {:?}", what, one);
            Ok(())
        };
        let keys = (Key::from(&one), Key::from(&other));
        differ("keys", lines(|i| { i.key(&one); }), lines(|i| { i.key(&other); }), keys.0 == keys.1)?;
        let tags = (Tag::from(&one), Tag::from(&other));
        differ("tags", lines(|i| { i.tag(&one); }), lines(|i| { i.tag(&other); }), tags.0 == tags.1)?;
        let patterns = (Pattern::from(&one), Pattern::from(&other));
        // Long ones without a wildcard are keys, which end in a digest.
        prop_assume!(one.len() <= 200 && other.len() <= 200);
        let lines = (lines(|i| { i.pattern(&one); }), lines(|i| { i.pattern(&other); }));
        differ("patterns", lines.0, lines.1, patterns.0 == patterns.1)?;
        differ("a tag and a key", again("tag a"), again("key a"), false)?;
    }

    #[test]
    fn any_other_text_is_refused_without_being_repeated(line in any::<String>()) {
        let mut invalidations = Invalidations::of(&Cache::in_memory());
        if let Err(error) = invalidations.line(&line) {
            prop_assert!(line.len() < 8 || !error.to_string().contains(&line));
            prop_assert!(invalidations.is_empty());
        }
    }
}

/// Rows outlive versions of this library: what is written here is read by the next one.
#[test]
fn lines_are_written_as_they_always_were() {
    let written = lines(|invalidations| {
        invalidations.key("user:a%3Ab").tag("a b").pattern("user:*");
        invalidations
            .pattern(r"n?me:\*")
            .pattern("user:1")
            .key("a\nb\u{0}");
    });
    let lines = [
        "key user:a%3Ab",
        "tag a b",
        "pattern user:*",
        r"pattern n?me:\\*",
        "key user:1",
        r"key a\u{a}b\u{0}",
    ];
    assert_eq!(written, lines);
}

#[test]
fn what_is_no_line_says_why() {
    let mut invalidations = Invalidations::of(&Cache::in_memory());
    for (line, why) in [
        ("", "it begins with"),
        ("key", "it begins with"),
        ("keys a", "it begins with"),
        ("TAG a", "it begins with"),
        (r"key a\", "a `\\` in it"),
        (r"key a\n", "a `\\` in it"),
        (r"key \u{d800}", "a `\\` in it"),
        (r"key \u{}", "a `\\` in it"),
    ] {
        let error = invalidations.line(line).expect_err(line).to_string();
        assert!(error.contains(why), "{line}: {error}");
    }
    assert!(invalidations.is_empty());
}
