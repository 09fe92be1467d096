//! What happens in an application, and what goes with it.

use crate::backend::Backend;
use crate::rows::*;
use cache_domains::*;
use cache_runtime::Cache;

/// All that there is of two users, in all caches.
struct World {
    cache: Cache,
    _backend: Backend,
}

impl World {
    async fn new() -> Self {
        let backend = Backend::new().await;
        let world = World {
            cache: backend.cache(),
            _backend: backend,
        };
        for n in [1, 2] {
            world.fill(n).await;
        }
        world
    }

    async fn fill(&self, n: u32) {
        let cache = &self.cache;
        let of = |what: &str| format!("{what}{n}");
        let (user, session_id, chat) = (of("u"), of("s"), of("c"));
        assert!(UserProfileCache::new(cache).put(&profile(&user)).await);
        assert!(UserAuthCache::new(cache).put(&auth(&user)).await);
        assert!(
            SessionCache::new(cache)
                .put(&session(&session_id, &user))
                .await
        );
        assert!(
            UserSessionsCache::new(cache)
                .put(&user_sessions(&user))
                .await
        );
        let active = conversation(&chat, &user, ConversationStatus::Active);
        assert!(ConversationCache::new(cache).put(&active).await);
        let lists = ConversationListCache::new(cache);
        assert_eq!(
            lists
                .put_many(&["recent", "all"].map(|it| conversations(&user, it)))
                .await,
            2
        );
        let pages = [1, 2].map(|page| messages(&chat, page, &user));
        assert_eq!(MessagePageCache::new(cache).put_many(&pages).await, 2);
        assert!(
            TranscriptionCache::new(cache)
                .put(&transcription(&of("t"), &of("m")))
                .await
        );
        assert!(
            AnalysisCache::new(cache)
                .put(&analysis(&of("a"), &of("m"), &of("p")))
                .await
        );
        assert!(
            CbtFormCache::new(cache)
                .put(&form(&session_id, &user))
                .await
        );
        assert!(
            ReportCache::new(cache)
                .put(&report(&session_id, &of("r"), &user))
                .await
        );
        assert!(
            AuthConfigCache::new(cache)
                .put(&auth_config(&of("k")))
                .await
        );
        assert!(DeviceCache::new(cache).put(&device(&of("d"), &user)).await);
        let prompts = [1, 2].map(|version| prompt(&of("p"), version));
        assert_eq!(PromptCache::new(cache).put_many(&prompts).await, 2);
        assert!(
            ApiResponseCache::new(cache)
                .put(&response(Some(&user), &[&of("topic:")]))
                .await
        );
    }

    /// What is there of the first user and what hangs together with him, of all but `gone`; of the second, everything.
    async fn assert_lacks(&self, gone: &[&str]) {
        let cache = &self.cache;
        for n in [1, 2] {
            let of = |what: &str| format!("{what}{n}");
            let (user, session_id, chat) = (of("u"), of("s"), of("c"));
            let mail = format!("{user}@example.org");
            let (lists, pages) = (
                ConversationListCache::<String>::new(cache),
                MessagePageCache::<String>::new(cache),
            );
            let prompts = PromptCache::<String>::new(cache);
            let there = [
                (
                    "profile",
                    UserProfileCache::<String>::new(cache)
                        .get(&user)
                        .await
                        .is_some(),
                ),
                (
                    "profile by mail",
                    UserProfileCache::<String>::new(cache)
                        .by_email(&mail)
                        .await
                        .is_some(),
                ),
                (
                    "auth",
                    UserAuthCache::<String>::new(cache)
                        .get(&user)
                        .await
                        .is_some(),
                ),
                (
                    "auth by mail",
                    UserAuthCache::<String>::new(cache)
                        .by_email(&mail)
                        .await
                        .is_some(),
                ),
                (
                    "session",
                    SessionCache::<String>::new(cache)
                        .get(&session_id)
                        .await
                        .is_some(),
                ),
                (
                    "sessions",
                    UserSessionsCache::<String>::new(cache)
                        .get(&user)
                        .await
                        .is_some(),
                ),
                (
                    "conversation",
                    ConversationCache::<String>::new(cache)
                        .get(&chat)
                        .await
                        .is_some(),
                ),
                ("list", lists.get(&user, "recent").await.is_some()),
                ("list", lists.get(&user, "all").await.is_some()),
                ("messages", pages.get(&chat, &1).await.is_some()),
                ("messages", pages.get(&chat, &2).await.is_some()),
                (
                    "transcription",
                    TranscriptionCache::<String>::new(cache)
                        .get(&ContentHash::of(of("t")))
                        .await
                        .is_some(),
                ),
                (
                    "analysis",
                    AnalysisCache::<String>::new(cache)
                        .get(&ContentHash::of(of("a")))
                        .await
                        .is_some(),
                ),
                (
                    "form",
                    CbtFormCache::<String>::new(cache)
                        .get(&session_id)
                        .await
                        .is_some(),
                ),
                (
                    "report",
                    ReportCache::<String>::new(cache)
                        .get(&session_id, &of("r"))
                        .await
                        .is_some(),
                ),
                (
                    "config",
                    AuthConfigCache::<String>::new(cache)
                        .get(&of("k"))
                        .await
                        .is_some(),
                ),
                (
                    "device",
                    DeviceCache::<String>::new(cache)
                        .get(&of("d"))
                        .await
                        .is_some(),
                ),
                ("prompt", prompts.get(&of("p"), &1).await.is_some()),
                ("prompt", prompts.get(&of("p"), &2).await.is_some()),
                (
                    "response",
                    ApiResponseCache::<String>::new(cache)
                        .get("GET", "/me", &Some(user), "page=1")
                        .await
                        .is_some(),
                ),
            ];
            for (what, is_there) in there {
                let expected = n == 2 || !gone.contains(&what);
                assert_eq!(is_there, expected, "{what} of {n}");
            }
        }
    }
}

#[tokio::test]
async fn with_a_user_goes_all_that_is_his() {
    let world = World::new().await;
    world.assert_lacks(&[]).await;
    changes::user(&world.cache, "u1").await;
    world
        .assert_lacks(&[
            "profile",
            "profile by mail",
            "auth",
            "auth by mail",
            "session",
            "sessions",
            "conversation",
            "list",
            "messages",
            "form",
            "report",
            "device",
            "response",
        ])
        .await;
}

#[tokio::test]
async fn with_a_session_go_its_forms_its_reports_and_the_list_of_its_user() {
    let world = World::new().await;
    changes::session(&world.cache, "s1", "u1").await;
    world
        .assert_lacks(&["session", "sessions", "form", "report"])
        .await;
}

#[tokio::test]
async fn with_a_message_go_its_conversation_all_pages_and_the_lists_of_its_user() {
    let world = World::new().await;
    changes::conversation(&world.cache, "c1", "u1").await;
    world
        .assert_lacks(&["conversation", "messages", "list"])
        .await;
}

#[tokio::test]
async fn with_a_model_goes_what_it_has_answered() {
    let world = World::new().await;
    changes::model(&world.cache, "m1").await;
    world.assert_lacks(&["transcription", "analysis"]).await;
}

#[tokio::test]
async fn with_a_publication_go_all_versions_of_a_prompt_and_what_was_analysed_with_it() {
    let world = World::new().await;
    changes::prompt(&world.cache, "p1").await;
    world.assert_lacks(&["prompt", "analysis"]).await;
}

#[tokio::test]
async fn with_its_tag_goes_a_response() {
    let world = World::new().await;
    world.cache.invalidate_tag("topic:1").await;
    world.assert_lacks(&["response"]).await;
}

/// As the systems did that these caches replace.
#[tokio::test]
async fn patterns_reach_them_as_well() {
    for (pattern, gone) in [
        (
            "user:u1:*",
            &["profile", "profile by mail", "auth", "auth by mail"][..],
        ),
        ("user-conversations:u1:*", &["list"]),
        ("messages:c1:*", &["messages"]),
        ("report:s1:*", &["report"]),
        ("session:s1", &["session"]),
        ("prompt:p1:*", &["prompt"]),
    ] {
        let world = World::new().await;
        world.cache.invalidate(pattern).await;
        world.assert_lacks(gone).await;
    }
}
