//! Who can read what, while keys come and go.

use crate::world::*;
use cache_runtime::encryption::{EncryptionKey, EncryptionKeys};
use cache_runtime::{Cache, State};
use std::sync::{Arc, Mutex};
use test_servers::{RedisServer, Reply};

/// Whether a process with these keys finds the diagnosis of this patient; and whether it distrusts what it finds.
async fn finds(server: &RedisServer, keys: &[&str], patient: u32) -> (bool, bool) {
    let cache = if keys.is_empty() {
        process(server, |cache| cache).await
    } else {
        process(server, |cache| cache.encryption(ring(keys))).await
    };
    let answer = diagnosis(&cache, patient).await;
    assert_eq!(answer.is_some(), patient != 0);
    let stats = stats(&cache);
    assert_eq!(stats.hits + stats.loads, 1);
    (stats.hits == 1, stats.untrusted > 0)
}

const FOUND: (bool, bool) = (true, false);
const REFUSED: (bool, bool) = (false, true);

/// Patient 0 has none, which is remembered, and just as secret.
#[tokio::test]
async fn with_the_key_it_is_a_hit_and_without_it_a_miss() {
    for patient in [0, 1] {
        let server = RedisServer::start().await;
        finds(&server, &["a"], patient).await;
        assert_eq!(finds(&server, &["a"], patient).await, FOUND);
        // Replaced, by whoever cannot read it.
        assert_eq!(finds(&server, &["b"], patient).await, REFUSED);
        assert_eq!(finds(&server, &["b"], patient).await, FOUND);
        // Left as it is, by whoever has no keys at all.
        assert_eq!(finds(&server, &[], patient).await, REFUSED);
        assert_eq!(finds(&server, &["b"], patient).await, FOUND);
        // What was written in the clear is not believed where it has to be encrypted.
        server.command(&["FLUSHALL"]).await;
        finds(&server, &[], patient).await;
        assert_eq!(finds(&server, &[], patient).await, FOUND);
        assert_eq!(finds(&server, &["b"], patient).await, REFUSED);
        assert_eq!(finds(&server, &["b"], patient).await, FOUND);
    }
}

#[tokio::test]
async fn keys_are_changed_without_a_miss() {
    let server = RedisServer::start().await;
    for patient in [0, 1] {
        finds(&server, &["old"], patient).await;
        // First all can read with the new key, then one after the other writes with it.
        assert_eq!(finds(&server, &["old", "new"], patient).await, FOUND);
        assert_eq!(finds(&server, &["new", "old"], patient).await, FOUND);
    }
    let cache = process(&server, |cache| cache.encryption(ring(&["new", "old"]))).await;
    cache.invalidate_tag("patient:1").await;
    diagnosis(&cache, 1).await;
    assert!(contains(&bytes(&server, "diagnosis:1").await, "new"));
    assert_eq!(finds(&server, &["old", "new"], 1).await, FOUND);
    assert_eq!(finds(&server, &["new"], 1).await, FOUND);
    assert_eq!(
        finds(&server, &["new"], 0).await,
        REFUSED,
        "the old one was taken away too early"
    );
}

/// Keys of a vault, which changes them while the process runs.
#[derive(Clone)]
struct Vault(Arc<Mutex<Vec<Arc<EncryptionKey>>>>);

impl EncryptionKeys for Vault {
    fn current(&self) -> Arc<EncryptionKey> {
        Arc::clone(&self.0.lock().expect("no panic")[0])
    }
    fn find(&self, name: &str) -> Option<Arc<EncryptionKey>> {
        let keys = self.0.lock().expect("no panic");
        keys.iter().find(|key| key.name() == name).cloned()
    }
}

#[tokio::test]
async fn a_vault_changes_keys_while_the_process_runs() {
    let server = RedisServer::start().await;
    let vault = Vault(Arc::new(Mutex::new(vec![Arc::new(key("first"))])));
    let keys = vault.clone();
    let cache: Cache = process(&server, |cache| cache.encryption(keys)).await;
    diagnosis(&cache, 1).await;
    vault
        .0
        .lock()
        .expect("no panic")
        .insert(0, Arc::new(key("second")));
    diagnosis(&cache, 2).await;
    assert!(contains(&bytes(&server, "diagnosis:1").await, "first"));
    assert!(contains(&bytes(&server, "diagnosis:2").await, "second"));
    let keys = vault.clone();
    let other = process(&server, |cache| cache.encryption(keys)).await;
    diagnosis(&other, 1).await;
    diagnosis(&other, 2).await;
    assert_eq!(stats(&other).hits, 2);
}

/// A vault that is broken.
struct Broken;

impl EncryptionKeys for Broken {
    fn current(&self) -> Arc<EncryptionKey> {
        panic!("the vault is closed")
    }
    fn find(&self, name: &str) -> Option<Arc<EncryptionKey>> {
        panic!("no {name}: the vault is closed")
    }
}

#[tokio::test]
async fn a_vault_that_panics_has_no_keys() {
    let server = RedisServer::start().await;
    let cache = process(&server, |cache| cache.encryption(Broken)).await;
    // Nothing stands in the clear instead.
    assert!(diagnosis(&cache, 1).await.is_some());
    assert_eq!(
        server.command(&["EXISTS", "diagnosis:1"]).await,
        Reply::Integer(0)
    );
    finds(&server, &["a"], 1).await;
    assert!(diagnosis(&cache, 1).await.is_some());
    assert_eq!(stats(&cache).hits, 0);
    assert_eq!(finds(&server, &["a"], 1).await, FOUND);
}

/// Whoever asks what there is hears the same as a call does.
#[tokio::test]
async fn what_cannot_be_decrypted_is_explained() {
    let server = RedisServer::start().await;
    let cache = process(&server, |cache| cache.encryption(ring(&["new"]))).await;
    diagnosis(&cache, 1).await;
    assert_eq!(cache.explain("diagnosis:1").await.state, State::Fresh);
    assert!(cache.contains("diagnosis:1").await);
    for keys in [&["old"][..], &[]] {
        let other = process(&server, |cache| match keys {
            [] => cache,
            keys => cache.encryption(ring(keys)),
        });
        let other = other.await;
        let why = other.explain("diagnosis:1").await;
        assert_eq!(why.state, State::Undecryptable);
        assert!(why.to_string().contains("a key that is not there"), "{why}");
        assert!(!other.contains("diagnosis:1").await);
        assert_eq!(other.ttl("diagnosis:1").await, None);
    }
}
