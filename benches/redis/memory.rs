//! What an entry takes on the server beside the bare value under the same key; bounded, with what the server remembers of who
//! has read it.

use cache_runtime::{Cache, Consistency, Ttl, key};
use test_servers::RedisServer;

const ENTRIES: u64 = 10_000;
/// Entries that share a tag.
const PER_TAG: u64 = 10;

pub(crate) async fn measure(server: &RedisServer) {
    let value = |n: u64| format!("{n:0>199}");
    let used = || async {
        let memory = server.info("memory").await;
        memory["used_memory_dataset"]
            .parse::<u64>()
            .expect("a number")
    };
    server.command(&["FLUSHALL"]).await;
    let empty = used().await;
    for n in 0..ENTRIES {
        let key = format!("bench:user:{n}");
        // As bincode writes it: one byte of length, 199 of text.
        let value = format!("\u{7f}{}", value(n));
        server
            .command(&["SET", &key, &value, "PX", "3600000"])
            .await;
    }
    let bare = used().await - empty;
    for (consistency, name) in [
        (Consistency::Strict, "strict"),
        (Consistency::default(), "bounded, of one process"),
    ] {
        server.command(&["FLUSHALL"]).await;
        let empty = used().await;
        let cache = Cache::builder().redis(server.url()).namespace("bench");
        let cache = cache.consistency(consistency).build().await;
        fill(&cache.expect("a server"), value).await;
        let ours = used().await - empty;
        let keys = server.command(&["DBSIZE"]).await.integer();
        println!(
            "memory, {name}: {:.2} times the bare value of 200 bytes ({} bytes an entry beside {}), with two tags of \
             {PER_TAG} entries each; {keys} keys",
            ours as f64 / bare as f64,
            ours / ENTRIES,
            bare / ENTRIES,
        );
    }
}

async fn fill(cache: &Cache, value: impl Fn(u64) -> String) {
    for n in 0..ENTRIES {
        let (group, other) = (n / PER_TAG, ENTRIES + n / PER_TAG);
        let stored = cache
            .set(key!("user:{n}"), value(n))
            .tags([key!("group:{group}"), key!("group:{other}")])
            .ttl(Ttl::hours(1))
            .await;
        assert!(stored);
    }
}
