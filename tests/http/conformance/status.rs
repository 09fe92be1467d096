//! Whether `Cache-Status` says what it should (RFC 9211).

use http::HeaderMap;
use serde_json::Value;
use std::collections::BTreeMap;

/// A member: its name, and its parameters.
type Member = (String, BTreeMap<String, String>);

pub(super) fn check(headers: &HeaderMap, expected: &Value) -> Result<(), String> {
    let mut members: Vec<Member> = Vec::new();
    for line in headers.get_all("cache-status") {
        let line = line.to_str().map_err(|_| "no text")?;
        members.extend(parse(line).ok_or_else(|| format!("`{line}` is no list of items"))?);
    }
    let told = || format!("cache-status is {members:?}");
    let own = members.last();
    for (name, wanted) in expected.as_object().expect("an object") {
        let parameter = |name: &str| own.and_then(|(_, parameters)| parameters.get(name));
        let is_told = |name: &str| parameter(name).is_some_and(|value| value != "?0");
        let fits = match (name.as_str(), wanted) {
            ("valid", _) => own.is_some(),
            ("members", count) => count.as_u64() == Some(members.len() as u64),
            ("first_is", first) => members.first().map(|(name, _)| name.as_str()) == first.as_str(),
            ("absent", Value::Array(names)) => !names
                .iter()
                .any(|name| is_told(name.as_str().expect("a name"))),
            ("hit" | "stored" | "collapsed", Value::Bool(wanted)) => is_told(name) == *wanted,
            ("ttl", range) => parameter("ttl")
                .and_then(|ttl| ttl.parse::<i64>().ok())
                .is_some_and(|ttl| {
                    let least = range["min"].as_i64().unwrap_or(i64::MIN);
                    (least..=range["max"].as_i64().unwrap_or(i64::MAX)).contains(&ttl)
                }),
            (_, Value::Array(any)) => any
                .iter()
                .any(|it| it.as_str() == parameter(name).map(String::as_str)),
            (_, Value::Number(number)) => parameter(name) == Some(&number.to_string()),
            (_, one) => parameter(name).map(String::as_str) == one.as_str(),
        };
        if !fits {
            return Err(told());
        }
    }
    Ok(())
}

/// A list of tokens or strings with parameters, as strictly as RFC 9651 has it.
fn parse(line: &str) -> Option<Vec<Member>> {
    let mut rest = line.trim();
    let mut members = Vec::new();
    loop {
        let name = bare(&mut rest)?;
        let mut parameters = BTreeMap::new();
        while let Some(after) = rest.strip_prefix(';') {
            rest = after.trim_start_matches(' ');
            let end = rest
                .find(|it: char| {
                    !(it.is_ascii_lowercase() || it.is_ascii_digit() || "_-.*".contains(it))
                })
                .unwrap_or(rest.len());
            let (key, after) = rest.split_at(end);
            if key.is_empty() {
                return None;
            }
            rest = after;
            let value = match rest.strip_prefix('=') {
                Some(after) => {
                    rest = after;
                    bare(&mut rest)?
                }
                None => "?1".to_owned(),
            };
            parameters.insert(key.to_owned(), value);
        }
        members.push((name, parameters));
        rest = rest.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after.trim_start(),
            None if rest.is_empty() => return Some(members),
            None => return None,
        }
    }
}

/// A token, a string, a number or a boolean.
fn bare(rest: &mut &str) -> Option<String> {
    if let Some(after) = rest.strip_prefix('"') {
        let end = after.find('"')?;
        let text = &after[..end];
        *rest = &after[end + 1..];
        return text
            .bytes()
            .all(|it| (0x20..0x7f).contains(&it))
            .then(|| text.to_owned());
    }
    let is_part = |it: char| it.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~:/?".contains(it);
    let end = rest.find(|it| !is_part(it)).unwrap_or(rest.len());
    let (text, after) = rest.split_at(end);
    *rest = after;
    (!text.is_empty()).then(|| text.to_owned())
}
