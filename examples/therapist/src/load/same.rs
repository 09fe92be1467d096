//! One request after the other, everybody gets the same answers with the cache as without it.

use super::client::Client;
use super::stream::{self, Request};
use super::{SEED, serve};
use crate::database::Database;
use crate::service::Service;
use cache_runtime::Cache;
use std::sync::Arc;
use std::time::Duration;
use test_servers::RedisServer;

/// What may be as old as its time to live says, whatever is said meanwhile.
fn may_be_old(request: &Request) -> bool {
    request.path == "/me/progress"
}

/// All answers, and how many queries they took.
async fn answers(cache: &Cache, requests: &[Request]) -> (Vec<(u16, String)>, u64) {
    let database = Arc::new(Database::seeded(Duration::ZERO).expect("seeded"));
    let service = Arc::new(Service::new(cache, Arc::clone(&database)));
    let (address, server) = serve(&service).await.expect("a free port");
    let mut client = Client::connect(address).await.expect("it listens");
    let mut answers = Vec::new();
    for request in requests {
        let (status, body) = client.send(request).await.expect("an answer");
        answers.push((status, String::from_utf8(body).expect("a text")));
    }
    server.abort();
    (answers, database.queries())
}

#[tokio::test]
async fn answers_are_the_same_with_the_cache_off_and_on_and_on_a_server() {
    let requests = stream::requests(SEED, 4_000);
    let off = Cache::builder()
        .enabled(false)
        .build()
        .await
        .expect("valid");
    let (expected, queries_off) = answers(&off, &requests).await;
    let server = RedisServer::start().await;
    let on_server = Cache::builder()
        .redis(server.url())
        .operation_timeout(Duration::from_secs(5));
    for cache in [Cache::in_memory(), on_server.build().await.expect("valid")] {
        let (answers, queries) = answers(&cache, &requests).await;
        for ((request, expected), answer) in requests.iter().zip(&expected).zip(&answers) {
            if !may_be_old(request) {
                assert_eq!(answer, expected, "{request:?}");
            }
        }
        assert!(expected.iter().all(|(status, _)| *status < 300));
        assert!(
            queries * 2 < queries_off,
            "{queries} of {queries_off} queries"
        );
    }
}
