//! Values of every kind, with every codec.

use super::{Codec, LIMIT, comes_back, comes_back_with};
use crate::codec::{DecodeError, UnknownCodec, decode, encode};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct User {
    id: u64,
    name: String,
    email: Option<String>,
    scores: Vec<f64>,
    role: Role,
    by_day: BTreeMap<String, (i32, bool)>,
    manager: Option<Box<User>>,
    unit: (),
    letter: char,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Role {
    Guest,
    Member(u32),
    Pair(i8, String),
    Owner { since: i64, of: Vec<Role> },
}

fn role() -> impl Strategy<Value = Role> {
    let leaf = prop_oneof![
        Just(Role::Guest),
        any::<u32>().prop_map(Role::Member),
        (any::<i8>(), any::<String>()).prop_map(|(a, b)| Role::Pair(a, b)),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        (any::<i64>(), prop::collection::vec(inner, 0..4))
            .prop_map(|(since, of)| Role::Owner { since, of })
    })
}

fn user() -> impl Strategy<Value = User> {
    let float = any::<f64>().prop_filter("JSON has no others", |value| value.is_finite());
    let days = prop::collection::btree_map(any::<String>(), any::<(i32, bool)>(), 0..4);
    let flat = (
        any::<(u64, String, Option<String>, char)>(),
        prop::collection::vec(float, 0..4),
        role(),
        days,
    );
    flat.prop_map(|((id, name, email, letter), scores, role, by_day)| User {
        id,
        name,
        email,
        scores,
        role,
        by_day,
        manager: None,
        unit: (),
        letter,
    })
    .prop_recursive(3, 8, 1, |inner| {
        (inner.clone(), inner).prop_map(|(user, manager)| User {
            manager: Some(Box::new(manager)),
            ..user
        })
    })
}

proptest! {
    #[test]
    fn every_value_comes_back_with_every_codec(user in user()) {
        comes_back(&user);
    }
}

#[test]
fn values_of_the_standard_library_come_back() {
    comes_back(&(u128::MAX, i128::MIN, f32::MIN_POSITIVE, f64::MAX, i8::MIN));
    comes_back(&(
        SystemTime::UNIX_EPOCH + Duration::from_millis(1_234),
        Duration::MAX,
    ));
    comes_back(&(
        Arc::new(String::from("a")),
        Box::new([1u8, 2, 3]),
        std::ops::Range { start: 1, end: 2 },
    ));
    comes_back(&HashMap::from([(
        std::net::IpAddr::from([127, 0, 0, 1]),
        vec![Some("a"); 3].len(),
    )]));
    comes_back(
        &(1..200)
            .map(|n| (n, n.to_string()))
            .collect::<HashMap<i32, String>>(),
    );
    comes_back(&(1..200).collect::<HashSet<i32>>());
    comes_back(&Some(Some(1)));
    comes_back(&Ok::<u8, String>(1));
    comes_back(&vec![(); 1_000]);
    comes_back(&((), [(); 3], None::<()>));
}

#[test]
fn numbers_that_json_does_not_have_come_back_with_the_others() {
    for codec in Codec::all().filter(|codec| !codec.is_json()) {
        let bytes = encode(&(f64::NAN, f32::INFINITY), codec, LIMIT).expect("written");
        let (nan, infinity): (f64, f32) = decode(&bytes, codec, LIMIT).expect("read");
        assert!(nan.is_nan() && infinity.is_infinite());
    }
    for codec in Codec::all().filter(|codec| !codec.describes_itself()) {
        comes_back_with(codec, &(Some(None::<u8>), None::<Option<u8>>, Some(())));
    }
}

#[cfg(feature = "json")]
#[test]
fn numbers_come_back_from_json_to_the_last_bit() {
    for value in [
        0.1,
        0.3,
        1e-300,
        5e-324,
        123_456_789.123_456_78,
        2.0f64.powi(70),
        f64::EPSILON,
    ] {
        comes_back_with(Codec::Json, &(value, value as f32));
    }
}

#[cfg(feature = "json")]
#[test]
fn what_describes_itself_comes_back_with_codecs_that_do() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Flat {
        id: u8,
        #[serde(flatten)]
        rest: HashMap<String, serde_json::Value>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tags: Vec<String>,
        shape: Shape,
        either: Either,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Shape {
        Circle { radius: f64 },
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Text(String),
    }
    for codec in Codec::all().filter(|codec| codec.describes_itself()) {
        let flat = Flat {
            id: 1,
            rest: HashMap::from([
                ("a".to_owned(), serde_json::json!([1, { "b": null }])),
                ("b".to_owned(), serde_json::json!("c")),
            ]),
            tags: Vec::new(),
            shape: Shape::Circle { radius: 1.5 },
            either: Either::Text("t".to_owned()),
        };
        comes_back_with(codec, &flat);
        comes_back_with(codec, &Either::Number(1));
    }
}

#[test]
fn nothing_may_follow_a_value() {
    for codec in Codec::all() {
        let mut bytes = encode(&(7u64, "text".to_owned()), codec, LIMIT).expect("written");
        for more in [b' ', 0, 0xc0, b'1'] {
            bytes.push(more);
            let read = decode::<(u64, String)>(&bytes, codec, LIMIT);
            assert_eq!(read, Err(DecodeError::Trailing), "{codec} {more}");
            bytes.pop();
        }
        bytes.pop();
        let read = decode::<(u64, String)>(&bytes, codec, LIMIT);
        assert_eq!(read, Err(DecodeError::Malformed), "{codec}");
    }
}

#[test]
fn codecs_are_known_by_name_and_number() {
    for codec in Codec::all() {
        assert_eq!(codec.to_string().parse(), Ok(codec));
        assert_eq!(Codec::from_id(codec.id()), Some(codec));
        assert_eq!(serde_json::to_value(codec).ok(), Some(codec.name().into()));
    }
    // For ever.
    assert_eq!(Codec::Bincode.id(), 1);
    #[cfg(feature = "postcard")]
    assert_eq!(Codec::Postcard.id(), 2);
    #[cfg(feature = "msgpack")]
    assert_eq!(Codec::MessagePack.id(), 3);
    #[cfg(feature = "json")]
    assert_eq!(Codec::Json.id(), 4);
    assert_eq!([0, 5, 15].map(Codec::from_id), [None; 3]);
    assert!(matches!(
        "Bincode".parse::<Codec>(),
        Err(UnknownCodec::Unheard { .. })
    ));
    #[cfg(not(feature = "json"))]
    assert_eq!(
        "json".parse::<Codec>().map_err(|error| error.to_string()),
        Err(
            "codec `json` is not compiled in; enable the feature `json` of cache-runtime"
                .to_owned()
        )
    );
}
