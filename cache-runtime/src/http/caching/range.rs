//! A part of what is stored (RFC 9110 §14): one range of bytes, which is what players and downloads ask for.

use super::storing::read_time;
use http::HeaderMap;
use http::header::{ETAG, IF_RANGE, LAST_MODIFIED, RANGE};
use std::ops::Range;

/// What of a body is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it: several ranges, of another unit, or of another body.
    Whole,
    Bytes(Range<usize>),
    /// Nothing of what there is.
    Beyond,
}

/// Whether a part in bytes is asked for.
pub(super) fn is_asked_for(request: &HeaderMap) -> bool {
    ranges(request).is_some()
}

fn ranges(request: &HeaderMap) -> Option<&str> {
    let (unit, ranges) = request.get(RANGE)?.to_str().ok()?.split_once('=')?;
    unit.trim().eq_ignore_ascii_case("bytes").then_some(ranges)
}

/// The part of a body of `length` bytes.
pub(super) fn part(request: &HeaderMap, stored: &HeaderMap, length: usize) -> Part {
    let Some(ranges) = ranges(request) else {
        return Part::Whole;
    };
    if !is_of_this(request, stored) {
        return Part::Whole;
    }
    let Some((first, last)) = ranges.trim().split_once('-') else {
        return Part::Whole;
    };
    let number = |text: &str| {
        let digits = text.trim();
        let is_number = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
        is_number.then(|| digits.parse().unwrap_or(usize::MAX))
    };
    match (number(first), number(last)) {
        (None, Some(suffix)) if first.trim().is_empty() => match suffix.min(length) {
            0 => Part::Beyond,
            suffix => Part::Bytes(length - suffix..length),
        },
        (Some(first), _) if first >= length => Part::Beyond,
        (Some(first), None) if last.trim().is_empty() => Part::Bytes(first..length),
        (Some(first), Some(last)) if first <= last => {
            Part::Bytes(first..last.saturating_add(1).min(length))
        }
        _ => Part::Whole,
    }
}

/// Whether it is the body that the client has a part of: by a strong entity tag, or the exact time (§13.1.5).
fn is_of_this(request: &HeaderMap, stored: &HeaderMap) -> bool {
    let Some(known) = request.get(IF_RANGE) else {
        return true;
    };
    let Ok(known) = known.to_str() else {
        return false;
    };
    if known.starts_with('"') {
        let own = stored.get(ETAG).map(|tag| tag.as_bytes());
        return own == Some(known.as_bytes());
    }
    let modified = stored.get(LAST_MODIFIED).and_then(|it| it.to_str().ok());
    let modified = modified.and_then(read_time);
    modified.is_some() && modified == read_time(known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn one_range_is_a_part_and_anything_else_the_whole() {
        for (asked, expected) in [
            ("bytes=0-1", Part::Bytes(0..2)),
            ("bytes=8-", Part::Bytes(8..10)),
            ("Bytes=-3", Part::Bytes(7..10)),
            ("bytes=-30", Part::Bytes(0..10)),
            ("bytes=5-99999999999999999999999", Part::Bytes(5..10)),
            ("bytes=10-", Part::Beyond),
            ("bytes=-0", Part::Beyond),
            ("bytes=5-3", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=-", Part::Whole),
            ("lines=0-1", Part::Whole),
        ] {
            let mut request = HeaderMap::new();
            request.insert(RANGE, HeaderValue::from_static(asked));
            assert_eq!(part(&request, &HeaderMap::new(), 10), expected, "{asked}");
        }
    }
}
