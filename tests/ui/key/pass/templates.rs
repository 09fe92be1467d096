//! Templates over whatever is in scope.

#![deny(warnings)]
#![forbid(unsafe_code)]

use cache_runtime::key;

struct User {
    id: u64,
    names: [&'static str; 2],
}

impl User {
    fn key(&self) -> cache_runtime::Key {
        key!("user:{self.id}:{self.names[1]}")
    }
}

fn main() {
    let (id, user) = (
        7,
        User {
            id: 7,
            names: ["ada", "b:c"],
        },
    );
    assert_eq!(key!("user:{id}").as_str(), "user:7");
    assert_eq!(key!("user:{user.id + 1}").as_str(), "user:8");
    assert_eq!(key!("{{user}}:{user.names[0].len()}").as_str(), "{user}:3");
    assert_eq!(user.key().as_str(), "user:7:b%3Ac");
    assert_eq!(key!("user:*").as_str(), "user:*");
}
