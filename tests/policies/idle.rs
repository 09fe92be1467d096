//! `idle`: an entry lives for so long after it was read last, and for its time to live at most.

use crate::source::{Source, pass};
use cache_runtime::cached;
use std::time::Duration;

#[cached(ttl = "1m", idle = "800ms", cache = source.cache(), key = "session:{id}", skip(source))]
async fn session(source: &Source, id: u32) -> u32 {
    source.read().await.expect("not broken here")
}

#[cached(ttl = "900ms", idle = "600ms", cache = source.cache(), key = "capped", skip(source))]
async fn capped(source: &Source) -> u32 {
    source.read().await.expect("not broken here")
}

#[tokio::test]
async fn what_is_read_lives_on_and_what_is_not_ends() {
    let source = Source::new().await;
    assert_eq!(session(&source, 1).await, 1);
    assert_eq!(session(&source, 2).await, 1);
    source.write(2);
    for _ in 0..8 {
        pass(Duration::from_millis(200)).await;
        assert_eq!(session(&source, 1).await, 1, "read all the time");
    }
    assert_eq!(
        session(&source, 2).await,
        2,
        "not read for twice as long as it may"
    );
    assert_eq!(source.runs(), 3);
    pass(Duration::from_millis(1_300)).await;
    assert_eq!(session(&source, 1).await, 2);
}

#[tokio::test]
async fn nothing_lives_longer_than_its_time_to_live() {
    let source = Source::new().await;
    capped(&source).await;
    source.write(2);
    for _ in 0..6 {
        pass(Duration::from_millis(200)).await;
        capped(&source).await;
    }
    assert_eq!(capped(&source).await, 2);
}

/// By hand, where no function says how long: the entry does.
#[tokio::test]
async fn what_is_set_and_got_by_hand_lives_on_as_well() {
    let source = Source::new().await;
    let cache = source.cache();
    cache
        .set("token", 7)
        .ttl(Duration::from_secs(60))
        .idle(Duration::from_millis(800))
        .await;
    for _ in 0..8 {
        pass(Duration::from_millis(200)).await;
        assert_eq!(cache.get::<i32>("token").await, Some(7));
    }
    pass(Duration::from_millis(1_300)).await;
    assert_eq!(cache.get::<i32>("token").await, None);
}
