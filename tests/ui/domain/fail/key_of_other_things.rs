use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(key = "user:{id}:{profile.name}")]
struct OfAPart {
    id: u64,
    profile: Profile,
}

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(key = "user:{di}")]
struct Misspelt {
    id: u64,
}

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(key = "users")]
struct OfNone {
    id: u64,
}

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(key = "{id}:profile")]
struct WithoutName {
    id: u64,
}

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(key = "user:{id}:{id}")]
struct Twice {
    id: u64,
}

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(key = "user:~{id}")]
struct Marked {
    id: u64,
}

#[derive(Clone, Serialize, Deserialize)]
struct Profile {
    name: String,
}

fn main() {}
