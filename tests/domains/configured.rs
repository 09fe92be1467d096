//! Times from the configuration, in place of those that are written.

use crate::backend::Backend;
use crate::rows::*;
use cache_domains::*;
use cache_runtime::Ttl;
use std::time::Duration;

macro_rules! configured {
    ($($name:literal: $cache:ident, $record:expr, $key:literal;)+) => {
        /// Every one by its name.
        #[tokio::test]
        async fn times_can_be_set_by_the_names_of_the_caches() {
            let names = [$($name),+];
            let backend = Backend::with(|mut cache| {
                for (nth, name) in names.into_iter().enumerate() {
                    cache = cache.domain_ttl(name, Ttl::secs(1_000 + 100 * nth as u64));
                }
                cache
            }).await;
            let cache = backend.cache();
            let mut nth = 0;
            $(
                assert!($cache::new(&cache).put(&$record).await);
                let ttl = Duration::from_secs(1_000 + 100 * nth);
                assert_lives(&cache, $key, Ttl::For(ttl)).await;
                nth += 1;
            )+
            assert_eq!(nth as usize, names.len());
        }
    };
}

configured! {
    "user-profile": UserProfileCache, profile("u7"), "user:u7:profile";
    "user-auth": UserAuthCache, auth("u7"), "user:u7:auth";
    "session": SessionCache, session("s1", "u7"), "session:s1";
    "user-sessions": UserSessionsCache, user_sessions("u7"), "user-sessions:u7";
    "conversation": ConversationCache, conversation("c1", "u7", ConversationStatus::Active), "conversation:c1";
    "user-conversations": ConversationListCache, conversations("u7", "all"), "user-conversations:u7:all";
    "message": MessagePageCache, messages("c1", 1, "u7"), "messages:c1:page:1";
    "ai-transcription": TranscriptionCache, transcription("abc", "m"), "ai:transcription:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    "ai-analysis": AnalysisCache, analysis("abc", "m", "p"), "ai:analysis:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    "cbt": CbtFormCache, form("s1", "u7"), "cbt:s1";
    "report": ReportCache, report("s1", "r1", "u7"), "report:s1:r1";
    "auth-config": AuthConfigCache, auth_config("oidc"), "auth-config:oidc";
    "device": DeviceCache, device("d1", "u7"), "device:d1";
    "prompt": PromptCache, prompt("mood", 3), "prompt:mood:v3";
    "api": ApiResponseCache, response(None, &[]), "api:GET:/me:%~:page=1";
}

/// Of a session the time is meant that begins anew with every read.
#[tokio::test]
async fn a_session_that_is_read_lives_on_for_the_time_that_was_set() {
    let backend =
        Backend::with(|cache| cache.domain_ttl("session", Duration::from_millis(800))).await;
    let cache = backend.cache();
    let sessions = SessionCache::new(&cache);
    sessions.put(&session("s1", "u7")).await;
    sessions.put(&session("s2", "u7")).await;
    for _ in 0..8 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(sessions.get("s1").await.is_some(), "read all the time");
    }
    assert_eq!(sessions.get("s2").await, None);
    let for_ever = Backend::with(|cache| cache.domain_ttl("session", Ttl::Forever)).await;
    let cache = for_ever.cache();
    SessionCache::new(&cache).put(&session("s1", "u7")).await;
    assert_eq!(cache.ttl("session:s1").await, Some(Ttl::Forever));
}
