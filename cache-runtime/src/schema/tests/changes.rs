//! Changes that somebody makes to a type while entries of the old one are stored.
//!
//! After a change that `differs`, old entries are misses. After one that is `same`, they are read, as they always
//! could be: the bytes mean the same.

use crate::schema::of;
use serde::{Deserialize, Serialize};

macro_rules! changes {
    ($($change:ident: { $($before:item)* } => { $($after:item)* } $verdict:ident;)*) => {
        $(
            #[allow(dead_code, unreachable_pub, reason = "only their shapes matter")]
            mod $change {
                pub(super) mod before {
                    #[allow(unused_imports, reason = "most need none")]
                    use super::super::*;
                    $(#[derive(Serialize, Deserialize)] $before)*
                }
                pub(super) mod after {
                    #[allow(unused_imports, reason = "most need none")]
                    use super::super::*;
                    $(#[derive(Serialize, Deserialize)] $after)*
                }
            }
        )*

        #[test]
        fn old_entries_are_read_only_where_they_mean_the_same() {
            let changes = [$((
                stringify!($change),
                of::<$change::before::T>().fingerprint,
                of::<$change::after::T>().fingerprint,
                stringify!($verdict),
            )),*];
            for (change, before, after, verdict) in changes {
                assert_eq!(before == after, verdict == "same", "{change}");
            }
            assert!(changes.len() >= 50);
        }
    };
}

type Map<K, V> = std::collections::HashMap<K, V>;
type Sorted<K, V> = std::collections::BTreeMap<K, V>;
type Set<T> = std::collections::BTreeSet<T>;

changes! {
    field_added: { pub struct T { a: u32 } } => { pub struct T { a: u32, b: u32 } } differs;
    field_removed: { pub struct T { a: u32, b: u32 } } => { pub struct T { a: u32 } } differs;
    fields_of_one_type_reordered: { pub struct T { a: u32, b: u32 } } => { pub struct T { b: u32, a: u32 } } differs;
    fields_reordered: { pub struct T { a: u32, b: bool } } => { pub struct T { b: bool, a: u32 } } differs;
    field_renamed: { pub struct T { a: u32 } } => { pub struct T { b: u32 } } differs;
    field_renamed_for_serde: { pub struct T { a: u32 } } => { pub struct T { #[serde(rename = "b")] a: u32 } } differs;
    fields_renamed_for_serde: { pub struct T { a_b: u32 } }
        => { #[serde(rename_all = "camelCase")] pub struct T { a_b: u32 } } differs;
    field_skipped: { pub struct T { a: u32, b: u32 } } => { pub struct T { a: u32, #[serde(skip)] b: u32 } } differs;
    signed: { pub struct T { a: u32 } } => { pub struct T { a: i32 } } differs;
    widened: { pub struct T { a: u32 } } => { pub struct T { a: u64 } } differs;
    widened_twice: { pub struct T { a: u64 } } => { pub struct T { a: u128 } } differs;
    float_widened: { pub struct T { a: f32 } } => { pub struct T { a: f64 } } differs;
    number_to_text: { pub struct T { a: u32 } } => { pub struct T { a: String } } differs;
    text_to_bytes: { pub struct T { a: String } } => { pub struct T { a: Vec<u8> } } differs;
    text_to_character: { pub struct T { a: String } } => { pub struct T { a: char } } differs;
    bool_to_number: { pub struct T { a: bool } } => { pub struct T { a: u8 } } differs;
    option_added: { pub struct T { a: u32 } } => { pub struct T { a: Option<u32> } } differs;
    option_removed: { pub struct T { a: Option<u32> } } => { pub struct T { a: u32 } } differs;
    option_doubled: { pub struct T { a: Option<u32> } } => { pub struct T { a: Option<Option<u32>> } } differs;
    variants_reordered: { pub enum T { A, B } } => { pub enum T { B, A } } differs;
    variant_added_in_the_middle: { pub enum T { A, C } } => { pub enum T { A, B, C } } differs;
    variant_added_at_the_end: { pub enum T { A, B } } => { pub enum T { A, B, C } } differs;
    variant_removed: { pub enum T { A, B } } => { pub enum T { B } } differs;
    variant_renamed: { pub enum T { A, B } } => { pub enum T { A, C } } differs;
    variant_renamed_for_serde: { pub enum T { A } } => { pub enum T { #[serde(rename = "a")] A } } differs;
    variant_retyped: { pub enum T { A(u32) } } => { pub enum T { A(i32) } } differs;
    last_variant_retyped: { pub enum T { A, B, C(u32) } } => { pub enum T { A, B, C(u64) } } differs;
    variant_given_content: { pub enum T { A, B } } => { pub enum T { A(u32), B } } differs;
    variant_given_two: { pub enum T { A(u32) } } => { pub enum T { A(u32, u32) } } differs;
    variant_given_names: { pub enum T { A(u32) } } => { pub enum T { A { a: u32 } } } differs;
    field_of_a_variant_renamed: { pub enum T { A { a: u32 } } } => { pub enum T { A { b: u32 } } } differs;
    fields_of_a_variant_reordered: { pub enum T { A { a: u32, b: u32 } } }
        => { pub enum T { A { b: u32, a: u32 } } } differs;
    struct_to_tuple_struct: { pub struct T { a: u32, b: u32 } } => { pub struct T(u32, u32); } differs;
    struct_to_newtype: { pub struct T { a: u32 } } => { pub struct T(u32); } differs;
    struct_to_enum: { pub struct T { a: u32 } } => { pub enum T { A(u32) } } differs;
    unit_struct_to_empty_struct: { pub struct T; } => { pub struct T {} } differs;
    struct_renamed_for_serde: { pub struct T { a: u32 } }
        => { #[serde(rename = "U")] pub struct T { a: u32 } } differs;
    newtype_added: { pub struct Id(u64); pub struct T { a: u64 } }
        => { pub struct Id(u64); pub struct T { a: Id } } differs;
    newtype_renamed: { pub struct Id(u64); pub struct T { a: Id } }
        => { pub struct Key(u64); pub struct T { a: Key } } differs;
    newtype_retyped: { pub struct Id(u64); pub struct T { a: Id } }
        => { pub struct Id(i64); pub struct T { a: Id } } differs;
    nested_field_added: { pub struct N { a: u32 } pub struct T { n: N } }
        => { pub struct N { a: u32, b: u32 } pub struct T { n: N } } differs;
    nested_fields_reordered: { pub struct N { a: u32, b: u32 } pub struct T { n: N } }
        => { pub struct N { b: u32, a: u32 } pub struct T { n: N } } differs;
    nested_in_an_option: { pub struct N { a: u32 } pub struct T { n: Option<N> } }
        => { pub struct N { a: i32 } pub struct T { n: Option<N> } } differs;
    nested_in_a_list: { pub struct N { a: u32 } pub struct T { n: Vec<N> } }
        => { pub struct N { a: i32 } pub struct T { n: Vec<N> } } differs;
    nested_in_a_list_of_lists: { pub struct N { a: u32 } pub struct T { n: Vec<Vec<N>> } }
        => { pub struct N { a: i32 } pub struct T { n: Vec<Vec<N>> } } differs;
    nested_in_a_map: { pub struct N { a: u32 } pub struct T { n: Map<String, N> } }
        => { pub struct N { a: i32 } pub struct T { n: Map<String, N> } } differs;
    nested_in_a_key: {
        #[derive(PartialEq, Eq, PartialOrd, Ord)] pub struct N { a: u32 }
        pub struct T { n: Sorted<N, String> }
    } => {
        #[derive(PartialEq, Eq, PartialOrd, Ord)] pub struct N { a: i32 }
        pub struct T { n: Sorted<N, String> }
    } differs;
    nested_in_a_set: {
        #[derive(PartialEq, Eq, PartialOrd, Ord)] pub struct N { a: u32 }
        pub struct T { n: Set<N> }
    } => {
        #[derive(PartialEq, Eq, PartialOrd, Ord)] pub struct N { a: i32 }
        pub struct T { n: Set<N> }
    } differs;
    nested_last_in_a_tuple: { pub struct N { a: u32 } pub struct T { n: (String, u8, N) } }
        => { pub struct N { a: i32 } pub struct T { n: (String, u8, N) } } differs;
    nested_in_a_tuple_struct: { pub struct N { a: u32 } pub struct T(String, Option<u8>, N); }
        => { pub struct N { a: i32 } pub struct T(String, Option<u8>, N); } differs;
    nested_in_a_variant: { pub struct N { a: u32 } pub enum T { A(u8), B(u8, N), C { n: u8 } } }
        => { pub struct N { a: i32 } pub enum T { A(u8), B(u8, N), C { n: u8 } } } differs;
    behind_a_value_that_is_hard_to_make_up: { pub struct T((std::net::Ipv4Addr, std::num::NonZeroU8, Hard, u32)); }
        => { pub struct T((std::net::Ipv4Addr, std::num::NonZeroU8, Hard, i32)); } differs;
    behind_a_recursive_value: { pub enum T { Not(Box<T>), And(Box<T>, Box<T>, u32), Is(u8) } }
        => { pub enum T { Not(Box<T>), And(Box<T>, Box<T>, i32), Is(u8) } } differs;
    in_a_recursive_type: { pub struct T { next: Option<Box<T>>, a: u32 } }
        => { pub struct T { next: Option<Box<T>>, a: i32 } } differs;
    recursion_moved: { pub struct N { t: Option<Box<N>> } pub struct T { n: N, m: Option<N> } }
        => { pub struct N { t: Option<Box<T>> } pub struct T { n: N, m: Option<N> } } differs;
    list_to_map: { pub struct T { a: Vec<(u8, u8)> } } => { pub struct T { a: Map<u8, u8> } } differs;
    list_to_array: { pub struct T { a: Vec<u8> } } => { pub struct T { a: [u8; 4] } } differs;
    array_longer: { pub struct T { a: [u8; 4] } } => { pub struct T { a: [u8; 5] } } differs;
    tuple_longer: { pub struct T { a: (u8, u8) } } => { pub struct T { a: (u8, u8, u8) } } differs;
    tuple_retyped: { pub struct T { a: (u8, u8) } } => { pub struct T { a: (u8, i8) } } differs;
    tuple_reordered: { pub struct T { a: (u8, bool) } } => { pub struct T { a: (bool, u8) } } differs;
    argument_of_a_type: { pub struct P<A> { a: A } pub struct T { p: P<u32> } }
        => { pub struct P<A> { a: A } pub struct T { p: P<i32> } } differs;
    argument_of_the_second_of_two: { pub struct P<A> { a: A } pub struct T { p: P<u8>, q: P<u32> } }
        => { pub struct P<A> { a: A } pub struct T { p: P<u8>, q: P<i32> } } differs;
    one_name_for_two_types: {
        #[serde(rename = "N")] pub struct M { a: u32 }
        pub struct N { a: u32 }
        pub struct T { n: N, m: M }
    } => {
        #[serde(rename = "N")] pub struct M { a: i32 }
        pub struct N { a: u32 }
        pub struct T { n: N, m: M }
    } differs;
    tag_and_content: { pub enum T { A(u32), B(u32) } }
        => { #[serde(tag = "t", content = "c")] pub enum T { A(u32), B(u32) } } differs;
    content_of_the_last_variant: { #[serde(tag = "t", content = "c")] pub enum T { A, B(u32) } }
        => { #[serde(tag = "t", content = "c")] pub enum T { A, B(i32) } } differs;
    tag_renamed: { #[serde(tag = "t", content = "c")] pub enum T { A(u32) } }
        => { #[serde(tag = "kind", content = "c")] pub enum T { A(u32) } } differs;
    tagged: { pub enum T { A { a: u32 } } } => { #[serde(tag = "t")] pub enum T { A { a: u32 } } } differs;
    untagged: { pub enum T { A { a: u32 } } } => { #[serde(untagged)] pub enum T { A { a: u32 } } } differs;
    flattened: { pub struct N { a: u32 } pub struct T { n: N } }
        => { pub struct N { a: u32 } pub struct T { #[serde(flatten)] n: N } } differs;
    time_to_duration: { pub struct T { a: std::time::SystemTime } }
        => { pub struct T { a: std::time::Duration } } differs;

    // Only codecs that write names hold these. What is read is what was written, or an error.
    inside_a_tagged_enum: { #[serde(tag = "t")] pub enum T { A { a: u32 } } }
        => { #[serde(tag = "t")] pub enum T { A { a: i32 } } } same;
    inside_an_untagged_enum: { #[serde(untagged)] pub enum T { A { a: u32 } } }
        => { #[serde(untagged)] pub enum T { A { a: i32 } } } same;
    // The same bytes, whatever the codec.
    nothing: { pub struct T { a: u32 } } => { pub struct T { a: u32 } } same;
    boxed: { pub struct N { a: u32 } pub struct T { n: N } }
        => { pub struct N { a: u32 } pub struct T { n: Box<N> } } same;
    shared: { pub struct N { a: u32 } pub struct T { n: N } }
        => { pub struct N { a: u32 } pub struct T { n: std::sync::Arc<N> } } same;
    text_of_another_kind: { pub struct T { a: String } } => { pub struct T { a: Box<str> } } same;
    list_of_another_kind: { pub struct T { a: Vec<u8> } } => { pub struct T { a: std::collections::VecDeque<u8> } } same;
    list_to_set: { pub struct T { a: Vec<u8> } } => { pub struct T { a: Set<u8> } } same;
    map_of_another_kind: { pub struct T { a: Map<u8, u8> } } => { pub struct T { a: Sorted<u8, u8> } } same;
    nonzero: { pub struct T { a: u32 } } => { pub struct T { a: std::num::NonZeroU32 } } same;
    usize_to_u64: { pub struct T { a: usize } } => { pub struct T { a: u64 } } same;
    transparent: { pub struct Id(u64); pub struct T { a: u64 } }
        => { #[serde(transparent)] pub struct Id(u64); pub struct T { a: Id } } same;
    type_renamed_but_not_for_serde: { pub struct N { a: u32 } pub struct T { n: N } }
        => { #[serde(rename = "N")] pub struct M { a: u32 } pub struct T { n: M } } same;
    a_default: { pub struct T { a: u32 } } => { pub struct T { #[serde(default)] a: u32 } } same;
}

/// Refuses what is not three bytes long, and says so only after it has read.
#[derive(Serialize, Deserialize)]
#[serde(try_from = "String")]
struct Hard(String);

impl TryFrom<String> for Hard {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        assert!(!text.is_empty(), "nobody sends nothing");
        if text.len() == 3 {
            Ok(Hard(text))
        } else {
            Err("not a currency")
        }
    }
}

/// What the fingerprint is for.
#[test]
fn some_changes_would_be_read_as_wrong_values_without_a_fingerprint() {
    use crate::codec::{Codec, decode, encode};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename = "Account")]
    struct Before {
        balance: u32,
        limit: u32,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename = "Account")]
    struct Reordered {
        limit: u32,
        balance: u32,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename = "Account")]
    struct Signed {
        balance: i32,
        limit: i32,
    }
    let before = Before {
        balance: 10,
        limit: 50,
    };
    let bytes = encode(&before, Codec::Bincode, 100).expect("written");
    let reordered = decode(&bytes, Codec::Bincode, 100);
    assert_eq!(
        reordered,
        Ok(Reordered {
            limit: 10,
            balance: 50
        })
    );
    let signed = decode(&bytes, Codec::Bincode, 100);
    assert_eq!(
        signed,
        Ok(Signed {
            balance: 5,
            limit: 25
        })
    );

    let before = of::<Before>().fingerprint;
    assert_ne!(of::<Reordered>().fingerprint, before);
    assert_ne!(of::<Signed>().fingerprint, before);
}

#[test]
fn what_is_the_same_is_read_from_old_bytes() {
    use crate::codec::{Codec, decode, encode};

    for codec in Codec::all() {
        let old = (vec![1u8, 2], "text".to_owned(), 7u64, Some(3usize));
        let bytes = encode(&old, codec, 100).expect("written");
        type New = (Set<u8>, Box<str>, std::num::NonZeroU64, Option<Box<u64>>);
        assert_eq!(
            of::<(Vec<u8>, String, u64, Option<usize>)>().fingerprint,
            of::<New>().fingerprint
        );
        let new: Result<New, _> = decode(&bytes, codec, 100);
        let (set, text, number, option) = new.expect("read");
        assert_eq!(
            (set.len(), &*text, number.get(), option),
            (2, "text", 7, Some(Box::new(3)))
        );
    }
}
