//! The shape of a type, as its `Deserialize` implementation tells it: a fingerprint that entries carry, so that bytes
//! of another shape are never read, and whether a codec can hold the type at all.
//!
//! A type is walked by deserializing it from nothing: a recording deserializer notes what is asked for and answers
//! with made-up values, one path at a time, until every field and every variant has been seen. What is hashed are
//! serde's words (kinds, names, their order), nothing of the compiler's; so processes, builds and platforms agree.
//!
//! The walk does not see what a type does with a value once it has it: seconds that become milliseconds need a new
//! `version` of the cached function. Neither does it see inside what describes itself (`untagged`, `tag`,
//! `flatten`): such data carries its names.

mod explore;
mod name;
mod produce;
mod search;
mod shape;
#[cfg(test)]
mod tests;
mod walk;

use crate::codec::Codec;
use name::short_name;
use serde::de::DeserializeOwned;
use shape::Kind;
use std::any::{TypeId, type_name};
use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};
use walk::{Walk, walk};
use xxhash_rust::xxh3::xxh3_64;

/// What is known of a type.
pub(crate) struct Schema {
    /// Of types with different shapes different, hence of what is read from the same bytes.
    pub(crate) fingerprint: u64,
    /// For people.
    pub(crate) type_name: &'static str,
    /// What an element of any of its lists, or a key or value of its maps, takes in memory at most. Inside data that
    /// describes itself nobody sees them; there they are values of a small enum.
    pub(crate) largest_element: usize,
    /// Where it asks for data that describes itself, and with what.
    self_describing: Option<(String, &'static str)>,
    /// A map that has no place in JSON.
    keys_beside_text: Option<String>,
    /// How many fields the structs of a name read.
    fields: HashMap<&'static str, Vec<usize>, foldhash::fast::FixedState>,
    /// The variants of the enums of a name, in their order.
    variants: HashMap<&'static str, Vec<&'static [&'static str]>, foldhash::fast::FixedState>,
}

/// That of `T`, found out at the first call.
pub(crate) fn of<T: DeserializeOwned + 'static>() -> &'static Schema {
    type Table = HashMap<TypeId, &'static Schema, foldhash::fast::FixedState>;
    static TABLE: LazyLock<RwLock<Table>> = LazyLock::new(RwLock::default);

    let id = TypeId::of::<T>();
    let known = TABLE.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(schema) = known.get(&id) {
        return schema;
    }
    // Not under the lock: the walk runs code of users.
    drop(known);
    let schema = Schema::walk::<T>();
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    table
        .entry(id)
        .or_insert_with(|| Box::leak(Box::new(schema)))
}

impl Schema {
    fn walk<T: DeserializeOwned>() -> Self {
        let type_name = short_name(type_name::<T>());
        // Types may look different in text (a UUID, an address); a change of either form counts.
        let (binary, readable) = (walk::<T>(false), walk::<T>(true));
        let text = format!("{}\n{}", binary.text(), readable.text());
        let mut schema = Schema {
            fingerprint: xxh3_64(text.as_bytes()),
            largest_element: binary.largest_element.max(readable.largest_element).max(64),
            self_describing: binary
                .any
                .map(|(at, with)| (binary.path(at, &type_name), with)),
            keys_beside_text: readable
                .keys_beside_text()
                .map(|at| readable.path(at, &type_name)),
            fields: HashMap::default(),
            variants: HashMap::default(),
            type_name: Box::leak(type_name.into_boxed_str()),
        };
        schema.note(&binary);
        schema
    }

    fn note(&mut self, walk: &Walk) {
        for node in &walk.nodes {
            match node.kind {
                Kind::Struct(name, fields) => {
                    self.fields.entry(name).or_default().push(fields.len());
                }
                Kind::Enum(name, variants) => {
                    self.variants.entry(name).or_default().push(variants);
                }
                _ => {}
            }
        }
    }

    /// Whether values can be written with `codec` and read again.
    pub(crate) fn suits(&self, codec: Codec) -> Result<(), Unsuited> {
        let (place, why, instead) = match (&self.self_describing, &self.keys_beside_text) {
            (Some((path, with)), _) if !codec.describes_itself() => (
                path,
                *with,
                "needs a format that describes itself; choose `codec = json` or `codec = msgpack`",
            ),
            (_, Some(path)) if codec.is_json() => (
                path,
                "a map whose keys are neither text nor numbers",
                "has no place in JSON; choose another codec, `codec = msgpack` for one",
            ),
            _ => return Ok(()),
        };
        Err(Unsuited {
            type_name: self.type_name,
            codec,
            why: format!("{why} at `{place}` {instead}"),
        })
    }

    /// Whether structs of this name are known, and none of them reads so many fields.
    #[inline]
    pub(crate) fn knows_other_fields(&self, name: &str, count: usize) -> bool {
        let known = self.fields.get(name);
        known.is_some_and(|counts| !counts.contains(&count))
    }

    /// Whether enums of this name are known, and in none of them `variant` has this number.
    #[inline]
    pub(crate) fn knows_other_variant(&self, name: &str, index: u32, variant: &str) -> bool {
        let is_there = |variants: &&[&'static str]| {
            let found = usize::try_from(index)
                .ok()
                .and_then(|index| variants.get(index));
            found.is_some_and(|known| *known == variant)
        };
        let known = self.variants.get(name);
        known.is_some_and(|known| !known.iter().any(is_there))
    }
}

/// A type that a codec cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{type_name}` cannot be cached with {codec}: {why}")]
pub(crate) struct Unsuited {
    pub(crate) type_name: &'static str,
    codec: Codec,
    why: String,
}
