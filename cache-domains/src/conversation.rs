//! Conversations, lists of them, and their messages in pages.

use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Whether a conversation goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConversationStatus {
    /// It does: cached for 5 minutes.
    Active,
    /// It is over: cached for 24 hours.
    Completed,
}

impl ConversationStatus {
    /// How long a conversation with this status is cached.
    pub const fn ttl(self) -> Duration {
        match self {
            ConversationStatus::Active => Duration::from_secs(5 * 60),
            ConversationStatus::Completed => Duration::from_secs(24 * 60 * 60),
        }
    }
}

/// A conversation. Key `conversation:{id}`, as long as its [status](ConversationStatus::ttl) says (`CACHE_CONVERSATION_TTL`
/// for both); goes with a new message or another status ([`changes::conversation`](crate::changes::conversation)), and with
/// the user's by the tag `user:{user_id}`. Sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DomainCache)]
#[cache(
    prefix = "conversation",
    ttl_with = |conversation| conversation.status.ttl(),
    tags = ["conversation:{id}"],
    sensitive
)]
pub struct Conversation<Content> {
    /// The conversation's identifier.
    #[cache(key)]
    pub id: String,
    /// Whose it is.
    #[cache(tag = "user:{user_id}")]
    pub user_id: String,
    /// Whether it goes on.
    pub status: ConversationStatus,
    /// The application's own part.
    pub content: Content,
}

/// Some of a user's conversations. Key `user-conversations:{user_id}:{selection}`, 10 minutes
/// (`CACHE_USER_CONVERSATIONS_TTL`); goes with a new message or another status of one of them
/// ([`changes::conversation`](crate::changes::conversation)), and with the user's by the tag `user:{user_id}`. Sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DomainCache)]
#[cache(
    prefix = "user-conversations",
    ttl = "10m",
    tags = ["user:{user_id}", "user-conversations:{user_id}"],
    sensitive
)]
pub struct ConversationList<Item> {
    /// Whose they are.
    #[cache(key)]
    pub user_id: String,
    /// Which of them: a page, a filter, an order.
    #[cache(key)]
    pub selection: String,
    /// What the application tells of each.
    pub conversations: Vec<Item>,
}

/// A page of the messages of a conversation. Key `messages:{conversation_id}:page:{page}`, 15 minutes (`CACHE_MESSAGE_TTL`);
/// all pages go with a new message, by the tag `conversation:{conversation_id}`
/// ([`changes::conversation`](crate::changes::conversation)), and with the user's by the tag `user:{user_id}`. Sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DomainCache)]
#[cache(
    key = "messages:{conversation_id}:page:{page}",
    domain = "message",
    ttl = "15m",
    sensitive
)]
pub struct MessagePage<Message> {
    /// Whose messages they are.
    #[cache(tag = "conversation:{conversation_id}")]
    pub conversation_id: String,
    /// Which page.
    pub page: u32,
    /// Whose conversation it is.
    #[cache(tag = "user:{user_id}")]
    pub user_id: String,
    /// The messages.
    pub messages: Vec<Message>,
}
