//! Bodies of requests, bounded.

use super::answer::Failure;
use ::http::header::CONTENT_LENGTH;
use ::http::request::Parts;
use bytes::Bytes;
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::json;
use std::error::Error;

/// More than anybody has to say.
const LONGEST: usize = 64 << 10;

/// Reads a body. Of one that is too long no more is held than may be.
pub(super) async fn read<B>(parts: &Parts, body: B) -> Result<Bytes, Failure>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let length = parts.headers.get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > LONGEST as u64) {
        return Err(Failure::TooLarge);
    }
    let body = std::pin::pin!(Limited::new(body, LONGEST));
    match body.collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(why) if why.is::<LengthLimitError>() => Err(Failure::TooLarge),
        // It is the connection that failed, as a rule, so hardly anybody reads this.
        Err(_) => Err(Failure::Unreadable(
            json!({ "error": "the body ended early" }),
        )),
    }
}
