//! Invalidating by hand.

use super::Shared;
use super::answer::{Answer, Failure};
use crate::invalidate::{By, Invalidated, Target, invalidate};
use crate::key::Key;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What a request says. Exactly one of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    key: Option<String>,
    pattern: Option<String>,
    tag: Option<String>,
    tags: Option<Vec<String>>,
}

/// What was done, of several tags together.
#[derive(Serialize)]
struct Done {
    /// `key …`, `pattern …`, `tag …`: as it was asked for, by somebody who knows it anyway.
    what: Vec<String>,
    #[serde(flatten)]
    done: Invalidated,
}

impl Shared {
    pub(super) async fn invalidate(&self, body: &[u8]) -> Result<Answer, Failure> {
        let targets = targets(body)?;
        let mut all: Option<Invalidated> = None;
        for (_, target) in &targets {
            let done = invalidate(&self.cache, target, By::Hand).await;
            all = Some(all.map_or(done, |all| all.and(done)));
        }
        let done = all.ok_or_else(|| refused("`tags` is empty"))?;
        let what = targets.into_iter().map(|(what, _)| what).collect();
        Ok(Answer::json(&Done { what, done }))
    }
}

/// What is wanted, in words and to be done.
fn targets(body: &[u8]) -> Result<Vec<(String, Target)>, Failure> {
    let wanted: Wanted = serde_json::from_slice(body).map_err(|why| refused(&why.to_string()))?;
    let targets: Vec<(&str, String)> = match wanted {
        Wanted {
            key: Some(key),
            pattern: None,
            tag: None,
            tags: None,
        } => vec![("key", key)],
        Wanted {
            key: None,
            pattern: Some(pattern),
            tag: None,
            tags: None,
        } => {
            vec![("pattern", pattern)]
        }
        Wanted {
            key: None,
            pattern: None,
            tag: Some(tag),
            tags: None,
        } => vec![("tag", tag)],
        Wanted {
            key: None,
            pattern: None,
            tag: None,
            tags: Some(tags),
        } => tags.into_iter().map(|tag| ("tag", tag)).collect(),
        _ => return Err(refused("none or several of them")),
    };
    let target = |(kind, name): (&str, String)| match kind {
        _ if name.is_empty() => Err(refused("an empty name means nothing")),
        "key" => Ok((format!("key {name}"), Target::Key(Key::from(name)))),
        "tag" => Ok((format!("tag {name}"), Target::tag(name))),
        _ => Ok((format!("pattern {name}"), Target::pattern(name))),
    };
    targets.into_iter().map(target).collect()
}

fn refused(why: &str) -> Failure {
    Failure::Unreadable(json!({
        "error": format!("expected exactly one of `key`, `pattern`, `tag` and `tags`: {why}"),
    }))
}
