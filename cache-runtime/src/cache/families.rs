//! What the local tier is made of.

use super::Cache;
use crate::site::discretion;
use crate::stats::Bytes;
use serde::Serialize;
use std::collections::HashMap;
use std::fmt;

/// Entries that are looked at, at most: as many as take a millisecond or two.
const SAMPLE: usize = 10_000;
/// Families that are told of one by one.
const MOST: usize = 50;

/// What this process keeps, by the first segment of keys. Displays as a table; serializes.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct KeyFamilies {
    /// The 50 largest, by their bytes.
    pub families: Vec<KeyFamily>,
    /// How many more there are.
    pub further: u64,
    /// All of these together.
    pub others: Held,
    /// Entries that were invalidated, and that nobody has asked for since. They are in none of the families.
    pub invalidated: Held,
    /// How many entries were looked at: 10,000 at most, whichever they are.
    pub looked_at: u64,
    /// How many there are.
    pub entries: u64,
}

/// Entries whose keys have the first segment in common.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct KeyFamily {
    /// The segment; a digest where a `sensitive` function may have a value in its place.
    pub name: String,
    /// What there is of it.
    #[serde(flatten)]
    pub held: Held,
}

/// Some entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Held {
    /// How many. One that stands under several keys counts as often.
    pub entries: u64,
    /// Their estimated bytes.
    pub bytes: u64,
}

impl Held {
    fn and(self, other: Held) -> Held {
        Held {
            entries: self.entries + other.entries,
            bytes: self.bytes + other.bytes,
        }
    }
}

impl Cache {
    /// What this process keeps, by the first segment of keys. Looks at 10,000 entries at most.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let cache = cache_runtime::Cache::in_memory();
    /// cache.set("user:1", "Ada".to_owned()).await;
    /// cache.set("user:2", "Grace".to_owned()).await;
    /// let families = cache.key_families();
    /// assert_eq!(families.families[0].name, "user");
    /// assert_eq!(families.families[0].held.entries, 2);
    /// # }
    /// ```
    pub fn key_families(&self) -> KeyFamilies {
        let mut by_name: HashMap<String, Held> = HashMap::new();
        let (mut invalidated, mut looked_at) = (Held::default(), 0);
        for entry in self.local().sample(SAMPLE) {
            let bytes = entry.about.weight;
            let one = Held { entries: 1, bytes };
            looked_at += 1;
            if !entry.is_current() {
                invalidated = invalidated.and(one);
                continue;
            }
            let key = entry.key();
            let name = &key[..key.find(':').unwrap_or(key.len())];
            match by_name.get_mut(name) {
                Some(held) => *held = held.and(one),
                None => _ = by_name.insert(name.to_owned(), one),
            }
        }
        let mut families: Vec<(String, Held)> = by_name.into_iter().collect();
        families.sort_by(|(a, one), (b, other)| other.bytes.cmp(&one.bytes).then(a.cmp(b)));
        let rest = families.split_off(families.len().min(MOST));
        let discretion = discretion();
        let shown = families.into_iter().map(|(name, held)| KeyFamily {
            name: discretion.shown_family(&name),
            held,
        });
        KeyFamilies {
            families: shown.collect(),
            further: rest.len() as u64,
            others: rest
                .into_iter()
                .fold(Held::default(), |all, (_, held)| all.and(held)),
            invalidated,
            looked_at,
            entries: self.local().len(),
        }
    }
}

impl fmt::Display for KeyFamilies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} entries looked at",
            self.looked_at, self.entries
        )?;
        for family in &self.families {
            write!(f, "\n    {}: {}", family.name, family.held)?;
        }
        if self.further > 0 {
            write!(f, "\n    {} more: {}", self.further, self.others)?;
        }
        match self.invalidated.entries {
            0 => Ok(()),
            _ => write!(f, "\n    invalidated: {}", self.invalidated),
        }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} entries, {}", self.entries, Bytes(self.bytes))
    }
}
