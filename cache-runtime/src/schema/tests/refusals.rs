//! Types that a codec cannot hold, and the words for it.

use crate::codec::Codec;
use crate::schema::of;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

fn refusal<T: DeserializeOwned + 'static>(codec: Codec) -> Option<String> {
    let refusal = of::<T>().suits(codec).err();
    refusal.map(|refusal| refusal.to_string())
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its shape matters")]
struct Page<T> {
    rows: Vec<T>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its shape matters")]
struct Inner {
    a: u8,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its shape matters")]
struct Flat {
    #[serde(flatten)]
    inner: Inner,
}

#[derive(Deserialize)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its shape matters")]
enum Untagged {
    A(u8),
}

#[derive(Deserialize)]
#[serde(tag = "kind")]
#[allow(dead_code, reason = "only its shape matters")]
enum Tagged {
    A { a: u8 },
}

#[derive(Deserialize)]
#[serde(tag = "kind", content = "value")]
#[allow(dead_code, reason = "only its shape matters")]
enum Adjacent {
    A(u8),
    B,
}

#[test]
fn a_type_that_needs_names_is_refused_by_codecs_without_them() {
    assert_eq!(
        refusal::<Page<Flat>>(Codec::Bincode).as_deref(),
        Some(
            "`Page<Flat>` cannot be cached with bincode: `#[serde(flatten)]` at `Page<Flat>.rows[]` needs a format \
             that describes itself; choose `codec = json` or `codec = msgpack`"
        )
    );
    for (refusal, why) in [
        (
            refusal::<Page<Untagged>>(Codec::Bincode),
            "`#[serde(untagged)]` at `Page<Untagged>.rows[]`",
        ),
        (
            refusal::<Option<Tagged>>(Codec::Bincode),
            "`#[serde(tag = …)]` at `Option<Tagged>`",
        ),
        (
            refusal::<(u8, Adjacent)>(Codec::Bincode),
            "`#[serde(tag = …, content = …)]` at `(u8, Adjacent).1`",
        ),
        (
            refusal::<HashMap<u8, serde_json::Value>>(Codec::Bincode),
            "`serde_json::Value` at `HashMap<u8, Value>[]`",
        ),
    ] {
        let refusal = refusal.expect("refused");
        assert!(refusal.contains(why), "{refusal}");
    }
}

#[test]
fn ordinary_types_suit_every_codec() {
    for codec in Codec::all() {
        assert_eq!(
            refusal::<Page<HashMap<String, Option<[u8; 4]>>>>(codec),
            None
        );
        assert_eq!(
            refusal::<HashMap<std::num::NonZeroU64, std::net::IpAddr>>(codec),
            None
        );
    }
}

#[cfg(feature = "json")]
#[test]
fn json_refuses_keys_that_are_no_text() {
    assert_eq!(
        refusal::<Page<HashMap<(u8, u8), u8>>>(Codec::Json).as_deref(),
        Some(
            "`Page<HashMap<(u8, u8), u8>>` cannot be cached with json: a map whose keys are neither text nor numbers \
             at `Page<HashMap<(u8, u8), u8>>.rows[]` has no place in JSON; choose another codec, `codec = msgpack` \
             for one"
        )
    );
    assert_eq!(refusal::<HashMap<(u8, u8), u8>>(Codec::Bincode), None);
    assert_eq!(refusal::<Page<Flat>>(Codec::Json), None);
}

#[cfg(feature = "postcard")]
#[test]
fn postcard_is_refused_what_bincode_is() {
    let refusal = refusal::<Untagged>(Codec::Postcard).expect("refused");
    assert!(
        refusal.starts_with("`Untagged` cannot be cached with postcard"),
        "{refusal}"
    );
}
