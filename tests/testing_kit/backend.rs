//! A node of a network of its own, for the tests of `tests/races`.

use cache_runtime::Cache;
use cache_runtime::testing::Network;

/// How much slower than the embedded one this backend is, for tests that count rounds.
pub(crate) const SLOWNESS: usize = 6;

/// Whether a caller has joined a computation as soon as its task has run once. Here it asks the server first.
pub(crate) const JOINS_AT_ONCE: bool = false;

/// Whether a value with a tag that nobody knew before is stored though other tags end while it is computed.
pub(crate) const NOTES_WHICH_TAGS_END: bool = false;

pub(crate) struct Backend {
    cache: Cache,
    _network: Network,
}

impl Backend {
    pub(crate) async fn new() -> Self {
        let network = Network::new();
        Backend {
            cache: network.node("node").await,
            _network: network,
        }
    }

    pub(crate) fn cache(&self) -> Cache {
        self.cache.clone()
    }
}
