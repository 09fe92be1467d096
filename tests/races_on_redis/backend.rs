//! A cache on a Redis server that is started for one test, and ends with it.

use cache_runtime::{Builder, Cache, Consistency};
use std::time::Duration;
use test_servers::{Deployment, is_strict_run};

/// How much slower than the embedded one this backend is, for tests that count rounds.
pub(crate) const SLOWNESS: usize = 6;

/// Whether a caller has joined a computation as soon as its task has run once. Here it asks the server first.
pub(crate) const JOINS_AT_ONCE: bool = false;

/// Whether a value with a tag that nobody knew before is stored though other tags end while it is computed.
pub(crate) const NOTES_WHICH_TAGS_END: bool = false;

pub(crate) struct Backend {
    cache: Cache,
    _server: Deployment,
}

impl Backend {
    pub(crate) async fn new() -> Self {
        Backend::with(|cache| cache).await
    }

    pub(crate) async fn with(configure: impl FnOnce(Builder) -> Builder) -> Self {
        let server = Deployment::start().await;
        Backend {
            cache: built(configure(on(server.url()))).await,
            _server: server,
        }
    }

    pub(crate) fn cache(&self) -> Cache {
        self.cache.clone()
    }
}

/// One process of several that share a server.
pub(crate) async fn process(server: &Deployment) -> Cache {
    built(on(server.url())).await
}

async fn built(cache: Builder) -> Cache {
    cache.build().await.expect("a valid configuration")
}

/// A cache on this server, with the consistency of this run.
fn on(url: String) -> Builder {
    let consistency = if is_strict_run() {
        Consistency::Strict
    } else {
        Consistency::default()
    };
    let cache = Cache::builder()
        .redis(url)
        .consistency(consistency)
        // Machines that run tests may stand still for longer than a server in production may.
        .operation_timeout(Duration::from_secs(5));
    encrypted(cache)
}

/// With everything encrypted, if this run is to be so.
fn encrypted(cache: Builder) -> Builder {
    #[cfg(feature = "encryption")]
    if std::env::var_os("TEST_ENCRYPTION").is_some_and(|value| value == "everything") {
        use cache_runtime::encryption::{EncryptionKey, KeyRing};
        let key = EncryptionKey::new("test", [7; 32]).expect("a name");
        return cache.encryption(KeyRing::new(key)).encrypt_everything(true);
    }
    cache
}

/// Lets every other task run as far as it can: on a server, for as long as that takes to answer.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}
