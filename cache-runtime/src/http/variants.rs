//! What responses vary on (RFC 9111 §4.1, RFC 9110 §12.5.5).

use http::HeaderMap;
use http::header::VARY;

/// The fields that a response varies on, with those that are known for its key already; `None` if these are all.
pub(super) fn varied(headers: &HeaderMap, known: &[String]) -> Option<Vec<String>> {
    let mut names: Vec<String> = headers
        .get_all(VARY)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !name.is_empty())
        .collect();
    if names.iter().all(|name| known.contains(name)) {
        return None;
    }
    names.extend_from_slice(known);
    names.sort();
    names.dedup();
    Some(names)
}
