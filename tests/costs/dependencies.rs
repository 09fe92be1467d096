//! The dependency tree of the runtime.

use std::collections::BTreeSet;
use std::process::Command;

/// Crates of `cargo tree`, with their versions, the package itself among them.
fn tree(arguments: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            "cache-runtime",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--locked",
        ])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("text");
    let name = |line: &str| {
        line.split_whitespace()
            .take(2)
            .collect::<Vec<_>>()
            .join(" ")
    };
    text.lines()
        .filter(|line| !line.is_empty())
        .map(name)
        .collect()
}

#[test]
fn the_runtime_has_at_most_95_crates_without_redis_45_and_no_old_syn() {
    let embedded = ["--no-default-features", "--features", "macros"];
    for (arguments, most) in [(&[][..], 95), (&embedded, 45)] {
        let crates = tree(arguments);
        assert!(crates.len() > 10, "the tree was read: {crates:?}");
        assert!(crates.len() <= most, "{} crates: {crates:#?}", crates.len());
        let old = crates
            .iter()
            .find(|name| name.starts_with("syn v2") || name.starts_with("syn v1"));
        assert_eq!(old, None, "{crates:#?}");
    }
}

#[test]
fn without_macros_there_is_no_macro_crate() {
    let crates = tree(&["--no-default-features"]);
    assert!(
        !crates.iter().any(|name| name.starts_with("cache-macros")),
        "{crates:#?}"
    );
}

#[test]
fn metrics_bring_three_crates_at_most() {
    let (without, with) = (tree(&[]), tree(&["--features", "metrics"]));
    let more: Vec<_> = with.difference(&without).collect();
    assert!(!more.is_empty() && more.len() <= 3, "{more:?}");
}
