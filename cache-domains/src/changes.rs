//! What happens in an application, and what is not to be believed any more: to be called when it has happened, and committed.
//!
//! Each costs a command or two however much is cached, and reaches functions with the same tags too.
//!
//! ```
//! use cache_domains::{Device, DeviceCache, UserProfile, UserProfileCache, changes};
//! use cache_runtime::Cache;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let cache = Cache::in_memory();
//! let (profiles, devices) = (UserProfileCache::new(&cache), DeviceCache::new(&cache));
//! profiles.put(&UserProfile { id: "u7".to_owned(), email: None, profile: "Ada".to_owned() }).await;
//! devices.put(&Device { id: "d1".to_owned(), user_id: "u7".to_owned(), info: 1 }).await;
//! changes::user(&cache, "u7").await;
//! assert_eq!(profiles.get("u7").await, None);
//! assert_eq!(devices.get("d1").await, None);
//! # }
//! ```

use cache_runtime::{Cache, Invalidated, key};

/// A user has changed: all that is his goes (tag `user:{id}`).
pub async fn user(cache: &Cache, id: &str) -> Invalidated {
    cache.invalidate_tag(key!("user:{id}")).await
}

/// A session has changed, or ended with a logout: it goes, with its forms and reports (tag `session:{id}`) and the list of its
/// user's (tag `user-sessions:{user_id}`).
pub async fn session(cache: &Cache, id: &str, user_id: &str) -> Invalidated {
    let tags = [key!("session:{id}"), key!("user-sessions:{user_id}")];
    cache.invalidate_tags(tags).await
}

/// A conversation has a new message, or another status: it goes, with all pages of its messages (tag `conversation:{id}`) and the
/// lists of its user (tag `user-conversations:{user_id}`).
pub async fn conversation(cache: &Cache, id: &str, user_id: &str) -> Invalidated {
    let tags = [
        key!("conversation:{id}"),
        key!("user-conversations:{user_id}"),
    ];
    cache.invalidate_tags(tags).await
}

/// A model is not to be believed any more, in this version: what it has answered goes (tag `ai-model:{model}`).
pub async fn model(cache: &Cache, model: &str) -> Invalidated {
    cache.invalidate_tag(key!("ai-model:{model}")).await
}

/// A prompt was published: all its versions go, and what was analysed with it (tag `prompt:{name}`).
pub async fn prompt(cache: &Cache, name: &str) -> Invalidated {
    cache.invalidate_tag(key!("prompt:{name}")).await
}
