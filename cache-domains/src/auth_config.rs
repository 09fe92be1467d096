//! Configuration of authentication.

use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

/// A setting of authentication. Key `auth-config:{key}`, 5 minutes (`CACHE_AUTH_CONFIG_TTL`); to be invalidated when
/// it changes. Keys appear in logs as digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "auth-config", ttl = "5m", sensitive)]
pub struct AuthConfig<Settings> {
    /// What is configured.
    #[cache(key)]
    pub key: String,
    /// The application's own settings.
    pub settings: Settings,
}
