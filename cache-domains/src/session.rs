//! Sessions, one by one and those of a user.

use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

/// A session. Key `session:{id}`, until nobody has read it for 30 minutes (`CACHE_SESSION_TTL`; on a server up to a quarter longer,
/// so that not every read has to write there); goes with all that is the
/// session's by the tag `session:{id}`, and with the user's by `user:{user_id}`. Sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "session", ttl = forever, idle = "30m", tags = ["session:{id}"], sensitive)]
pub struct Session<Data> {
    /// The session's identifier.
    #[cache(key)]
    pub id: String,
    /// Whose it is.
    #[cache(tag = "user:{user_id}")]
    pub user_id: String,
    /// What the application keeps in it.
    pub data: Data,
}

/// The sessions of a user. Key `user-sessions:{user_id}`, 10 minutes (`CACHE_USER_SESSIONS_TTL`); goes with the user's by the
/// tag `user:{user_id}`, and when one of them changes ([`changes::session`](crate::changes::session)). Sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DomainCache)]
#[cache(
    prefix = "user-sessions",
    ttl = "10m",
    tags = ["user:{user_id}", "user-sessions:{user_id}"],
    sensitive
)]
pub struct UserSessions<Item> {
    /// Whose they are.
    #[cache(key)]
    pub user_id: String,
    /// What the application tells of each.
    pub sessions: Vec<Item>,
}
