//! Users: their profiles, and what is needed to authenticate them.

use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

/// A user's profile. Key `user:{id}:profile`, 1 hour (`CACHE_USER_PROFILE_TTL`), found by e-mail as well; goes with all that is
/// the user's by the tag `user:{id}`. Sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DomainCache)]
#[cache(key = "user:{id}:profile", ttl = "1h", tags = ["user:{id}"], sensitive)]
pub struct UserProfile<Profile> {
    /// The user's identifier.
    pub id: String,
    /// The address under which the user is known, if there is one.
    #[cache(lookup)]
    pub email: Option<String>,
    /// What the application knows about the user.
    pub profile: Profile,
}

/// What a user is authenticated by. Key `user:{id}:auth`, 1 hour (`CACHE_USER_AUTH_TTL`), found by e-mail as well; goes with
/// all that is the user's by the tag `user:{id}`. Sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DomainCache)]
#[cache(key = "user:{id}:auth", ttl = "1h", tags = ["user:{id}"], sensitive)]
pub struct UserAuth<Auth> {
    /// The user's identifier.
    pub id: String,
    /// The address by which the user logs in, if there is one.
    #[cache(lookup)]
    pub email: Option<String>,
    /// Roles, a hash of a password, what else the application needs.
    pub auth: Auth,
}
