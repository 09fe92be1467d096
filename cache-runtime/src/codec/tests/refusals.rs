//! Values that would not come back as they were.

use super::{Codec, LIMIT, comes_back_with, refusal};
use crate::codec::{EncodeError, encode};
use serde::de::Deserializer;
use serde::ser::{SerializeSeq, SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};

fn silent() -> impl Iterator<Item = Codec> {
    Codec::all().filter(|codec| !codec.describes_itself())
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Skipping {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    a: Option<u8>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    b: Vec<u8>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum SkippingVariant {
    A {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        a: Option<u8>,
    },
}

#[test]
fn a_skipped_field_is_refused_where_it_would_leave_no_trace() {
    let empty = Skipping {
        a: None,
        b: Vec::new(),
    };
    let full = Skipping {
        a: Some(1),
        b: vec![2],
    };
    for codec in silent() {
        comes_back_with(codec, &full);
        assert_eq!(
            refusal(codec, &empty),
            Some(format!(
                "`Skipping.a` was skipped (`skip_serializing_if`), which {codec} cannot show; remove the attribute, \
                 or choose `codec = json` or `codec = msgpack`"
            ))
        );
        let refusal = refusal(codec, &vec![SkippingVariant::A { a: None }]).expect("refused");
        assert!(
            refusal.starts_with("`SkippingVariant.a` was skipped"),
            "{refusal}"
        );
    }
    for codec in Codec::all().filter(|codec| codec.describes_itself()) {
        comes_back_with(codec, &empty);
        comes_back_with(codec, &full);
        comes_back_with(codec, &SkippingVariant::A { a: None });
    }
}

/// Serialized with fewer fields than are deserialized.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct OneSided {
    a: u8,
    #[serde(skip_serializing)]
    b: u8,
    c: Vec<u8>,
}

/// Serialized with numbers of variants that mean others when they are deserialized.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Gap {
    A,
    #[serde(skip)]
    #[allow(dead_code, reason = "there to be skipped")]
    B,
    C,
    D,
}

/// Two names for one field, and for one variant, are no mismatch.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Aliased {
    #[serde(alias = "id", alias = "number")]
    a: u8,
    kind: AliasedKind,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum AliasedKind {
    #[serde(alias = "First")]
    A,
    B(u8),
}

#[test]
fn two_sides_that_do_not_match_are_found_also_in_release_builds() {
    for codec in silent() {
        let refusal = refusal(
            codec,
            &OneSided {
                a: 1,
                b: 2,
                c: vec![3],
            },
        )
        .expect("refused");
        assert!(refusal.starts_with("`OneSided` written with"), "{refusal}");
        comes_back_with(codec, &Gap::A);
        let refusal = super::refusal(codec, &vec![Gap::C, Gap::A]).expect("refused");
        assert!(refusal.starts_with("`Vec<Gap>` written with"), "{refusal}");
        assert!(super::refusal(codec, &Gap::D).is_some());
        comes_back_with(
            codec,
            &Aliased {
                a: 1,
                kind: AliasedKind::B(1),
            },
        );
        comes_back_with(codec, &AliasedKind::A);
    }
}

/// A `Serialize` written by hand, with a slip.
struct Miscounted<const OF: u8>;

impl<const OF: u8> Serialize for Miscounted<OF> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match OF {
            0 => {
                let mut fields = serializer.serialize_struct("Miscounted", 3)?;
                fields.serialize_field("a", &1u8)?;
                fields.end()
            }
            1 => {
                let mut elements = serializer.serialize_seq(Some(1))?;
                elements.serialize_element(&1u8)?;
                elements.serialize_element(&2u8)?;
                elements.end()
            }
            2 => panic!("no"),
            3 => Err(serde::ser::Error::custom("not today")),
            _ => serializer.collect_seq((0..4).filter(|n| n % 2 == 0)),
        }
    }
}

impl<'de, const OF: u8> Deserialize<'de> for Miscounted<OF> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<u8>::deserialize(deserializer).map(|_| Miscounted)
    }
}

#[test]
fn wrong_counts_errors_and_panics_of_an_implementation_are_reported() {
    for codec in Codec::all().filter(|codec| !codec.is_json()) {
        assert_eq!(
            encode(&Miscounted::<0>, codec, LIMIT),
            Err(EncodeError::WrongCount {
                container: "Miscounted",
                announced: 3,
                written: 1
            })
        );
        assert_eq!(
            encode(&Miscounted::<1>, codec, LIMIT),
            Err(EncodeError::WrongCount {
                container: "a sequence",
                announced: 1,
                written: 2
            })
        );
    }
    for codec in Codec::all() {
        assert_eq!(
            encode(&Miscounted::<2>, codec, LIMIT),
            Err(EncodeError::Panicked)
        );
        assert!(matches!(
            encode(&Miscounted::<3>, codec, LIMIT),
            Err(EncodeError::Failed(_))
        ));
    }
    assert_eq!(
        refusal(Codec::Bincode, &Miscounted::<3>).as_deref(),
        Some("the value's `Serialize` implementation, or the codec, failed: not today")
    );
    // A sequence of unknown length.
    for codec in silent() {
        assert!(matches!(
            encode(&Miscounted::<4>, codec, LIMIT),
            Err(EncodeError::Failed(_))
        ));
    }
}

#[test]
fn an_option_that_would_come_back_as_none_is_refused() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Newtype(Option<u8>);
    for codec in Codec::all().filter(|codec| codec.describes_itself()) {
        for refusal in [
            refusal(codec, &Some(None::<u8>)),
            refusal(codec, &vec![Some(())]),
            refusal(codec, &Some(Newtype(None))),
        ] {
            let refusal = refusal.expect("refused");
            assert!(
                refusal.contains("would be read back as `None`"),
                "{refusal}"
            );
        }
        comes_back_with(codec, &Some(Newtype(Some(1))));
        comes_back_with(codec, &Some(vec![None::<u8>]));
        comes_back_with(codec, &Some((None::<u8>, ())));
    }
    for codec in silent() {
        comes_back_with(codec, &Some(Newtype(None)));
    }
}

#[cfg(feature = "json")]
#[test]
fn json_is_refused_what_it_has_no_words_for() {
    for refusal in [
        refusal(Codec::Json, &f64::NAN),
        refusal(Codec::Json, &Some(f32::INFINITY)),
    ] {
        assert_eq!(
            refusal.as_deref(),
            Some("JSON has no `NaN` and no infinity; choose another codec")
        );
    }
    let null = Some(serde_json::Value::Null);
    assert!(refusal(Codec::Json, &null).is_some());
}

#[test]
fn a_value_past_the_limit_is_refused() {
    for codec in Codec::all() {
        for refusal in [
            encode(&"x".repeat(100), codec, 99),
            encode(&vec![7u8; 100], codec, 99),
            // Few bytes, but ever so many in memory.
            encode(&vec![None::<[u64; 32]>; 1_000], codec, 10_000),
        ] {
            assert!(
                matches!(refusal, Err(EncodeError::TooLarge { .. })),
                "{codec} {refusal:?}"
            );
        }
        assert!(encode(&vec![None::<[u64; 32]>; 1_000], codec, 100_000).is_ok());
        assert!(encode(&vec![7u8; 90], codec, 400).is_ok());
    }
    for codec in silent() {
        assert_eq!(
            encode(&vec![(); 10_000], codec, LIMIT),
            Err(EncodeError::Weightless { elements: 10_000 })
        );
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Tree {
    Leaf,
    Not(Box<Tree>),
    All(Vec<Tree>),
    Named { tree: Box<Tree> },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Chain {
    next: Option<Box<Chain>>,
}

fn chain(levels: usize) -> Chain {
    (1..levels).fold(Chain { next: None }, |next, _| Chain {
        next: Some(Box::new(next)),
    })
}

#[test]
fn what_is_too_deep_to_be_read_is_not_written() {
    // A level each.
    let not = |levels| (1..levels).fold(Tree::Leaf, |tree, _| Tree::Not(Box::new(tree)));
    for codec in Codec::all() {
        comes_back_with(codec, &not(127));
        let refused = encode(&not(128), codec, LIMIT);
        assert_eq!(refused, Err(EncodeError::TooDeep), "{codec}");
    }
    // Two for a variant with names, and for a list in one.
    let named = |levels| {
        (1..levels).fold(Tree::Leaf, |tree, level| match level % 2 {
            0 => Tree::Named {
                tree: Box::new(tree),
            },
            _ => Tree::All(vec![tree]),
        })
    };
    for codec in Codec::all() {
        comes_back_with(codec, &named(64));
        let refused = encode(&named(65), codec, LIMIT);
        assert_eq!(refused, Err(EncodeError::TooDeep), "{codec}");
    }
    // One and a half for a struct behind an option.
    for codec in Codec::all() {
        comes_back_with(codec, &chain(84));
        comes_back_with(codec, &chain(85));
        assert_eq!(
            encode(&chain(86), codec, LIMIT),
            Err(EncodeError::TooDeep),
            "{codec}"
        );
    }
}
