//! Types that a walk has to get through, and the text it makes of them.

use crate::schema::walk::walk;
use crate::schema::{Schema, of};
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;

fn text<T: de::DeserializeOwned>() -> String {
    walk::<T>(false).text()
}

#[test]
fn a_shape_is_told_in_serdes_words() {
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its shape matters")]
    struct User {
        id: u64,
        name: Option<String>,
        tags: Vec<(u8, bool)>,
        role: Role,
        boss: Option<Box<User>>,
    }
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its shape matters")]
    enum Role {
        Guest,
        Member(u32),
        Owner { since: i64 },
    }
    assert_eq!(
        text::<User>(),
        "struct \"User\"#0(\"id\":u64,\"name\":option#2(text,),\"tags\":sequence#3(tuple 2#7(u8,bool,),),\
         \"role\":enum \"Role\"#4(\"Guest\":unit,\"Member\":newtype \"\"#11(u32,),\"Owner\":struct \
         \"\"#12(\"since\":i64,),),\"boss\":option#5(^0,),)"
    );
}

#[test]
fn a_schema_is_made_once() {
    assert!(std::ptr::eq(of::<Vec<u8>>(), of::<Vec<u8>>()));
    assert_eq!(
        of::<Vec<HashMap<String, u8>>>().type_name,
        "Vec<HashMap<String, u8>>"
    );
}

#[test]
fn a_fingerprint_is_the_same_in_every_process_and_build() {
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its shape matters")]
    enum Answer {
        No,
        Yes { at: u64, by: Vec<String> },
    }
    // Written down once. Another number here makes every stored entry a miss.
    assert_eq!(of::<Answer>().fingerprint, 2_040_687_134_448_840_510);
    assert_eq!(
        of::<HashMap<String, Option<[i16; 3]>>>().fingerprint,
        2_710_176_147_165_882_538
    );
}

#[test]
fn types_of_the_standard_library_are_walked_whole() {
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its shape matters")]
    struct All {
        nonzero: std::num::NonZeroI128,
        address: std::net::IpAddr,
        socket: std::net::SocketAddr,
        time: std::time::SystemTime,
        duration: std::time::Duration,
        path: std::path::PathBuf,
        range: std::ops::RangeInclusive<u8>,
        bound: std::ops::Bound<String>,
        result: Result<u8, String>,
        cell: std::cell::Cell<u8>,
        lock: std::sync::RwLock<u8>,
        reversed: std::cmp::Reverse<u8>,
        wrapping: std::num::Wrapping<u8>,
        string: std::ffi::CString,
        nothing: ((), std::marker::PhantomData<u8>),
        long: [[u8; 32]; 32],
        numbers: (u8, i8, u16, i16, u32, i32, u64, i64),
        others: (f32, f64, char, bool, String, (), u128, i128),
    }
    for readable in [false, true] {
        let text = walk::<All>(readable).text();
        assert!(!text.contains('!') && !text.contains("any"), "{text}");
    }
}

/// A UUID of sorts: sixteen bytes or a text, by the format; anything else is an error.
#[derive(PartialEq, Eq, Hash)]
struct Id;

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdVisitor;
        impl Visitor<'_> for IdVisitor {
            type Value = Id;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Id, E> {
                let dashes = text.bytes().filter(|&b| b == b'-').count();
                (dashes == 4)
                    .then_some(Id)
                    .ok_or_else(|| E::custom("no id"))
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Id, E> {
                (bytes.len() == 16)
                    .then_some(Id)
                    .ok_or_else(|| E::custom("no id"))
            }
        }
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(IdVisitor)
        } else {
            deserializer.deserialize_bytes(IdVisitor)
        }
    }
}

#[test]
fn keys_that_are_hard_to_make_up_hide_nothing() {
    #[derive(Deserialize, PartialEq, Eq, Hash)]
    enum Key {
        Deep(Box<Key>),
        Both(Id, u8),
    }
    assert_eq!(text::<HashMap<Id, u8>>(), "map#0(bytes,u8,)");
    assert_eq!(walk::<HashMap<Id, u8>>(true).text(), "map#0(text,u8,)");
    let text = text::<HashMap<Key, (Id, Id, u8)>>();
    assert!(text.ends_with(",tuple 3#2(bytes,bytes,u8,),)"), "{text}");
}

/// As bytes always the same; as text by `WORDS`.
struct Written<const WORDS: bool>;

impl<'de, const WORDS: bool> Deserialize<'de> for Written<WORDS> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let done = match (deserializer.is_human_readable(), WORDS) {
            (false, _) => <[u8; 4]>::deserialize(deserializer).map(drop),
            (true, false) => u32::deserialize(deserializer).map(drop),
            (true, true) => String::deserialize(deserializer).map(drop),
        };
        done.map(|()| Written)
    }
}

#[test]
fn a_change_of_the_text_alone_counts() {
    assert_eq!(text::<Written<true>>(), text::<Written<false>>());
    assert_ne!(
        of::<Written<true>>().fingerprint,
        of::<Written<false>>().fingerprint
    );
}

/// Takes any number of numbers, and asks for `LEN`.
struct Row<const LEN: usize>;

impl<'de, const LEN: usize> Deserialize<'de> for Row<LEN> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RowVisitor;
        impl<'de> Visitor<'de> for RowVisitor {
            type Value = ();
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("numbers")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut row: A) -> Result<(), A::Error> {
                while row.next_element::<u8>()?.is_some() {}
                Ok(())
            }
        }
        deserializer
            .deserialize_tuple(LEN, RowVisitor)
            .map(|()| Row)
    }
}

#[test]
fn one_visitor_may_come_for_different_things() {
    assert_eq!(
        text::<(Row<1>, Row<2>, Row<1>)>(),
        "tuple 3#0(tuple 1#1(u8,),tuple 2#2(u8,u8,),^1,)"
    );
}

/// A struct that only takes its fields in order.
struct Ordered;

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OrderedVisitor;
        impl<'de> Visitor<'de> for OrderedVisitor {
            type Value = Ordered;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("fields")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut fields: A) -> Result<Ordered, A::Error> {
                fields.next_element::<Id>()?;
                fields.next_element::<Vec<i8>>()?;
                Ok(Ordered)
            }
        }
        deserializer.deserialize_struct("Ordered", &["a", "b"], OrderedVisitor)
    }
}

#[test]
fn a_struct_without_names_is_walked_in_order() {
    assert_eq!(
        text::<Ordered>(),
        "struct \"Ordered\"#0(\"a\":bytes,\"b\":sequence#2(i8,),)"
    );
}

/// Types as nobody should write them.
struct Hostile<const KIND: u8>;

impl<'de, const KIND: u8> Deserialize<'de> for Hostile<KIND> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match KIND {
            0 => panic!("no value will do"),
            1 => Ok(Hostile),
            2 => Err(de::Error::custom("never")),
            3 => deserializer.deserialize_map(Hostile::<KIND>),
            4 => deserializer.deserialize_tuple(usize::MAX, Hostile::<KIND>),
            5 => deserializer.deserialize_enum("", &[], Hostile::<KIND>),
            6 => deserializer.deserialize_newtype_struct("", Hostile::<KIND>),
            _ => deserializer.deserialize_seq(Hostile::<KIND>),
        }
    }
}

impl<'de, const KIND: u8> Visitor<'de> for Hostile<KIND> {
    type Value = Self;
    fn expecting(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("nothing")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        // Does not care for errors, nor for the order.
        let _ = map.next_value::<Self>();
        while let Ok(Some(_)) = map.next_key::<u8>() {}
        panic!("enough")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self, A::Error> {
        while seq.next_element::<Self>()?.is_some() {}
        Ok(self)
    }
    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Self, D::Error> {
        // Ever another type, were it not for its name.
        Self::deserialize(inner)
    }
}

#[test]
fn no_type_makes_a_walk_panic_or_go_on_for_ever() {
    let fingerprints = [
        of::<Hostile<0>>().fingerprint,
        of::<Hostile<1>>().fingerprint,
        of::<Hostile<2>>().fingerprint,
        of::<Hostile<3>>().fingerprint,
        of::<Hostile<4>>().fingerprint,
        of::<Hostile<5>>().fingerprint,
        of::<Hostile<6>>().fingerprint,
        of::<Hostile<7>>().fingerprint,
    ];
    let again = [
        Schema::walk::<Hostile<0>>().fingerprint,
        Schema::walk::<Hostile<1>>().fingerprint,
        Schema::walk::<Hostile<2>>().fingerprint,
        Schema::walk::<Hostile<3>>().fingerprint,
        Schema::walk::<Hostile<4>>().fingerprint,
        Schema::walk::<Hostile<5>>().fingerprint,
        Schema::walk::<Hostile<6>>().fingerprint,
        Schema::walk::<Hostile<7>>().fingerprint,
    ];
    assert_eq!(fingerprints, again);
}

#[test]
fn a_type_that_doubles_at_every_level_is_walked_once_a_level() {
    macro_rules! doubling {
        ($last:ident $($name:ident of $inner:ident),*) => {
            #[derive(Deserialize)]
            #[allow(dead_code, reason = "only its shape matters")]
            struct $last(u8, u8);
            $(
                #[derive(Deserialize)]
                #[allow(dead_code, reason = "only its shape matters")]
                struct $name { left: Box<$inner>, right: Vec<$inner>, both: (Box<$inner>, Box<$inner>) }
            )*
        };
    }
    doubling!(A B of A, C of B, D of C, E of D, F of E, G of F, H of G, I of H, J of I, K of J, L of K, M of L,
        N of M, O of N, P of O, Q of P, R of Q, S of R, T of S);
    assert!(!text::<H>().contains('!'), "{}", text::<H>());
    // A value of one that could stand in a tuple would be made of three to the power of nineteen others.
    let walked = walk::<T>(false);
    assert!(walked.nodes.len() < 200, "{}", walked.nodes.len());
}

#[test]
fn a_wide_type_is_walked_whole() {
    #[derive(Serialize, Deserialize)]
    enum Wide {
        A(Box<[[Option<u8>; 16]; 16]>),
        B(Box<(Wide, Wide)>),
    }
    let walked = walk::<(Wide, Vec<Wide>, [String; 32])>(false);
    assert!(!walked.text().contains('!'), "{}", walked.text());
}
