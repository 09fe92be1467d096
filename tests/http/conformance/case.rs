//! The notation of `cases.json`, which `README.md` beside it explains.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) id: String,
    #[allow(dead_code, reason = "for readers")]
    group: String,
    #[allow(dead_code, reason = "for readers")]
    origin: String,
    pub(super) kind: Importance,
    pub(super) section: String,
    pub(super) summary: String,
    pub(super) applies: bool,
    #[allow(dead_code, reason = "for readers")]
    why: Option<String>,
    #[serde(default)]
    pub(super) requires: Vec<String>,
    #[serde(default)]
    pub(super) depends_on: Vec<String>,
    #[allow(dead_code, reason = "for readers")]
    note: Option<String>,
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Importance {
    Required,
    Optimal,
    Check,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Step {
    pub(super) pause_ms: u64,
    pub(super) method: Option<String>,
    pub(super) path: Option<String>,
    pub(super) query: Option<String>,
    pub(super) host: Option<String>,
    pub(super) user: Option<String>,
    pub(super) headers: Vec<(String, Value)>,
    pub(super) body: Option<String>,
    pub(super) response: Option<Reply>,
    pub(super) background: bool,
    pub(super) join: bool,
    pub(super) settle_ms: u64,
    pub(super) client: Option<Client>,
    pub(super) setup: Value,
    pub(super) expect: Value,
    pub(super) from: Option<usize>,
    pub(super) status: Option<u16>,
    pub(super) body_is: Option<Value>,
    pub(super) never_from: Vec<usize>,
    pub(super) response_headers: BTreeMap<String, Value>,
    pub(super) handler_got: Option<HandlerGot>,
    pub(super) handler_calls: Option<usize>,
    pub(super) within_ms: Option<Within>,
    pub(super) cache_status: Option<Value>,
}

/// What the handler says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Reply {
    pub(super) status: Option<u16>,
    pub(super) headers: Vec<(String, Value)>,
    pub(super) body: Option<Value>,
    pub(super) error: Option<String>,
    pub(super) delay_ms: u64,
    pub(super) hold_until: Option<HoldUntil>,
    pub(super) force: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct HoldUntil {
    pub(super) step: usize,
    pub(super) event: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Client {
    pub(super) drop_at_once: bool,
    pub(super) drop_after_ms: Option<u64>,
    pub(super) drop_after_chunks: Option<usize>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HandlerGot {
    pub(super) has: BTreeMap<String, Value>,
    pub(super) not: Vec<String>,
    pub(super) method: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Within {
    pub(super) first_chunk: Option<u64>,
    pub(super) complete: Option<u64>,
}
