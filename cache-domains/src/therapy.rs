//! Forms, reports and prompts of a therapy.

use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

/// A form of cognitive behavioural therapy, filled in during a session. Key `cbt:{session_id}`, 1 hour (`CACHE_CBT_TTL`); goes
/// with its session by the tag `session:{session_id}` ([`changes::session`](crate::changes::session)), and with the user's by
/// `user:{user_id}`. Sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "cbt", ttl = "1h", sensitive)]
pub struct CbtForm<Form> {
    /// During which session.
    #[cache(key, tag = "session:{session_id}")]
    pub session_id: String,
    /// Who filled it in.
    #[cache(tag = "user:{user_id}")]
    pub user_id: String,
    /// What was filled in.
    pub form: Form,
}

/// A report on a session. Key `report:{session_id}:{id}`, 2 hours (`CACHE_REPORT_TTL`); goes with its session by the tag
/// `session:{session_id}` ([`changes::session`](crate::changes::session)), with the user's by `user:{user_id}`, or by itself.
/// Sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "report", ttl = "2h", sensitive)]
pub struct Report<Content> {
    /// On which session.
    #[cache(key, tag = "session:{session_id}")]
    pub session_id: String,
    /// The report's identifier.
    #[cache(key)]
    pub id: String,
    /// On whom.
    #[cache(tag = "user:{user_id}")]
    pub user_id: String,
    /// What it says.
    pub report: Content,
}

/// A version of a prompt. Key `prompt:{name}:v{version}`, 24 hours (`CACHE_PROMPT_TTL`); all versions go when one is published,
/// by the tag `prompt:{name}` ([`changes::prompt`](crate::changes::prompt)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DomainCache)]
#[cache(key = "prompt:{name}:v{version}", ttl = "24h")]
pub struct Prompt<Text> {
    /// The prompt's name.
    #[cache(tag = "prompt:{name}")]
    pub name: String,
    /// Which version.
    pub version: u32,
    /// What it says.
    pub prompt: Text,
}
