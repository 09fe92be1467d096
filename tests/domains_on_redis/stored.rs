//! The keys of the table, as they stand on a server with the namespace of the system that is replaced, and how long they live
//! there.

use crate::backend::process;
use crate::rows::*;
use cache_domains::*;
use cache_runtime::Cache;
use std::collections::BTreeMap;
use std::time::Duration;
use test_servers::{Deployment, Reply, wait_until};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const FOR_EVER: u64 = 0;

/// Each with its time to live in seconds.
const EXPECTED: [(&str, u64); 18] = [
    (
        "therapist:ai:analysis:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        FOR_EVER,
    ),
    (
        "therapist:ai:transcription:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        30 * DAY,
    ),
    ("therapist:api:GET:/me:u7:page=1", 10 * MINUTE),
    ("therapist:auth-config:oidc", 5 * MINUTE),
    ("therapist:cbt:s1", HOUR),
    ("therapist:conversation:active", 5 * MINUTE),
    ("therapist:conversation:completed", DAY),
    ("therapist:device:d1", 20 * MINUTE),
    ("therapist:messages:c1:page:1", 15 * MINUTE),
    ("therapist:prompt:mood:v3", DAY),
    ("therapist:report:s1:r1", 2 * HOUR),
    ("therapist:session:s1", 30 * MINUTE),
    ("therapist:user-conversations:u7:all", 10 * MINUTE),
    ("therapist:user-sessions:u7", 10 * MINUTE),
    ("therapist:user:u7:auth", HOUR),
    ("therapist:user:u7:profile", HOUR),
    ("therapist:user:~email:u7@example.org:auth", HOUR),
    ("therapist:user:~email:u7@example.org:profile", HOUR),
];

#[tokio::test]
async fn keys_and_times_on_the_server_are_those_of_the_table() {
    let server = Deployment::start().await;
    let cache = Cache::builder()
        .redis(server.url())
        .namespace("therapist")
        .operation_timeout(Duration::from_secs(5))
        .build()
        .await
        .expect("valid");
    macro_rules! put {
        ($($cache:ident: $record:expr;)+) => {
            $(assert!($cache::new(&cache).put(&$record).await, stringify!($cache));)+
        };
    }
    put! {
        UserProfileCache: profile("u7");
        UserAuthCache: auth("u7");
        SessionCache: session("s1", "u7");
        UserSessionsCache: user_sessions("u7");
        ConversationCache: conversation("active", "u7", ConversationStatus::Active);
        ConversationCache: conversation("completed", "u7", ConversationStatus::Completed);
        ConversationListCache: conversations("u7", "all");
        MessagePageCache: messages("c1", 1, "u7");
        TranscriptionCache: transcription("abc", "m");
        AnalysisCache: analysis("abc", "m", "p");
        CbtFormCache: form("s1", "u7");
        ReportCache: report("s1", "r1", "u7");
        AuthConfigCache: auth_config("oidc");
        DeviceCache: device("d1", "u7");
        PromptCache: prompt("mood", 3);
        ApiResponseCache: response(Some("u7"), &[]);
    }
    let Reply::Array(keys) = server.command(&["KEYS", "*"]).await else {
        panic!("no list of keys");
    };
    let mut there = BTreeMap::new();
    for key in keys.iter().map(Reply::text) {
        // Generations of tags and scopes, and leases.
        if !key.starts_with("therapist:~") {
            let left = server.command(&["PTTL", key]).await.integer();
            there.insert(key.to_owned(), left);
        }
    }
    for (key, seconds) in EXPECTED {
        let left = there
            .remove(key)
            .unwrap_or_else(|| panic!("{key} is not there; {there:?} are"));
        let all = 1_000 * seconds as i64;
        let is_as_expected = match (key, seconds) {
            (_, FOR_EVER) => left == -1,
            // What dies when nobody reads it is kept a little longer, so that not every read has to write.
            ("therapist:session:s1", _) => left > all - 30_000 && left <= all + all / 4,
            _ => left > all - 30_000 && left <= all,
        };
        assert!(is_as_expected, "{key}: {left} ms of {all}");
    }
    assert!(there.is_empty(), "besides: {there:?}");
}

/// Of sessions that come and go nothing stays; and what a session hangs on lasts as long as somebody reads it.
#[tokio::test]
async fn what_a_session_hangs_on_ends_with_it_and_not_before() {
    let server = Deployment::start().await;
    let sessions = SessionCache::<String>::new(&process(&server).await);
    let session = |id: &str| Session {
        id: id.to_owned(),
        user_id: "u7".to_owned(),
        data: "here".to_owned(),
    };
    for id in ["a", "b", "c"] {
        let loaded = sessions
            .get_or_load(id, || async { Ok::<_, String>(Some(session(id))) })
            .await;
        assert!(loaded.is_ok_and(|it| it.is_some()));
    }
    sessions.put(&session("d")).await;
    let names = async || match server.command(&["KEYS", "*"]).await {
        Reply::Array(names) => names.into_iter().map(|name| match name {
            Reply::Bulk(name) => String::from_utf8(name).expect("a text"),
            other => panic!("{other:?}"),
        }),
        other => panic!("{other:?}"),
    };
    let left = async |name: &str| match server.command(&["PTTL", name]).await {
        Reply::Integer(left) => left,
        other => panic!("{name}: {other:?}"),
    };
    let all: Vec<String> = names().await.collect();
    assert!(all.len() > 8, "{all:?}");
    for name in &all {
        let left = left(name).await;
        assert!(left > 0, "{name} would stay for ever ({left})");
    }
    // As they stand after some time, in which somebody has read this one.
    for name in &all {
        server.command(&["PEXPIRE", name, "5000"]).await;
    }
    assert!(sessions.get("a").await.is_some());
    let hangs_on = [
        "session:a",
        "~scope:",
        "~scope:session:",
        "~tag:session:a",
        "~tag:user:u7",
    ];
    for name in hangs_on {
        let lasts = async || left(name).await > 30 * 60 * 1_000;
        wait_until(name, Duration::from_secs(20), lasts).await;
    }
    assert!(left("~tag:session:b").await <= 5_000);
}
