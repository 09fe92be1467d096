//! Devices.

use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

/// What is known about a device. Key `device:{id}`, 20 minutes (`CACHE_DEVICE_TTL`); everything of a user's goes
/// with the tag `user:{user_id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "device", ttl = "20m")]
pub struct Device<Info> {
    /// The device's identifier.
    #[cache(key)]
    pub id: String,
    /// Whose it is.
    #[cache(tag = "user:{user_id}")]
    pub user_id: String,
    /// What the application knows about it.
    pub info: Info,
}
