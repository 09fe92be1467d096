use cache_runtime::cached;

#[cached]
async fn value<T: Default>(id: u64) -> T {
    let _ = id;
    T::default()
}

fn main() {}
