//! Responses made of what is stored.

use super::body::CacheBody;
use super::conditional::is_known;
use super::options::Options;
use super::request::Asked;
use super::status::Status;
use super::stored::Stored;
use bytes::Bytes;
use http::header::{
    AGE, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
};
use http::{HeaderValue, Response, StatusCode};
use http_body::Body;

/// The answer to this request.
pub(super) fn answer<B>(
    options: &Options,
    asked: &Asked,
    stored: &Stored,
    status: Status,
) -> Response<CacheBody<B>>
where
    B: Body<Data = Bytes>,
{
    let is_known = stored.status == StatusCode::OK && is_known(&asked.headers, &stored.headers);
    let body = if is_known || asked.is_head {
        Bytes::new()
    } else {
        stored.body.clone()
    };
    let mut response = Response::new(CacheBody::whole(body));
    *response.status_mut() = stored.status;
    let headers = response.headers_mut();
    *headers = stored.headers.clone();
    if matches!(status, Status::Hit { .. } | Status::Collapsed) {
        headers.insert(AGE, HeaderValue::from(stored.lifetime.age().as_secs()));
    }
    if is_known {
        // What describes the body that is not sent (RFC 9110 §15.4.5).
        for name in [
            CONTENT_ENCODING,
            CONTENT_LANGUAGE,
            CONTENT_LENGTH,
            CONTENT_RANGE,
            CONTENT_TYPE,
        ] {
            headers.remove(name);
        }
    }
    if options.tells_status {
        status.tell(&options.name, headers);
    }
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    response
}
