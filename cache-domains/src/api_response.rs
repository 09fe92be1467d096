//! Responses of an API.

use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

/// A response. Key `api:{method}:{route}:{user}:{query}`, 10 minutes (`CACHE_API_TTL`); goes with any of its own tags, and with the
/// user's by the tag `user:{user}`. Sensitive: who knows what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "api", ttl = "10m", sensitive)]
pub struct ApiResponse<Body> {
    /// `GET`, mostly.
    #[cache(key)]
    pub method: String,
    /// The path that was asked for.
    #[cache(key)]
    pub route: String,
    /// Who asked, if the response is for one user.
    #[cache(key, tags = "user:{user}")]
    pub user: Option<String>,
    /// The query, in one order of its parameters.
    #[cache(key)]
    pub query: String,
    /// The status.
    pub status: u16,
    /// What it says.
    pub body: Body,
    /// What it hangs on.
    #[cache(tags)]
    pub tags: Vec<String>,
}
