//! The expansions name everything by its full path, so that nothing in scope can get in their way.

#![deny(warnings)]
#![forbid(unsafe_code)]

use names_of_ones_own::Session;

fn main() {
    let session = Session {
        id: 1,
        user: 2,
        token: 3,
    };
    drop((
        names_of_ones_own::user(1),
        names_of_ones_own::count(1),
        names_of_ones_own::forget(1),
        names_of_ones_own::rename(1),
        names_of_ones_own::key(session.id + session.user + session.token),
    ));
}

mod names_of_ones_own {
    #![no_implicit_prelude]
    #![allow(dead_code)]

    struct Option;
    struct Some;
    struct None;
    struct Result;
    struct Ok;
    struct Err;
    struct String;
    struct Vec;
    struct Box;
    struct Arc;
    struct Cache;
    struct Key;
    mod std {}
    mod core {}
    mod alloc {}
    mod cache_runtime {}

    #[::cache_runtime::cached(ttl = 5, key = "user:{id}", tags = ["user:{id}"], tags_with = |name| ["{name}"])]
    pub async fn user(id: u64) -> ::std::result::Result<::std::option::Option<u64>, u8> {
        ::std::result::Result::Ok(::std::option::Option::Some(id))
    }

    #[::cache_runtime::cached(companion)]
    pub async fn count(id: u64) -> u64 {
        id
    }

    #[::cache_runtime::cache_invalidate("user:{id}", tags = ["user:{id}"], when = both)]
    pub async fn forget(id: u64) {}

    #[::cache_runtime::cache_put(key = "user:{id}", tags = ["user:{id}"])]
    pub async fn rename(id: u64) -> u64 {
        id
    }

    #[derive(
        ::std::clone::Clone, ::serde::Serialize, ::serde::Deserialize, ::cache_runtime::DomainCache,
    )]
    #[cache(prefix = "session", ttl = 5, tags = ["user:{user}"])]
    pub struct Session {
        #[cache(key)]
        pub id: u64,
        #[cache(tag)]
        pub user: u64,
        #[cache(lookup)]
        pub token: u64,
    }

    pub fn key(id: u64) -> ::cache_runtime::Key {
        ::cache_runtime::key!("user:{id}")
    }
}
