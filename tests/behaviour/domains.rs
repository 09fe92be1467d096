//! Derived domain caches.

use cache_runtime::{Cache, DomainCache, Ttl, key};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "session", ttl = "30m", tags = ["user:{user_id}"])]
struct Session {
    #[cache(key)]
    id: String,
    #[cache(tag)]
    user_id: u64,
    #[cache(lookup)]
    email: String,
    note: u32,
}

fn session(id: &str, user_id: u64, email: &str) -> Session {
    Session {
        id: id.to_owned(),
        user_id,
        email: email.to_owned(),
        note: 0,
    }
}

#[tokio::test]
async fn records_are_put_got_and_invalidated() {
    let cache = Cache::in_memory();
    let sessions = SessionCache::new(&cache);
    let record = session("s1", 7, "ada@example.org");
    assert_eq!(sessions.get("s1").await, None);
    assert!(sessions.put(&record).await);
    assert_eq!(sessions.get("s1").await, Some(record.clone()));
    assert_eq!(SessionCache::key("s1").as_str(), "session:s1");
    assert!(
        matches!(cache.ttl("session:s1").await, Some(Ttl::For(left)) if left <= Duration::from_secs(1800) && left > Duration::from_secs(1790))
    );
    assert!(sessions.invalidate("s1").await);
    assert_eq!(sessions.get("s1").await, None);
    assert_eq!(sessions.stats().hits, 1);
}

#[tokio::test]
async fn a_tag_field_invalidates_all_records_of_its_value() {
    let sessions = SessionCache::new(&Cache::in_memory());
    let records = [
        session("a", 7, "a@x"),
        session("b", 7, "b@x"),
        session("c", 8, "c@x"),
    ];
    assert_eq!(sessions.put_many(&records).await, 3);
    sessions.invalidate_by_user_id(&7).await;
    let ids = ["a", "b", "c"].map(str::to_owned);
    assert_eq!(
        sessions.get_many(ids.clone()).await,
        [None, None, Some(records[2].clone())]
    );
    sessions.put_many(&records).await;
    sessions.invalidate_all().await;
    assert_eq!(sessions.get_many(ids).await, [None, None, None]);
}

#[tokio::test]
async fn a_shared_tag_reaches_over_domains() {
    let cache = Cache::in_memory();
    let sessions = SessionCache::new(&cache);
    sessions.put(&session("a", 7, "a@x")).await;
    cache.set("profile:7", 1).tag("user:7").await;
    cache.invalidate_tag("user:7").await;
    assert_eq!(sessions.get("a").await, None);
    assert!(!cache.contains("profile:7").await);
}

#[tokio::test]
async fn a_lookup_finds_the_record_and_dies_with_it() {
    let cache = Cache::in_memory();
    let sessions = SessionCache::new(&cache);
    let record = session("s1", 7, "ada@example.org");
    sessions.put(&record).await;
    assert_eq!(
        sessions.by_email("ada@example.org").await,
        Some(record.clone())
    );
    // By its key, from outside.
    cache.delete("session:s1").await;
    assert_eq!(sessions.by_email("ada@example.org").await, None);
    // By its tag.
    sessions.put(&record).await;
    sessions.invalidate_by_user_id(&7).await;
    assert_eq!(sessions.by_email("ada@example.org").await, None);
    // By a new version of the record under another address.
    sessions.put(&record).await;
    sessions.put(&session("s1", 7, "new@example.org")).await;
    assert_eq!(sessions.by_email("ada@example.org").await, None);
    assert!(sessions.by_email("new@example.org").await.is_some());
}

#[tokio::test]
async fn a_lookup_can_load() {
    let cache = Cache::in_memory();
    let sessions = SessionCache::new(&cache);
    let loads = AtomicU32::new(0);
    let load = || async {
        loads.fetch_add(1, SeqCst);
        Ok::<_, String>(Some(session("s1", 7, "ada@example.org")))
    };
    for _ in 0..2 {
        let found = sessions.by_email_or_load("ada@example.org", load).await;
        assert_eq!(
            found.expect("loads").map(|found| found.id),
            Some("s1".to_owned())
        );
    }
    assert_eq!(loads.load(SeqCst), 1);
    assert!(
        sessions.get("s1").await.is_some(),
        "stored under its key too"
    );
    sessions.invalidate("s1").await;
    assert_eq!(sessions.by_email("ada@example.org").await, None);
    // A record that does not have the address asked for is handed on and not stored.
    let other = sessions.by_email_or_load("bob@example.org", load).await;
    assert!(other.expect("loads").is_some());
    assert_eq!(sessions.by_email("bob@example.org").await, None);
}

#[tokio::test]
async fn loading_is_fenced_by_tags_known_only_from_the_record() {
    let sessions = SessionCache::new(&Cache::in_memory());
    let loaded = sessions
        .get_or_load("s1", || async {
            let read = session("s1", 7, "old@x");
            sessions.invalidate_by_user_id(&7).await;
            Ok::<_, String>(Some(read))
        })
        .await;
    assert!(loaded.expect("loads").is_some());
    assert_eq!(sessions.get("s1").await, None);
}

#[tokio::test]
async fn loads_failures_and_refreshes() {
    let sessions = SessionCache::new(&Cache::in_memory());
    let missing = sessions
        .get_or_load("x", || async { Ok::<_, String>(None) })
        .await;
    assert_eq!(missing, Ok(None));
    let failed = sessions
        .get_or_load("x", || async { Err("down".to_owned()) })
        .await;
    assert_eq!(failed, Err("down".to_owned()));
    let wrong = sessions
        .get_or_load("x", || async { Ok::<_, String>(Some(session("y", 1, ""))) })
        .await;
    assert!(wrong.expect("loads").is_some());
    assert_eq!(
        sessions.get("x").await,
        None,
        "another record than the one asked for"
    );
    for note in [1, 2] {
        let load = || async {
            Ok::<_, String>(Some(Session {
                note,
                ..session("x", 1, "")
            }))
        };
        sessions.refresh("x", load).await.expect("loads");
        assert_eq!(sessions.get("x").await.map(|found| found.note), Some(note));
    }
}

#[tokio::test]
async fn a_load_by_key_is_found_by_lookup() {
    let sessions = SessionCache::new(&Cache::in_memory());
    let load = || async { Ok::<_, String>(Some(session("s1", 7, "ada@example.org"))) };
    sessions.get_or_load("s1", load).await.expect("loads");
    assert!(sessions.by_email("ada@example.org").await.is_some());
    sessions.invalidate("s1").await;
    assert_eq!(sessions.by_email("ada@example.org").await, None);
}

#[tokio::test]
async fn a_lookup_that_loads_does_not_overwrite_a_newer_record() {
    let sessions = SessionCache::new(&Cache::in_memory());
    let overtaken = sessions
        .by_email_or_load("ada@example.org", || async {
            let read = session("s1", 7, "ada@example.org");
            sessions.put(&session("s1", 8, "ada@example.org")).await;
            Ok::<_, String>(Some(read))
        })
        .await;
    assert_eq!(overtaken.expect("loads").map(|read| read.user_id), Some(7));
    for found in [
        sessions.get("s1").await,
        sessions.by_email("ada@example.org").await,
    ] {
        assert_ne!(found.map(|found| found.user_id), Some(7));
    }
}

#[tokio::test]
async fn warming_loads_records() {
    let sessions = SessionCache::new(&Cache::in_memory());
    sessions.put(&session("0", 1, "")).await;
    let load = |id: String| async move {
        if id == "3" {
            Err("down".to_owned())
        } else {
            Ok(Some(session(&id, 1, &id)))
        }
    };
    let report = sessions.warm((0..5).map(|n| n.to_string()), load).await;
    assert_eq!((report.warmed, report.skipped, report.failed), (3, 1, 1));
    assert!(sessions.get("4").await.is_some());
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "page", name = Pages, ttl_with = |page| if page.last { Ttl::secs(60) } else { Ttl::Forever }, version = 2)]
struct Page<P: Clone> {
    #[cache(key)]
    conversation: u64,
    #[cache(key)]
    number: u32,
    last: bool,
    payload: P,
}

#[tokio::test]
async fn generic_records_with_several_key_fields() {
    async fn check<
        P: Clone + PartialEq + std::fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static,
    >(
        payload: P,
    ) {
        let cache = Cache::in_memory();
        let pages = Pages::<P>::new(&cache);
        for last in [false, true] {
            let page = Page {
                conversation: 5,
                number: 2,
                last,
                payload: payload.clone(),
            };
            pages.put(&page).await;
            assert_eq!(pages.get(&5, &2).await, Some(page));
            assert_eq!(
                pages
                    .get_many([(5, 2), (5, 3)])
                    .await
                    .iter()
                    .flatten()
                    .count(),
                1
            );
            let forever = cache.ttl(key!("page:{5}:{2}")).await == Some(Ttl::Forever);
            assert_eq!(forever, !last);
        }
    }
    check(vec![1u8]).await;
    check("text".to_owned()).await;
}

#[tokio::test]
async fn the_configuration_overrides_the_time_to_live() {
    let cache = Cache::builder()
        .domain_ttl("session", Ttl::secs(5))
        .build()
        .await
        .expect("valid");
    let sessions = SessionCache::new(&cache);
    sessions.put(&session("a", 1, "a@x")).await;
    assert!(
        matches!(cache.ttl("session:a").await, Some(Ttl::For(left)) if left <= Duration::from_secs(5))
    );
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "member", ttl = "5m")]
struct Member {
    #[cache(key)]
    id: u32,
    #[cache(lookup)]
    mail: Option<String>,
}

#[tokio::test]
async fn records_without_a_secondary_key_do_not_share_one() {
    let members = MemberCache::new(&Cache::in_memory());
    let member = |id, mail: Option<&str>| Member {
        id,
        mail: mail.map(str::to_owned),
    };
    let all = [
        member(1, None),
        member(2, None),
        member(3, Some("c@example.org")),
    ];
    assert_eq!(members.put_many(&all).await, 3);
    for record in &all {
        assert_eq!(members.get(&record.id).await.as_ref(), Some(record));
    }
    assert_eq!(
        members.by_mail("c@example.org").await.as_ref(),
        Some(&all[2])
    );
    assert_eq!(members.by_mail("").await, None);
}
