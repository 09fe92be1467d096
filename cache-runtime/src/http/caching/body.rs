//! Bodies of responses: of what is stored, and of what is passed through.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The body of a response behind a [`CacheLayer`](crate::http::CacheLayer): one that was stored, or the service's own.
pub struct CacheBody<B: Body>(Kind<B>);

enum Kind<B: Body> {
    /// In one piece, which was not sent yet.
    Whole(Option<Bytes>),
    /// In a box: most answers are whole.
    Passed(Box<Passed<B>>),
}

/// A body that was looked into: what was read of it, and the rest.
struct Passed<B: Body> {
    read: VecDeque<Frame<Bytes>>,
    rest: Rest<B>,
}

enum Rest<B: Body> {
    Body(Pin<Box<B>>),
    /// Reading on has failed.
    Failed(Option<B::Error>),
}

/// Why a body was not read to its end, if it will be another time.
pub(super) const TOO_SLOW: &str = "it takes too long";

/// What came of reading a body.
pub(super) enum Read<B: Body> {
    /// All of it.
    Whole(Bytes),
    /// More than is stored, or not in time; it goes on as if nobody had read.
    Passed(CacheBody<B>, &'static str),
}

/// An empty one.
impl<B: Body> Default for CacheBody<B> {
    fn default() -> Self {
        CacheBody(Kind::Whole(None))
    }
}

impl<B: Body<Data = Bytes>> CacheBody<B> {
    pub(super) fn whole(body: Bytes) -> Self {
        CacheBody(Kind::Whole(Some(body).filter(|body| !body.is_empty())))
    }

    /// One that nobody has looked into.
    pub(super) fn untouched(body: B) -> Self {
        CacheBody::passed(VecDeque::new(), Rest::Body(Box::pin(body)))
    }

    fn passed(read: VecDeque<Frame<Bytes>>, rest: Rest<B>) -> Self {
        CacheBody(Kind::Passed(Box::new(Passed { read, rest })))
    }
}

/// Reads a body of at most `limit` bytes that comes within `patience`.
pub(super) async fn read<B>(body: B, limit: usize, patience: Duration) -> Read<B>
where
    B: Body<Data = Bytes>,
{
    if body.size_hint().lower() > limit as u64 {
        return Read::Passed(CacheBody::untouched(body), "it is too large");
    }
    let mut body = Box::pin(body);
    let mut read = VecDeque::new();
    let mut length = 0;
    /// As good as for ever.
    const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
    let until = Instant::now() + patience.min(LONGEST);
    loop {
        let Ok(frame) = timeout_at(until, body.frame()).await else {
            return Read::Passed(CacheBody::passed(read, Rest::Body(body)), TOO_SLOW);
        };
        let why = match frame {
            None => return Read::Whole(joined(read, length)),
            Some(Err(error)) => {
                let rest = Rest::Failed(Some(error));
                return Read::Passed(CacheBody::passed(read, rest), "its body has failed");
            }
            Some(Ok(frame)) => {
                let data = frame.data_ref();
                let why = match data {
                    Some(data) if length + data.len() > limit => Some("it is too large"),
                    Some(_) => None,
                    None => Some("it has trailers"),
                };
                length += data.map_or(0, Bytes::len);
                read.push_back(frame);
                why
            }
        };
        if let Some(why) = why {
            return Read::Passed(CacheBody::passed(read, Rest::Body(body)), why);
        }
    }
}

/// Most bodies are one piece, which is not copied.
fn joined(mut read: VecDeque<Frame<Bytes>>, length: usize) -> Bytes {
    let mut pieces = read.drain(..).filter_map(|frame| frame.into_data().ok());
    match (pieces.next(), pieces.next()) {
        (None, _) => Bytes::new(),
        (Some(only), None) => only,
        (Some(first), Some(second)) => {
            let mut all = Vec::with_capacity(length);
            all.extend_from_slice(&first);
            all.extend_from_slice(&second);
            pieces.for_each(|piece| all.extend_from_slice(&piece));
            all.into()
        }
    }
}

impl<B: Body<Data = Bytes>> Body for CacheBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let Passed { read, rest } = match &mut self.0 {
            Kind::Whole(body) => return Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
            Kind::Passed(passed) => &mut **passed,
        };
        if let Some(frame) = read.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        Poll::Ready(match rest {
            Rest::Body(body) => ready!(body.as_mut().poll_frame(context)),
            Rest::Failed(error) => error.take().map(Err),
        })
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Whole(body) => body.is_none(),
            Kind::Passed(passed) => {
                passed.read.is_empty()
                    && match &passed.rest {
                        Rest::Body(body) => body.is_end_stream(),
                        Rest::Failed(error) => error.is_none(),
                    }
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        let Passed { read, rest } = match &self.0 {
            Kind::Whole(body) => {
                return SizeHint::with_exact(body.as_ref().map_or(0, Bytes::len) as u64);
            }
            Kind::Passed(passed) => &**passed,
        };
        let read: usize = read
            .iter()
            .filter_map(|frame| Some(frame.data_ref()?.len()))
            .sum();
        let rest = match rest {
            Rest::Body(body) => body.size_hint(),
            Rest::Failed(_) => SizeHint::new(),
        };
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(read as u64));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(read as u64));
        }
        hint
    }
}

// What is read is handed on by value, and the rest is in a box.
impl<B: Body> Unpin for CacheBody<B> {}

impl<B: Body> fmt::Debug for CacheBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.0 {
            Kind::Whole(_) => "whole",
            Kind::Passed(_) => "passed",
        };
        f.debug_tuple("CacheBody").field(&kind).finish()
    }
}
