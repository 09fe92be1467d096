//! Encryption is switched on while versions without it are at work.

use crate::world::{Database, PATIENCE, Process, Promise, bytes};
use cache_runtime::encryption::{EncryptionKey, KeyRing};
use cache_runtime::{Builder, cached};
use std::sync::Arc;
use test_servers::RedisServer;

const ENCRYPTED: u8 = 8;

macro_rules! version {
    ($version:ident $(, $sensitive:ident)?) => {
        mod $version {
            use super::*;

            #[cached(ttl = "1h", key = "row:{row}", tags = ["rows"], cache = process.cache, skip(process), $($sensitive)?)]
            pub(super) async fn load(process: &Process, row: u32) -> String {
                format!("in the best of health: {}", process.state(row).await)
            }
        }
    };
}

version!(open);
version!(secret, sensitive);

fn keys(cache: Builder) -> Builder {
    let key = EncryptionKey::new("2026-11", [7; 32]).expect("a name");
    cache.encryption(KeyRing::new(key))
}

async fn is_encrypted(server: &RedisServer) -> bool {
    bytes(server, "app:row:1").await.expect("stored")[1] & ENCRYPTED != 0
}

async fn process(
    server: &RedisServer,
    database: &Arc<Database>,
    configure: impl FnOnce(Builder) -> Builder,
) -> Arc<Process> {
    Process::with(server.url(), database, Promise::Strict, configure).await
}

/// In one step. What is `sensitive` in both versions, and encrypted in one, is not replaced by those who have no keys: they
/// compute at every call. What is `sensitive` in the new version alone, or encrypted with everything, each replaces.
#[tokio::test]
async fn in_one_step_the_old_version_computes_at_every_call() {
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Keys,
        KeysAndSensitive,
        KeysForEverything,
    }

    for (step, computed) in [
        (Step::Keys, (5, 1)),
        (Step::KeysAndSensitive, (5, 5)),
        (Step::KeysForEverything, (5, 5)),
    ] {
        let server = RedisServer::start().await;
        let database = Arc::new(Database::default());
        let old = process(&server, &database, |cache| cache).await;
        let new = match step {
            Step::Keys | Step::KeysAndSensitive => process(&server, &database, keys).await,
            Step::KeysForEverything => {
                process(&server, &database, |it| keys(it).encrypt_everything(true)).await
            }
        };
        let old_reads = || async {
            match step {
                Step::Keys => secret::load(&old, 1).await,
                Step::KeysAndSensitive | Step::KeysForEverything => open::load(&old, 1).await,
            }
        };
        let new_reads = || async {
            match step {
                Step::Keys | Step::KeysAndSensitive => secret::load(&new, 1).await,
                Step::KeysForEverything => open::load(&new, 1).await,
            }
        };
        let value = old_reads().await;
        assert!(!is_encrypted(&server).await);
        old.ran();
        new.ran();
        for _ in 0..5 {
            assert_eq!(new_reads().await, value);
            assert!(is_encrypted(&server).await);
            assert_eq!(old_reads().await, value);
        }
        assert_eq!((old.ran(), new.ran()), computed, "{step:?}");
        // What either invalidates, both lose.
        for invalidates in [&old, &new] {
            let state = database.write(1);
            invalidates.cache.invalidate_tag("rows").await;
            let value = format!("in the best of health: {state}");
            assert_eq!(new_reads().await, value);
            assert_eq!(old_reads().await, value);
        }
    }
}

/// In two steps: first keys for all, then `sensitive`. The old version reads what the new one has encrypted.
#[tokio::test]
async fn keys_first_and_sensitive_then_cost_a_computation_a_key() {
    let server = RedisServer::start().await;
    let database = Arc::new(Database::default());
    // First: some have keys, some have none yet, and nothing is encrypted.
    let bare = process(&server, &database, |cache| cache).await;
    let old = process(&server, &database, keys).await;
    let value = open::load(&bare, 1).await;
    assert_eq!(open::load(&old, 1).await, value);
    assert_eq!((bare.ran(), old.ran()), (1, 0));
    // Then: all have keys.
    let new = process(&server, &database, keys).await;
    for _ in 0..5 {
        assert_eq!(secret::load(&new, 1).await, value);
        assert_eq!(open::load(&old, 1).await, value);
    }
    assert_eq!((old.ran(), new.ran()), (0, 1));
    assert!(is_encrypted(&server).await);
    // And back: what is encrypted is read, and replaced in the clear with the next invalidation.
    new.cache.invalidate_tag("rows").await;
    for _ in 0..5 {
        assert_eq!(open::load(&old, 1).await, value);
    }
    assert_eq!(old.ran(), 1);
    assert!(!is_encrypted(&server).await);
}

/// Versions with different keys read nothing of each other, and are right all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_of_them_at_once_are_right() {
    let server = RedisServer::start().await;
    let database = Arc::new(Database::default());
    let bare = process(&server, &database, |cache| cache).await;
    let with_keys = process(&server, &database, keys).await;
    let new = process(&server, &database, keys).await;
    let (mut bare_calls, mut all) = (0, Vec::new());
    for round in 0..60 {
        let state = database.write(1);
        let teller = [&bare, &with_keys, &new][round % 3];
        teller.cache.invalidate_tag("rows").await;
        let value = format!("in the best of health: {state}");
        for _ in 0..3 {
            for (process, is_secret) in [(&bare, false), (&with_keys, false), (&new, true)] {
                let (process, value) = (Arc::clone(process), value.clone());
                all.push(tokio::spawn(async move {
                    let read = match is_secret {
                        true => secret::load(&process, 1).await,
                        false => open::load(&process, 1).await,
                    };
                    assert_eq!(read, value);
                }));
            }
            bare_calls += 1;
        }
        for task in all.drain(..) {
            let ended = tokio::time::timeout(PATIENCE, task).await;
            ended.expect("it hangs").expect("no call fails");
        }
    }
    assert!(bare.ran() <= bare_calls);
}
