//! With a Redis server, and with one that is away.

use crate::world::{diagnosis, get, open, report};
use cache_runtime::Cache;
use cache_runtime::http::Admin;
use std::time::Duration;
use test_servers::{RedisServer, wait_until};

const PATIENCE: Duration = Duration::from_secs(20);

async fn on(url: String) -> Cache {
    Cache::builder()
        .redis(url)
        .build()
        .await
        .expect("it could exist")
}

#[tokio::test]
async fn a_server_is_told_of_and_what_it_holds() {
    let server = RedisServer::start().await;
    let cache = on(server.url()).await;
    for year in [2024, 2025, 2024] {
        let _ = report(&cache, year).await;
    }
    diagnosis(&cache, "ada").await;
    let admin = open(&cache);
    let json = get(&admin, "/stats").await.json();
    let redis = &json["health"]["redis"];
    assert_eq!(
        (&json["status"], &redis["breaker"]),
        (&"healthy".into(), &"closed".into())
    );
    assert_eq!(
        (
            &redis["families"]["report"],
            &redis["families"]["diagnosis"]
        ),
        (&2.into(), &1.into())
    );
    assert_eq!(json["configuration"]["redis"]["consistency"], "bounded");
    assert!(
        json["stats"]["coherence"]["bound"]["secs"].is_u64(),
        "{json}"
    );
    assert!(!json.to_string().contains("ada"), "{json}");
    // Asked again at once, the names on the server are those of a moment ago.
    let _ = report(&cache, 2026).await;
    let again = get(&admin, "/stats").await.json();
    assert_eq!(again["health"]["redis"]["families"], redis["families"]);
    assert_eq!(again["stats"]["functions"][1]["loads"], 3);
}

#[tokio::test]
async fn a_server_that_is_away_degrades_and_fails_no_probe() {
    let cache = on("redis://127.0.0.1:1".to_owned()).await;
    for admin in [open(&cache), Admin::new(&cache).public_health()] {
        let answer = get(&admin, "/api/health/cache").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json()["status"], "degraded");
    }
    let json = get(&open(&cache), "/stats").await.json();
    assert_eq!(json["health"]["redis"]["breaker"], "open");
    assert!(json["health"]["redis"]["reason"].is_string(), "{json}");
}

#[tokio::test]
async fn a_server_that_comes_back_is_looked_at_as_soon_as_it_is_there() {
    let server = RedisServer::start().await;
    let cache = on(server.url()).await;
    let _ = report(&cache, 2024).await;
    let admin = open(&cache);
    let status_is = async |status: &str| {
        wait_until(status, PATIENCE, || async {
            get(&admin, "/stats").await.json()["status"] == status
        })
        .await;
    };
    server.pause();
    status_is("degraded").await;
    server.resume();
    status_is("healthy").await;
    let json = get(&admin, "/stats").await.json();
    assert_eq!(json["health"]["redis"]["families"]["report"], 1);
}
