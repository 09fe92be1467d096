//! Ready-made typed domain caches, made with the derive of `cache-runtime`: a record each, with its key, its time
//! to live and its tags.
//!
//! | record | cache | key | time to live | goes with |
//! |---|---|---|---|---|
//! | [`UserProfile`] | [`UserProfileCache`] | `user:{id}:profile`, by e-mail | 1 h | its user |
//! | [`UserAuth`] | [`UserAuthCache`] | `user:{id}:auth`, by e-mail | 1 h | its user |
//! | [`Session`] | [`SessionCache`] | `session:{id}` | 30 min after it was last read | itself (logout), its user |
//! | [`UserSessions`] | [`UserSessionsCache`] | `user-sessions:{user_id}` | 10 min | a session of the user's, its user |
//! | [`Conversation`] | [`ConversationCache`] | `conversation:{id}` | active 5 min, completed 24 h | a message, its status, its user |
//! | [`ConversationList`] | [`ConversationListCache`] | `user-conversations:{user_id}:{selection}` | 10 min | a message, a status, its user |
//! | [`MessagePage`] | [`MessagePageCache`] | `messages:{conversation_id}:page:{page}` | 15 min | a message, its user |
//! | [`Transcription`] | [`TranscriptionCache`] | `ai:transcription:{hash}` | 30 d | its model |
//! | [`Analysis`] | [`AnalysisCache`] | `ai:analysis:{hash}` | for ever | its model, its prompt |
//! | [`CbtForm`] | [`CbtFormCache`] | `cbt:{session_id}` | 1 h | its session, its user |
//! | [`Report`] | [`ReportCache`] | `report:{session_id}:{id}` | 2 h | itself, its session, its user |
//! | [`AuthConfig`] | [`AuthConfigCache`] | `auth-config:{key}` | 5 min | itself |
//! | [`Device`] | [`DeviceCache`] | `device:{id}` | 20 min | itself, its user |
//! | [`Prompt`] | [`PromptCache`] | `prompt:{name}:v{version}` | 24 h | a publication |
//! | [`ApiResponse`] | [`ApiResponseCache`] | `api:{method}:{route}:{user}:{query}` | 10 min | its tags, its user |
//!
//! The payload is the application's own: any type that can be cached. Times can be set without a new build, by
//! `CACHE_{DOMAIN}_TTL`; the page of each record says by which name. What is sensitive is marked so: its keys appear in logs as
//! digests only. What happens in an application, and what goes with it, is in [`changes`].
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

mod ai;
mod api_response;
mod auth_config;
pub mod changes;
mod content_hash;
mod conversation;
mod device;
mod session;
mod therapy;
mod user;

pub use ai::{Analysis, AnalysisCache, Transcription, TranscriptionCache};
pub use api_response::{ApiResponse, ApiResponseCache};
pub use auth_config::{AuthConfig, AuthConfigCache};
pub use content_hash::ContentHash;
pub use conversation::{
    Conversation, ConversationCache, ConversationList, ConversationListCache, ConversationStatus,
    MessagePage, MessagePageCache,
};
pub use device::{Device, DeviceCache};
pub use session::{Session, SessionCache, UserSessions, UserSessionsCache};
pub use therapy::{CbtForm, CbtFormCache, Prompt, PromptCache, Report, ReportCache};
pub use user::{UserAuth, UserAuthCache, UserProfile, UserProfileCache};
