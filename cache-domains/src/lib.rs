//! Ready-made typed domain caches, made with the derive of `cache-runtime`: a record each, with its key, its time
//! to live and its tags.
//!
//! | record | cache | key | time to live | invalidated by |
//! |---|---|---|---|---|
//! | [`AuthConfig`] | [`AuthConfigCache`] | `auth-config:{key}` | 5 min | its key |
//! | [`Device`] | [`DeviceCache`] | `device:{id}` | 20 min | its key, its user |
//!
//! The payload is the application's own: any type that can be cached.
//!
//! ```
//! use cache_domains::{Device, DeviceCache};
//! use cache_runtime::Cache;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let devices = DeviceCache::new(&Cache::in_memory());
//! let device = Device { id: "d1".to_owned(), user_id: "u7".to_owned(), info: "phone".to_owned() };
//! devices.put(&device).await;
//! assert_eq!(devices.get("d1").await, Some(device));
//! devices.invalidate_by_user_id("u7").await;
//! assert_eq!(devices.get("d1").await, None);
//! # }
//! ```

mod auth_config;
mod device;

pub use auth_config::{AuthConfig, AuthConfigCache};
pub use device::{Device, DeviceCache};
