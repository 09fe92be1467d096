//! Code as it is while somebody types: the item stays, so that an editor keeps understanding it, and the mistakes
//! stand behind it.

use super::{Macro, expand};
use crate::cached::cached;
use crate::invalidate::cache_invalidate;
use crate::put::cache_put;

const MACROS: [(Macro, &str); 3] = [
    (cached, "#[cached(key = \"k:{id}\")]"),
    (cache_invalidate, "#[cache_invalidate(\"k:{id}\")]"),
    (cache_put, "#[cache_put(key = \"k:{id}\")]"),
];

#[test]
fn a_body_that_does_not_parse_still_expands() {
    for body in [
        "let x = ",
        "db.",
        "match id { 1 => ",
        "if",
        "return foo(",
        "let x = id +; x",
    ] {
        // The braces are there: the compiler's lexer closes them before a macro sees anything.
        let balanced = balance(body);
        for (expander, attribute) in MACROS {
            let expansion = expand(
                expander,
                &format!("{attribute} async fn f(id: u32) -> u32 {{ {balanced} }}"),
            );
            assert!(!expansion.contains("compile_error"), "{body}: {expansion}");
            assert!(expansion.contains("async fn f"), "{body}: {expansion}");
            let first = balanced.split_whitespace().next().expect("not empty");
            assert!(
                expansion.contains(first.trim_end_matches(['.', '(', ';'])),
                "{body}: {expansion}"
            );
        }
    }
}

fn balance(body: &str) -> String {
    let missing = |open, close: char| {
        let count = body.matches(open).count() - body.matches(close).count();
        close.to_string().repeat(count)
    };
    format!("{body}{}{}", missing('(', ')'), missing('{', '}'))
}

#[test]
fn with_a_mistake_the_function_stays_and_works_uncached() {
    for options in [
        "tll = 5",
        "ttl = ",
        "ttl",
        "key = ",
        "key",
        "= 5",
        "key = \"k:{id",
        "ttl = \"5 lightyears\", 7",
        "skip(",
        ",",
    ] {
        let options = options.to_owned() + if options.ends_with('(') { ")" } else { "" };
        let options = if options.matches('"').count() % 2 == 1 {
            options + "\""
        } else {
            options
        };
        let source = format!("#[cached({options})] pub async fn f(id: u32) -> u32 {{ id + 1 }}");
        let expansion = expand(cached, &source);
        if options == "skip()" {
            continue;
        }
        assert!(
            expansion.contains("compile_error"),
            "{options}: {expansion}"
        );
        assert!(
            expansion.starts_with("pub async fn f (id : u32) -> u32 {")
                && expansion.contains("id + 1 }"),
            "{options}: {expansion}"
        );
    }
}

#[test]
fn what_is_no_function_is_handed_back_with_a_reason() {
    for item in [
        "struct S;",
        "async fn f(id: u32) -> u32;",
        "async fn f(id",
        "fn",
        "impl S {}",
    ] {
        let item = if item.ends_with("id") {
            "async fn f(id:) -> u32 {}"
        } else {
            item
        };
        for (expander, attribute) in MACROS {
            let expansion = expand(expander, &format!("{attribute} {item}"));
            assert!(expansion.contains("compile_error"), "{item}: {expansion}");
            let start: String = expansion.split_whitespace().take(1).collect();
            assert!(
                item.starts_with(start.trim_end_matches(';')),
                "{item}: {expansion}"
            );
        }
    }
}

#[test]
fn all_mistakes_of_an_attribute_are_reported_at_once() {
    let source = r#"#[cached(tll = 5, ttl = "5 lightyears", key = "k:{id}:*", tags = ["t:{}", "u:{id"], skip(bd), version = "x", companion, companion, lock = off)]
        async fn f(db: &Db, id: u32) -> u32 { 1 }"#;
    let expansion = expand(cached, source);
    let mistakes = [
        "did you mean `ttl`",
        "unknown unit `lightyears`",
        "in a key would stand for itself",
        "an empty placeholder",
        "is not closed",
        "did you mean `db`",
        "`version` takes a whole number",
        "is given twice",
        "not supported by this version",
    ];
    for part in mistakes {
        assert!(expansion.contains(part), "{part}: {expansion}");
    }
    assert_eq!(
        expansion.matches("compile_error").count(),
        mistakes.len(),
        "{expansion}"
    );
}
