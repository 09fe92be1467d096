//! The user that the guide tells people to make for the cache. It is read from there, so what is tested is what is written.

const GUIDE: &str = include_str!("../../../docs/guide/redis.md");

/// The rules of the cache's user, for the keys of this namespace; all keys without one. No password is among them.
pub fn least_rights(namespace: &str) -> Vec<String> {
    let keys = match namespace {
        "" => "~*".to_owned(),
        namespace => format!("~{namespace}:*"),
    };
    rules("~shop:*")
        .map(|rule| match rule {
            "~shop:*" => keys.clone(),
            rule => rule.to_owned(),
        })
        .collect()
}

/// The rules of its user on Sentinels.
pub fn least_rights_on_sentinels() -> Vec<String> {
    rules("+sentinel|master").map(str::to_owned).collect()
}

/// What follows the name of the user in the guide's line that has this rule, but for its password.
fn rules(with: &str) -> impl Iterator<Item = &'static str> {
    let mut lines = GUIDE
        .lines()
        .filter_map(|line| line.strip_prefix("ACL SETUSER shop "));
    let line = lines.find(|line| line.split(' ').any(|rule| rule == with));
    let line = line.unwrap_or_else(|| panic!("the guide has no user with {with}"));
    line.split(' ').filter(|rule| !rule.starts_with('>'))
}

/// Whether this run of the tests is one with no more rights than needed (`TEST_ACL=1`): whoever takes the URL of a server
/// without a password of its own comes as such a user, and a server that has refused that user anything fails its test at its
/// end.
pub(crate) fn is_least_run() -> bool {
    std::env::var_os("TEST_ACL").is_some_and(|value| value == "1")
}

/// Who that is, and its password.
pub(crate) const LEAST: &str = "least";

/// As a part of a URL.
pub(crate) fn login() -> String {
    match is_least_run() {
        true => format!("{LEAST}:{LEAST}@"),
        false => String::new(),
    }
}

/// Arguments that make a server know it.
pub(crate) fn arguments() -> Vec<String> {
    if !is_least_run() {
        return Vec::new();
    }
    let mut user = vec!["--user".to_owned(), LEAST.to_owned()];
    // A user of a configuration is new.
    let rules = least_rights("").into_iter();
    user.extend(rules.filter(|rule| rule != "reset"));
    user.push(format!(">{LEAST}"));
    user
}
