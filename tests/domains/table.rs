//! The table of the caches: of each an example, its key and its time to live, put, got, found, loaded, refreshed and deleted.

use crate::backend::Backend;
use crate::rows::{self, assert_lives};
use cache_domains::*;
use cache_runtime::Ttl;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

/// `$get` is the identifier as the methods of the cache take it.
macro_rules! row {
    ($test:ident, $cache:ident, $record:expr, ($($get:expr),+), $key:literal, $ttl:expr) => {
        #[tokio::test]
        async fn $test() {
            let backend = Backend::new().await;
            let cache = backend.cache();
            let records = $cache::new(&cache);
            let record = $record;
            assert_eq!($cache::<String>::key($($get),+).as_str(), $key);

            assert_eq!(records.get($($get),+).await, None);
            assert!(records.put(&record).await);
            assert_eq!(records.get($($get),+).await, Some(record.clone()));
            assert_lives(&cache, $key, $ttl).await;
            assert!(records.invalidate($($get),+).await);
            assert_eq!(records.get($($get),+).await, None);

            let loads = AtomicU32::new(0);
            let load = || async {
                loads.fetch_add(1, SeqCst);
                Ok::<_, String>(Some(record.clone()))
            };
            for _ in 0..3 {
                let loaded = records.get_or_load($($get,)+ load).await;
                assert_eq!(loaded, Ok(Some(record.clone())));
            }
            assert_eq!(loads.load(SeqCst), 1);
            assert_lives(&cache, $key, $ttl).await;
            let fresh = records.refresh($($get,)+ load).await;
            assert_eq!(fresh, Ok(Some(record.clone())));
            assert_eq!(loads.load(SeqCst), 2);

            records.invalidate_all().await;
            assert_eq!(records.get($($get),+).await, None);
            assert_eq!(records.put_many(std::slice::from_ref(&record)).await, 1);
            assert_eq!(records.get($($get),+).await, Some(record));
        }
    };
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

row!(
    user_profiles,
    UserProfileCache,
    rows::profile("u7"),
    ("u7"),
    "user:u7:profile",
    Ttl::For(HOUR)
);
row!(
    user_auths,
    UserAuthCache,
    rows::auth("u7"),
    ("u7"),
    "user:u7:auth",
    Ttl::For(HOUR)
);
row!(
    sessions,
    SessionCache,
    rows::session("s1", "u7"),
    ("s1"),
    "session:s1",
    Ttl::For(30 * MINUTE)
);
row!(
    user_sessions,
    UserSessionsCache,
    rows::user_sessions("u7"),
    ("u7"),
    "user-sessions:u7",
    Ttl::For(10 * MINUTE)
);
row!(
    active_conversations,
    ConversationCache,
    rows::conversation("c1", "u7", ConversationStatus::Active),
    ("c1"),
    "conversation:c1",
    Ttl::For(5 * MINUTE)
);
row!(
    completed_conversations,
    ConversationCache,
    rows::conversation("c1", "u7", ConversationStatus::Completed),
    ("c1"),
    "conversation:c1",
    Ttl::For(DAY)
);
row!(
    conversation_lists,
    ConversationListCache,
    rows::conversations("u7", "recent"),
    ("u7", "recent"),
    "user-conversations:u7:recent",
    Ttl::For(10 * MINUTE)
);
row!(
    message_pages,
    MessagePageCache,
    rows::messages("c1", 2, "u7"),
    ("c1", &2),
    "messages:c1:page:2",
    Ttl::For(15 * MINUTE)
);
row!(
    transcriptions,
    TranscriptionCache,
    rows::transcription("abc", "whisper-1"),
    (&ContentHash::of("abc")),
    "ai:transcription:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    Ttl::For(30 * DAY)
);
row!(
    analyses,
    AnalysisCache,
    rows::analysis("abc", "gpt-1", "mood"),
    (&ContentHash::of("abc")),
    "ai:analysis:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    Ttl::Forever
);
row!(
    cbt_forms,
    CbtFormCache,
    rows::form("s1", "u7"),
    ("s1"),
    "cbt:s1",
    Ttl::For(HOUR)
);
row!(
    reports,
    ReportCache,
    rows::report("s1", "r1", "u7"),
    ("s1", "r1"),
    "report:s1:r1",
    Ttl::For(2 * HOUR)
);
row!(
    auth_configs,
    AuthConfigCache,
    rows::auth_config("oidc"),
    ("oidc"),
    "auth-config:oidc",
    Ttl::For(5 * MINUTE)
);
row!(
    devices,
    DeviceCache,
    rows::device("d1", "u7"),
    ("d1"),
    "device:d1",
    Ttl::For(20 * MINUTE)
);
row!(
    prompts,
    PromptCache,
    rows::prompt("mood", 3),
    ("mood", &3),
    "prompt:mood:v3",
    Ttl::For(DAY)
);
row!(
    api_responses,
    ApiResponseCache,
    rows::response(Some("u7"), &[]),
    ("GET", "/me", &Some("u7".to_owned()), "page=1"),
    "api:GET:/me:u7:page=1",
    Ttl::For(10 * MINUTE)
);

/// By what a user is known, and no other.
#[tokio::test]
async fn users_are_found_by_their_addresses() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let (profiles, auths) = (UserProfileCache::new(&cache), UserAuthCache::new(&cache));
    profiles.put(&rows::profile("u7")).await;
    assert_eq!(
        profiles.by_email("u7@example.org").await,
        Some(rows::profile("u7"))
    );
    assert_eq!(
        auths.by_email("u7@example.org").await,
        None,
        "has a key of its own"
    );
    auths.put(&rows::auth("u7")).await;
    assert_eq!(
        auths.by_email("u7@example.org").await,
        Some(rows::auth("u7"))
    );

    let loaded = profiles
        .by_email_or_load("u8@example.org", || async {
            Ok::<_, String>(Some(rows::profile("u8")))
        })
        .await;
    assert_eq!(loaded, Ok(Some(rows::profile("u8"))));
    assert_eq!(
        profiles.get("u8").await,
        Some(rows::profile("u8")),
        "under its key as well"
    );
    // With the record all ways to it end.
    profiles.invalidate("u7").await;
    assert_eq!(profiles.by_email("u7@example.org").await, None);
    assert_eq!(
        auths.by_email("u7@example.org").await,
        Some(rows::auth("u7"))
    );
}
