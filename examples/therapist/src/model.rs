//! What the application keeps in its records. Keys, times and tags are those of `cache-domains`.

use serde::{Deserialize, Serialize};

/// Of a user, for everybody who may see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) joined: i64,
}

/// What a user may do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Auth {
    pub(crate) role: String,
    pub(crate) consents: Vec<String>,
}

/// Of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Login {
    pub(crate) device: String,
    pub(crate) since: i64,
}

/// Of a conversation, besides whose it is and whether it goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Topic {
    pub(crate) title: String,
    pub(crate) mood: String,
    pub(crate) messages: u32,
}

/// In a list of conversations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ListedTopic {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) last_message: i64,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) number: u32,
    pub(crate) from_user: bool,
    pub(crate) text: String,
}

/// A report on a user's conversations: what takes the database long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) conversations: u32,
    pub(crate) messages: u32,
    pub(crate) words: u32,
    pub(crate) moods: Vec<(String, u32)>,
}
