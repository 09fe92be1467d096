//! What was compared, as the lock file has it.

const LOCK: &str = include_str!("../../Cargo.lock");

const NAMES: [&str; 13] = [
    "cached",
    "cachekit-rs",
    "hitbox",
    "hitbox-backend",
    "hitbox-fn",
    "hitbox-moka",
    "hitbox-redis",
    "moka",
    "multi-tier-cache",
    "quick_cache",
    "redis",
    "bincode",
    "tokio",
];

/// Names with their versions; of a crate that is there twice, both.
pub(super) fn crates() -> Vec<(&'static str, String)> {
    let versions = |name: &str| {
        let found = LOCK
            .split("[[package]]")
            .filter(|package| field(package, "name") == Some(name));
        let found: Vec<&str> = found
            .filter_map(|package| field(package, "version"))
            .collect();
        found.join(", ")
    };
    NAMES.iter().map(|&name| (name, versions(name))).collect()
}

fn field<'a>(package: &'a str, name: &str) -> Option<&'a str> {
    let line = package
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
    line.map(|quoted| quoted.trim_matches('"'))
}
