//! What models have answered, by the hash of what they were given.

use crate::ContentHash;
use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

/// A transcription. Key `ai:transcription:{hash}`, 30 days (`CACHE_AI_TRANSCRIPTION_TTL`); goes with its model
/// ([`changes::model`](crate::changes::model)). Sensitive.
///
/// The hash is of all that the answer follows from, the version of the model included: what another version has made of the
/// same recording is not found, and takes up room until its time has come or its model is invalidated.
///
/// ```
/// use cache_domains::ContentHash;
///
/// let recording = b"...";
/// let hash = ContentHash::of_all([&recording[..], b"whisper-2"]);
/// assert_ne!(hash, ContentHash::of_all([&recording[..], b"whisper-1"]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "ai:transcription", ttl = "30d", sensitive)]
pub struct Transcription<Text> {
    /// Of the recording and the model.
    #[cache(key)]
    pub hash: ContentHash,
    /// Which model, in which version.
    #[cache(tag = "ai-model:{model}")]
    pub model: String,
    /// What the application keeps of the answer.
    pub transcription: Text,
}

/// An analysis. Key `ai:analysis:{hash}`, for ever (`CACHE_AI_ANALYSIS_TTL`); goes with its model
/// ([`changes::model`](crate::changes::model)) or its prompt ([`changes::prompt`](crate::changes::prompt)). Sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "ai:analysis", ttl = forever, sensitive)]
pub struct Analysis<Findings> {
    /// Of what is analysed, the model and the prompt.
    #[cache(key)]
    pub hash: ContentHash,
    /// Which model, in which version.
    #[cache(tag = "ai-model:{model}")]
    pub model: String,
    /// Which prompt.
    #[cache(tag = "prompt:{prompt}")]
    pub prompt: String,
    /// What the application keeps of the answer.
    pub findings: Findings,
}
