//! What stands on the server.

use crate::world::*;
use cache_domains::{Session, SessionCache};
use cache_runtime::{Cache, bypass, cached};
use test_servers::RedisServer;

#[tokio::test]
async fn what_is_sensitive_is_encrypted_and_what_is_not_is_not() {
    let server = RedisServer::start().await;
    let cache = process(&server, |cache| cache.encryption(ring(&["2026-11"]))).await;
    diagnosis(&cache, 1).await;
    weather(&cache, 1).await;
    let entry = bytes(&server, "diagnosis:1").await;
    assert!(!contains(&entry, "health"));
    assert!(contains(&entry, "2026-11"), "the name of the key");
    assert!(contains(&bytes(&server, "weather:1").await, "sunshine"));

    let sessions = SessionCache::new(&cache);
    let session = Session {
        id: "s1".to_owned(),
        user_id: "u7".to_owned(),
        data: "secret".to_owned(),
    };
    sessions.put(&session).await;
    assert!(!contains(&bytes(&server, "session:s1").await, "secret"));
    assert_eq!(sessions.get("s1").await, Some(session));
}

#[tokio::test]
async fn without_keys_nothing_is() {
    let server = RedisServer::start().await;
    let cache = process(&server, |cache| cache).await;
    diagnosis(&cache, 1).await;
    assert!(contains(&bytes(&server, "diagnosis:1").await, "health"));
}

/// What others encrypt does not come to stand in the clear since one process has no keys.
#[tokio::test]
async fn what_is_encrypted_is_not_replaced_by_what_everybody_can_read() {
    let server = RedisServer::start().await;
    let cache = process(&server, |cache| cache.encryption(ring(&["2026-11"]))).await;
    diagnosis(&cache, 1).await;
    let without = process(&server, |cache| cache).await;
    for patient in [1, 2] {
        assert!(diagnosis(&without, patient).await.is_some());
    }
    assert!(!contains(&bytes(&server, "diagnosis:1").await, "health"));
    assert_eq!(stats(&without).not_encoded, 2);
    let with = process(&server, |cache| cache.encryption(ring(&["2026-11"]))).await;
    diagnosis(&with, 1).await;
    assert_eq!(stats(&with).hits, 1);
}

#[tokio::test]
async fn everything_is_if_that_is_wanted() {
    let server = RedisServer::start().await;
    let keys = ring(&["2026-11"]);
    let cache = process(&server, |cache| {
        cache.encryption(keys).encrypt_everything(true)
    })
    .await;
    weather(&cache, 1).await;
    cache.set("by hand", "nobody knows".to_owned()).await;
    assert!(!contains(&bytes(&server, "weather:1").await, "sunshine"));
    assert!(!contains(&bytes(&server, "by hand").await, "nobody"));
    assert_eq!(
        cache.get::<String>("by hand").await.as_deref(),
        Some("nobody knows")
    );
}

/// By hand, whoever has the keys reads what a sensitive function has stored.
#[tokio::test]
async fn what_is_encrypted_can_be_read_by_hand() {
    let server = RedisServer::start().await;
    let cache = process(&server, |cache| cache.encryption(ring(&["2026-11"]))).await;
    diagnosis(&cache, 1).await;
    let other = process(&server, |cache| cache.encryption(ring(&["2026-11"]))).await;
    let read: Option<String> = other.get("diagnosis:1").await;
    assert_eq!(read.as_deref(), Some("in the best of health"));
}

#[cached(ttl = "1h", key = "letter:{patient}", cache = cache, skip(cache))]
async fn letter(cache: &Cache, patient: u32) -> String {
    format!(
        "You are {}.",
        diagnosis(cache, patient).await.unwrap_or_default()
    )
}

#[cached(ttl = "1h", key = "envelope:{patient}", cache = cache, skip(cache))]
async fn envelope(cache: &Cache, patient: u32) -> String {
    format!("To patient {patient}: {}", letter(cache, patient).await)
}

#[cached(ttl = "1h", key = "copy:{patient}", cache = cache, skip(cache))]
async fn copy(cache: &Cache, patient: u32) -> String {
    bypass(letter(cache, patient)).await
}

/// Whatever a process finds, computes or goes past on its way.
#[tokio::test]
async fn what_is_made_of_what_is_sensitive_is_encrypted() {
    let server = RedisServer::start().await;
    for forgets in [
        &["letter:1"][..],
        &["letter:1", "diagnosis:1", "envelope:1"],
        &["envelope:1"],
        &["copy:1"],
    ] {
        let cache = process(&server, |cache| cache.encryption(ring(&["2026-11"]))).await;
        for key in forgets {
            cache.delete(*key).await;
        }
        envelope(&cache, 1).await;
        letter(&cache, 1).await;
        copy(&cache, 1).await;
        for key in ["diagnosis:1", "letter:1", "envelope:1", "copy:1"] {
            let entry = bytes(&server, key).await;
            assert!(!contains(&entry, "health"), "{key} after {forgets:?}");
        }
    }
    let cache = process(&server, |cache| cache.encryption(ring(&["2026-11"]))).await;
    assert_eq!(
        envelope(&cache, 1).await,
        "To patient 1: You are in the best of health."
    );
    let envelopes = cache.stats();
    assert_eq!(envelopes.function("envelope").expect("called").hits, 1);
}

/// What somebody has written there in the clear, another reader of this process has taken.
#[tokio::test]
async fn what_another_reader_keeps_is_not_good_enough() {
    let server = RedisServer::start().await;
    let forger = process(&server, |cache| cache).await;
    diagnosis(&forger, 1).await;
    forger
        .set("diagnosis:1", "forged".to_owned())
        .tag("patient:1")
        .await;
    let cache = process(&server, |cache| cache.encryption(ring(&["2026-11"]))).await;
    for _ in 0..3 {
        let read: Option<String> = cache.get("diagnosis:1").await;
        assert_eq!(read.as_deref(), Some("forged"));
    }
    let answer = diagnosis(&cache, 1).await;
    assert_eq!(answer.as_deref(), Some("in the best of health"));
}
