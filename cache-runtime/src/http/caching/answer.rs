//! Responses made of what is stored.

use super::body::CacheBody;
use super::conditional::{describe_no_body, is_known};
use super::options::Options;
use super::range::{Part, part};
use super::request::Asked;
use super::status::Status;
use super::stored::Stored;
use super::surrogates::{tell_of_passed, tell_of_stored};
use bytes::Bytes;
use http::header::{AGE, CONTENT_LENGTH, CONTENT_RANGE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::Body;

/// The answer to this request.
pub(super) fn answer<B>(
    options: &Options,
    asked: &Asked,
    request: &HeaderMap,
    stored: &Stored,
    status: Status,
) -> Response<CacheBody<B>>
where
    B: Body<Data = Bytes>,
{
    let is_ok = stored.status == StatusCode::OK;
    let is_known = is_ok && is_known(request, &stored.headers);
    let part = match asked.is_part && is_ok && !is_known {
        true => part(request, &stored.headers, stored.body.len()),
        false => Part::Whole,
    };
    let body = match &part {
        _ if is_known || asked.is_head => Bytes::new(),
        Part::Whole => stored.body.clone(),
        Part::Bytes(range) => stored.body.slice(range.clone()),
        Part::Beyond => Bytes::new(),
    };
    let mut response = Response::new(CacheBody::whole(body));
    *response.status_mut() = stored.status;
    let headers = response.headers_mut();
    *headers = stored.headers.clone();
    let age = stored.lifetime.age().as_secs();
    if age > 0 || matches!(status, Status::Hit { .. } | Status::Collapsed(_)) {
        headers.insert(AGE, HeaderValue::from(age));
    }
    if is_known {
        describe_no_body(headers);
    }
    let length = stored.body.len();
    let told = match &part {
        Part::Whole => None,
        Part::Bytes(range) => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(range.len()));
            let (first, last) = (range.start, range.end - 1);
            let told = format!("bytes {first}-{last}/{length}");
            Some((StatusCode::PARTIAL_CONTENT, told))
        }
        Part::Beyond => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(0));
            let told = format!("bytes */{length}");
            Some((StatusCode::RANGE_NOT_SATISFIABLE, told))
        }
    };
    let part = told.and_then(|(status, told)| Some((status, HeaderValue::try_from(told).ok()?)));
    if let Some((_, told)) = &part {
        headers.insert(CONTENT_RANGE, told.clone());
    }
    match part {
        // What one client has asked wrongly for.
        Some((StatusCode::RANGE_NOT_SATISFIABLE, _)) => {
            tell_of_passed(options, true, &options.differs_by(request), headers);
        }
        _ => tell_of_stored(options, request, stored, headers),
    }
    if options.tells_status {
        status.tell(&options.name, headers);
    }
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else if let Some((status, _)) = part {
        *response.status_mut() = status;
    }
    response
}
