//! One address, many users: nobody is ever sent what was made for another.

use crate::backend::{Backend, SLOWNESS};
use crate::world::*;
use cache_runtime::http::{CacheLayer, User};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

const CLIENTS: usize = 16;
const USERS: usize = 5;

/// They come and go at once, and so do entries: hits, misses, shared computations, refreshes, invalidations, variants.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_sent_what_was_made_for_another() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let origin = Origin::new(|request| async move {
        let header = |name| {
            let value = request.headers().get(name);
            value
                .map_or("-", |it| it.to_str().expect("text"))
                .to_owned()
        };
        let body = format!("{} {}", header("x-user"), header("accept-language"));
        tokio::time::sleep(Duration::from_millis(1)).await;
        let said = "private, max-age=1, stale-while-revalidate=5";
        let said = if body.starts_with('-') {
            &said[9..]
        } else {
            said
        };
        answer(
            200,
            &[("cache-control", said), ("vary", "accept-language")],
            &body,
        )
    });
    let layer =
        CacheLayer::new(&cache, "http").users(|request| match request.headers.get("x-user") {
            Some(id) => User::known(id.to_str().expect("text")),
            None => User::Anonymous,
        });
    let client = behind(&layer, origin.clone());
    let hits = Arc::new(AtomicUsize::new(0));
    let rounds = 2_400 / SLOWNESS;
    let asking: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (client, cache, hits) = (client.clone(), cache.clone(), Arc::clone(&hits));
            tokio::spawn(async move {
                for round in 0..rounds {
                    let user = (number + round) % (USERS + 1);
                    let user = if user == 0 {
                        "-".to_owned()
                    } else {
                        user.to_string()
                    };
                    let language = ["de", "fr"][(number / 2 + round / 3) % 2];
                    let mut headers = vec![("accept-language", language)];
                    if user != "-" {
                        headers.push(("x-user", &user));
                    }
                    let told = client.ask("GET", "/me", &headers).await;
                    assert_eq!(told.body, format!("{user} {language}"));
                    if told.header("cache-status").contains("hit") {
                        hits.fetch_add(1, Relaxed);
                    }
                    if round % 97 == number {
                        cache.invalidate("http:GET:/me:*").await;
                    }
                }
            })
        })
        .collect();
    for client in asking {
        client.await.expect("no panic");
    }
    // It was about something.
    assert!(hits.load(Relaxed) > CLIENTS * rounds / 3, "{hits:?} hits");
    assert!(origin.calls() > USERS, "{} calls", origin.calls());
}
