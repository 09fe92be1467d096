//! Different calls never share an entry, and an invalidation means what it says.

use cache_runtime::{Cache, KeyBuilder, cache_invalidate, cached};
use serde::Serialize;

fn part<T: Serialize>(value: &T) -> String {
    KeyBuilder::new(0).part(value).finish().as_str().to_owned()
}

#[test]
fn a_number_and_a_text_in_one_type_do_not_look_alike() {
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Id {
        Number(u64),
        Text(String),
    }
    use serde_json::json;
    let mut alike = Vec::new();
    if part(&Id::Number(1)) == part(&Id::Text("1".to_owned())) {
        alike.push("untagged 1 and \"1\"");
    }
    for (a, b, name) in [
        (json!(1), json!("1"), "json 1 and \"1\""),
        (json!(true), json!("true"), "json true and \"true\""),
        (json!(null), json!("()"), "json null and \"()\""),
    ] {
        if part(&a) == part(&b) {
            alike.push(name);
        }
    }
    assert!(alike.is_empty(), "{alike:?}");
}

#[tokio::test]
async fn a_json_number_and_a_json_text_are_different_questions() {
    #[cached]
    async fn kind(filter: serde_json::Value) -> String {
        format!("{filter}")
    }
    assert_eq!(kind(serde_json::json!("1")).await, "\"1\"");
    assert_eq!(kind(serde_json::json!(1)).await, "1");
}

#[tokio::test]
async fn functions_of_one_name_in_two_blocks_do_not_meet() {
    let first = {
        #[cached]
        async fn load(id: u32) -> String {
            format!("first {id}")
        }
        load(1).await
    };
    let second = {
        #[cached]
        async fn load(id: u32) -> String {
            format!("second {id}")
        }
        load(1).await
    };
    assert_eq!((&*first, &*second), ("first 1", "second 1"));
}

/// The same in anonymous constants, where macros put the items they make.
trait Load {
    fn load(id: u32) -> impl Future<Output = String>;
}
struct A;
struct B;
macro_rules! loader {
    ($type:ident) => {
        const _: () = {
            #[cached]
            async fn load(id: u32) -> String {
                format!("{} {id}", stringify!($type))
            }
            impl Load for $type {
                fn load(id: u32) -> impl Future<Output = String> {
                    load(id)
                }
            }
        };
    };
}
loader!(A);
loader!(B);

#[tokio::test]
async fn functions_of_one_name_in_two_anonymous_constants_do_not_meet() {
    assert_eq!((&*A::load(1).await, &*B::load(1).await), ("A 1", "B 1"));
}

#[tokio::test]
async fn an_argument_in_capitals_is_in_the_key() {
    #[allow(non_snake_case, reason = "a formula reads better so")]
    #[cached]
    async fn square(N: u32) -> u32 {
        N * N
    }
    assert_eq!(square(2).await, 4);
    assert_eq!(square(3).await, 9);
}

#[tokio::test]
async fn a_pattern_with_a_part_that_cannot_be_written_means_nothing() {
    struct Broken;
    impl Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no"))
        }
    }
    #[cache_invalidate("broken:{which}*")]
    async fn forget(which: Broken) {
        let _ = which;
    }
    Cache::global().set("broken:1", 1).await;
    forget(Broken).await;
    assert!(Cache::global().contains("broken:1").await);
}

#[test]
fn an_unattended_function_with_the_default_ttl_is_named() {
    #[cached(key = "unattended-default:{id}")]
    async fn unattended_default(id: u32) -> u32 {
        id
    }
    #[cached(key = "unattended-explicit:{id}", ttl = 300)]
    async fn unattended_explicit(id: u32) -> u32 {
        id
    }
    let _ = (unattended_default(1), unattended_explicit(1));
    let wiring = cache_runtime::wiring();
    let problems = wiring
        .check()
        .unattended_longer_than(std::time::Duration::from_secs(1))
        .problems();
    let named = |name: &str| {
        problems
            .iter()
            .any(|problem| problem.to_string().contains(name))
    };
    assert!(named("unattended_explicit"));
    assert!(named("unattended_default"), "{problems:#?}");
}
