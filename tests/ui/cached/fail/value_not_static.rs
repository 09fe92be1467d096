use cache_runtime::cached;
use serde::{Serialize, de::DeserializeOwned};

type Name = &'static str;

#[cached]
async fn reference_behind_an_alias() -> Name {
    "ada"
}

#[cached]
async fn type_parameter<T: Clone + Serialize + DeserializeOwned + Send + Sync + Default>() -> T {
    T::default()
}

fn main() {}
