use cache_runtime::cached;
use serde::Serialize;

#[cached(companion)]
async fn length<T: Serialize + ToString>(value: T) -> usize {
    value.to_string().len()
}

fn main() {}
