//! What is answered, and in which form.

use crate::world::{ask, correct, get, open, post, request, used};
use cache_runtime::Cache;
use cache_runtime::http::Admin;

#[tokio::test]
async fn health_tells_of_the_cache_of_every_function_and_of_the_configuration() {
    let answer = get(&open(&used().await), "/api/health/cache").await;
    assert_eq!(answer.status, 200);
    let json = answer.json();
    assert_eq!(json["status"], "healthy");
    assert_eq!(json["health"]["backend"], "embedded");
    assert_eq!(json["health"]["entries"], 3);
    assert_eq!(json["totals"]["lookups"], 6);
    assert_eq!(json["configuration"]["max_entries"], 100_000);
    let report = &json["caches"][1];
    assert_eq!(report["name"], "http_admin::world::report");
    assert_eq!(
        (&report["status"], &report["lookups"]),
        (&"healthy".into(), &5.into())
    );
    let rate = report["error_rate"].as_f64().expect("a number");
    assert!((rate - 1.0 / 3.0).abs() < 1e-9, "{rate}");
}

#[tokio::test]
async fn a_function_that_mostly_fails_is_told_to_be_failing() {
    let cache = Cache::in_memory();
    let _ = crate::world::report(&cache, 0).await;
    let json = get(&open(&cache), "/api/health/cache").await.json();
    assert_eq!(json["caches"][0]["status"], "failing");
    assert_eq!(json["status"], "healthy", "the cache is not what fails");
}

#[tokio::test]
async fn a_cache_that_is_switched_off_says_so_and_is_no_failure() {
    let admin = open(&Cache::disabled()).public_health();
    let answer = get(&admin, "/api/health/cache").await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["status"]),
        (200, &"disabled".into())
    );
    let in_public = get(
        &Admin::new(&Cache::disabled()).public_health(),
        "/api/health/cache",
    )
    .await;
    assert_eq!(in_public.json()["status"], "disabled");
}

#[tokio::test]
async fn actions_get_statistics_and_health() {
    let admin = open(&used().await);
    let json = post(&admin, "/api/health/cache", r#"{"action": "get_stats"}"#)
        .await
        .json();
    assert_eq!(
        (&json["totals"]["hits"], &json["totals"]["misses"]),
        (&2.into(), &4.into())
    );
    assert_eq!(json["total_keys"], 3);
    assert!(json["memory_bytes"].as_u64() > Some(0), "{json}");
    let rate = |name: &str| json["totals"][name].as_f64().expect("a number");
    assert!((rate("hit_rate") - 2.0 / 6.0).abs() < 1e-9, "{json}");
    assert!((rate("error_rate") - 1.0 / 4.0).abs() < 1e-9, "{json}");
    assert_eq!(json["functions"][1]["hits"], 2);
    let json = post(&admin, "/api/health/cache", r#"{"action": "health"}"#)
        .await
        .json();
    assert_eq!(json["health"]["ready"], true);
}

#[tokio::test]
async fn unknown_actions_are_refused_with_those_there_are() {
    let admin = open(&used().await);
    for body in [
        r#"{"action": "explode"}"#,
        "{}",
        "",
        "[]",
        r#"{"action": 1}"#,
    ] {
        let answer = post(&admin, "/api/health/cache", body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(
            answer.json()["actions"],
            serde_json::json!(["get_stats", "health"])
        );
        assert!(answer.json()["error"].is_string(), "{answer:?}");
    }
}

#[tokio::test]
async fn stats_are_one_document_of_the_shape_that_is_documented() {
    let cache = used().await;
    correct(&cache, 2025).await;
    let json = get(&open(&cache), "/stats").await.json();
    let fields: Vec<_> = json
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    let mut documented = [
        "shape",
        "status",
        "uptime",
        "health",
        "stats",
        "totals",
        "families",
        "invalidations",
        "configuration",
        "wiring",
    ];
    documented.sort_unstable();
    assert_eq!(fields, documented);
    assert_eq!(json["shape"], 1);
    assert!(json["uptime"]["secs"].is_u64() && json["uptime"]["nanos"].is_u64());
    assert_eq!(
        json["stats"]["functions"][1]["name"],
        "http_admin::world::report"
    );
    assert_eq!(json["families"]["looked_at"], json["families"]["entries"]);
    assert!(json["families"]["families"][0]["bytes"].is_u64(), "{json}");
    let last = &json["invalidations"][0];
    assert_eq!(last["by"], "http_admin::world::correct");
    assert!(
        last["place"]
            .as_str()
            .is_some_and(|place| place.contains("world.rs:"))
    );
}

#[tokio::test]
async fn the_wiring_tells_what_invalidates_a_function() {
    let json = get(&open(&used().await), "/stats").await.json();
    let caches = json["wiring"]["caches"].as_array().expect("a list").iter();
    let report = caches
        .clone()
        .find(|cache| cache["name"] == "http_admin::world::report");
    let report = report.expect("it is annotated");
    assert_eq!(
        (&report["key"], &report["tags"]),
        (&"report:{year}".into(), &serde_json::json!(["reports"]))
    );
    assert_eq!(
        report["invalidated_by"],
        serde_json::json!([
            "http_admin::world::correct: report:{year}",
            "http_admin::world::correct: tag reports",
        ])
    );
}

#[tokio::test]
async fn the_page_runs_what_is_in_it_and_nothing_else() {
    let answer = get(&open(&used().await), "/").await;
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert!(answer.text.starts_with("<!DOCTYPE html>"));
    let policy = answer.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'sha256-",
        "style-src 'sha256-",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{part}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
}

#[tokio::test]
async fn whatever_is_answered_is_kept_by_nobody_framed_by_nobody_and_is_what_it_says() {
    let (open, closed) = (open(&used().await), Admin::new(&used().await));
    let answers = [
        get(&open, "/").await,
        get(&open, "/stats").await,
        get(&open, "/nowhere").await,
        get(&open, "/invalidate").await,
        post(&open, "/api/health/cache", "{").await,
        get(&closed, "/").await,
    ];
    for answer in answers {
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(answer.header(name), value, "{answer:?}");
        }
        assert!(
            answer
                .header("content-security-policy")
                .contains("default-src 'none'")
        );
    }
}

#[tokio::test]
async fn other_methods_are_told_which_there_are() {
    let admin = open(&used().await);
    for (method, path, allow) in [
        ("POST", "/", "GET, HEAD"),
        ("DELETE", "/stats", "GET, HEAD"),
        ("GET", "/invalidate", "POST"),
        ("OPTIONS", "/invalidate", "POST"),
        ("PUT", "/api/health/cache", "GET, HEAD, POST"),
    ] {
        let answer = ask(&admin, request(method, path, "")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("allow")),
            (405, allow),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn head_is_answered_as_get_without_a_body() {
    let admin = open(&used().await);
    for path in ["/", "/stats", "/api/health/cache"] {
        let head = ask(&admin, request("HEAD", path, "")).await;
        assert_eq!(
            (head.status.as_u16(), head.text.as_str()),
            (200, ""),
            "{path}"
        );
        assert_ne!(head.header("content-length"), "0", "{path}");
        assert_eq!(
            head.header("content-type"),
            get(&admin, path).await.header("content-type")
        );
    }
    let public = Admin::new(&used().await).public_health();
    assert_eq!(
        ask(&public, request("HEAD", "/api/health/cache", ""))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn elsewhere_there_is_nothing() {
    let admin = open(&used().await);
    for path in [
        "/nowhere",
        "/stats/",
        "/x/stats",
        "/index.html",
        "/api/health",
        "//stats",
    ] {
        let answer = get(&admin, path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.json()["error"].is_string());
    }
}

#[cfg(feature = "metrics")]
#[tokio::test]
async fn metrics_are_text_for_prometheus() {
    let admin = open(&used().await);
    let answer = get(&admin, "/metrics").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        cache_runtime::metrics::CONTENT_TYPE
    );
    assert!(
        answer.text.contains("\ncache_entries 3\n"),
        "{}",
        answer.text
    );
}
