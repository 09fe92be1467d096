//! Invalidating by hand.

use crate::world::{open, post, report, used};
use cache_runtime::Cache;
use serde_json::json;

async fn loads(cache: &Cache) -> u64 {
    let _ = report(cache, 2024).await;
    let stats = cache.stats();
    stats.function("report").map_or(0, |report| report.loads)
}

#[tokio::test]
async fn a_key_a_pattern_a_tag_and_several_tags_can_be_invalidated() {
    let cache = used().await;
    let admin = open(&cache);
    let mut last = loads(&cache).await;
    for (body, told) in [
        (
            json!({"key": "report:2024"}),
            json!({"what": ["key report:2024"], "route": "key", "removed": 1}),
        ),
        (
            json!({"pattern": "report:*"}),
            json!({"what": ["pattern report:*"], "route": "scope", "removed": null}),
        ),
        (
            json!({"pattern": "rep?rt:2024"}),
            json!({"what": ["pattern rep?rt:2024"], "route": "scan", "removed": 1}),
        ),
        (
            json!({"tag": "reports"}),
            json!({"what": ["tag reports"], "route": "tag", "removed": null}),
        ),
        (
            json!({"tags": ["others", "reports"]}),
            json!({"what": ["tag others", "tag reports"], "route": "tag", "removed": null}),
        ),
    ] {
        let answer = post(&admin, "/invalidate", body.to_string()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let mut told = told;
        told["delivery"] = "delivered".into();
        assert_eq!(answer.json(), told);
        let now = loads(&cache).await;
        assert_eq!(now, last + 1, "{body}: it was computed anew");
        last = now;
    }
}

#[tokio::test]
async fn a_key_is_taken_as_it_stands_and_is_no_pattern() {
    let cache = Cache::in_memory();
    cache.set("a*b", 1).await;
    cache.set("axb", 1).await;
    let answer = post(&open(&cache), "/invalidate", r#"{"key": "a*b"}"#).await;
    assert_eq!(answer.json()["removed"], 1);
    assert_eq!(
        (cache.get::<i32>("a*b").await, cache.get("axb").await),
        (None, Some(1))
    );
}

#[tokio::test]
async fn what_is_not_exactly_one_thing_is_refused_and_nothing_is_done() {
    let cache = used().await;
    let admin = open(&cache);
    for body in [
        "{}",
        "",
        "[]",
        "null",
        r#"{"key": "a", "tag": "b"}"#,
        r#"{"key": "a", "pattern": "*"}"#,
        r#"{"tag": "a", "tags": ["b"]}"#,
        r#"{"tags": []}"#,
        r#"{"tags": "reports"}"#,
        r#"{"tags": ["reports", ""]}"#,
        r#"{"key": ""}"#,
        r#"{"key": 1}"#,
        r#"{"keys": ["a"]}"#,
        r#"{"key": "a", "force": true}"#,
        r#"{"pattern": "*"} {"pattern": "*"}"#,
    ] {
        let answer = post(&admin, "/invalidate", body).await;
        assert_eq!(answer.status, 400, "{body}");
        let error = answer.json()["error"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(
            error.starts_with("expected exactly one of `key`"),
            "{error}"
        );
    }
    assert_eq!(cache.stats().invalidations, 0);
}
