//! What is cached: a value of about 400 bytes, and how often it had to be made.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Ids that are asked for.
pub(crate) const KEYS: u64 = 1_000;

static RUNS: AtomicU64 = AtomicU64::new(0);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, hitbox_fn::CacheableResponse)]
pub(crate) struct User {
    id: u64,
    balance: i64,
    score: f64,
    age: u32,
    visits: Vec<u64>,
    bio: String,
}

impl User {
    /// What there is to know of `id`.
    pub(crate) fn of(id: u64) -> Self {
        User {
            id,
            balance: -7 * id as i64,
            // Of few bits: hitbox and multi-tier-cache keep JSON, which gives other numbers back in their last bit.
            score: id as f64 / 4.0,
            age: 20 + (id % 60) as u32,
            visits: (0..12).map(|n| 1_700_000_000 + id * 1_000 + n).collect(),
            bio: format!("{:x<240}", format!("user number {id}, who ")),
        }
    }

    /// What the body of every cached function returns. It counts.
    pub(crate) fn made(id: u64) -> Self {
        RUNS.fetch_add(1, Ordering::Relaxed);
        User::of(id)
    }
}

/// How many bodies have run in this process.
pub(crate) fn runs() -> u64 {
    RUNS.load(Ordering::Relaxed)
}

/// What a call returns.
pub(crate) trait Answer: Send + 'static {
    /// Whether it is about `id`: as much as may be looked at while time is taken.
    fn is_about(&self, id: u64) -> bool;

    /// Whether it is what there is to know of `id`.
    fn is_right(&self, id: u64) -> bool;
}

impl Answer for User {
    fn is_about(&self, id: u64) -> bool {
        self.id == id
    }

    fn is_right(&self, id: u64) -> bool {
        *self == User::of(id)
    }
}

impl Answer for Arc<User> {
    fn is_about(&self, id: u64) -> bool {
        (**self).is_about(id)
    }

    fn is_right(&self, id: u64) -> bool {
        (**self).is_right(id)
    }
}

/// A batch: of `id` and those that follow it.
impl Answer for Vec<User> {
    fn is_about(&self, id: u64) -> bool {
        self.iter()
            .zip(batch(id))
            .all(|(user, id)| user.is_about(id))
    }

    fn is_right(&self, id: u64) -> bool {
        self.iter()
            .zip(batch(id))
            .all(|(user, id)| user.is_right(id))
    }
}

/// The ids of a batch that begins with `id`; take as many as it has.
pub(crate) fn batch(id: u64) -> impl Iterator<Item = u64> {
    (id..).map(|id| id % KEYS)
}
