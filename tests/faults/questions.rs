//! Questions that need no value: `contains`, `ttl`, `explain`, `warm`.

use crate::world::{PATIENCE, strict};
use cache_runtime::{State, Ttl};
use std::convert::Infallible;
use std::time::Duration;
use test_servers::RedisServer;

#[tokio::test]
async fn an_entry_that_depends_on_nothing_but_its_scopes_is_there() {
    let server = RedisServer::start().await;
    for namespace in ["", "app"] {
        let builder = strict(server.url()).namespace(namespace);
        let cache = builder.operation_timeout(PATIENCE).build().await;
        let cache = cache.expect("a valid configuration");
        let set = cache.set("row:7", 7_u32).ttl(Ttl::secs(60));
        assert!(set.await);
        assert!(cache.contains("row:7").await);
        assert!(!cache.contains("row:8").await);
        let left = cache.ttl("row:7").await.expect("it is there");
        assert!(
            matches!(left, Ttl::For(left) if left > Duration::from_secs(50)),
            "{left:?}"
        );
        let explained = cache.explain("row:7").await;
        assert_eq!(explained.state, State::Fresh);
        let entry = explained.entry.expect("it is there");
        let guards: Vec<_> = entry.guards.iter().map(|guard| guard.to_string()).collect();
        assert_eq!(guards, ["key row:7", "scope *", "scope row:*"]);
        let report = cache.warm(["row:7", "row:8"], |_| async { Ok::<_, Infallible>(8_u32) });
        let report = report.await;
        assert_eq!((report.warmed, report.skipped), (1, 1));
    }
}
