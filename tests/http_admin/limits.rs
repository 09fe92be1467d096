//! Bodies that are too long, and those that never end.

use crate::world::{ask, open, post, request, used};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};

const LIMIT: usize = 64 << 10;

/// Never ends, and counts what was taken of it.
struct Endless(Arc<AtomicUsize>);

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.fetch_add(1 << 10, SeqCst);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 1 << 10])))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// A body that breaks off.
struct Broken;

impl Body for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into())))
    }
}

fn of_length(length: usize) -> String {
    let (begin, end) = (r#"{"key": ""#, r#""}"#);
    format!(
        "{begin}{}{end}",
        "x".repeat(length - begin.len() - end.len())
    )
}

#[tokio::test]
async fn bodies_end_at_64_kib() {
    let admin = open(&used().await);
    assert_eq!(
        post(&admin, "/invalidate", of_length(LIMIT)).await.status,
        200
    );
    assert_eq!(
        post(&admin, "/invalidate", of_length(LIMIT + 1))
            .await
            .status,
        413
    );
    assert_eq!(
        post(&admin, "/api/health/cache", of_length(LIMIT + 1))
            .await
            .status,
        413
    );
}

#[tokio::test]
async fn a_body_without_an_end_is_not_read_to_its_end() {
    let admin = open(&used().await);
    let taken = Arc::new(AtomicUsize::new(0));
    let endless = request("POST", "/invalidate", "").map(|_| Endless(Arc::clone(&taken)));
    assert_eq!(ask(&admin, endless).await.status, 413);
    assert!(taken.load(SeqCst) <= LIMIT + (1 << 10), "{taken:?}");
}

#[tokio::test]
async fn a_body_that_says_it_is_too_long_is_not_read_at_all() {
    let admin = open(&used().await);
    let taken = Arc::new(AtomicUsize::new(0));
    let mut endless = request("POST", "/invalidate", "").map(|_| Endless(Arc::clone(&taken)));
    endless
        .headers_mut()
        .insert("content-length", (LIMIT + 1).into());
    assert_eq!(ask(&admin, endless).await.status, 413);
    assert_eq!(taken.load(SeqCst), 0);
}

#[tokio::test]
async fn of_those_who_may_not_ask_nothing_is_read() {
    let admin = cache_runtime::http::Admin::new(&used().await);
    let taken = Arc::new(AtomicUsize::new(0));
    let endless = request("POST", "/invalidate", "").map(|_| Endless(Arc::clone(&taken)));
    assert_eq!(ask(&admin, endless).await.status, 403);
    assert_eq!(taken.load(SeqCst), 0);
}

#[tokio::test]
async fn a_body_that_breaks_off_invalidates_nothing() {
    let cache = used().await;
    let answer = ask(
        &open(&cache),
        request("POST", "/invalidate", "").map(|_| Broken),
    )
    .await;
    assert_eq!(answer.status, 400);
    assert_eq!(cache.stats().invalidations, 0);
}
