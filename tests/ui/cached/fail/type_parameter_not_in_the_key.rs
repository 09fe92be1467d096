use cache_runtime::cached;

trait Table {
    const NAME: &'static str;
}

#[cached(key = "count")]
async fn count<T: Table>() -> u64 {
    T::NAME.len() as u64
}

#[cached(key = "first:{id}")]
async fn first<const N: usize>(id: u64) -> u64 {
    id + N as u64
}

#[cached(key = "all:{T::NAME}:{N}")]
async fn in_the_key<T: Table, const N: usize>() -> u64 {
    T::NAME.len() as u64
}

#[cached]
async fn default_key<T: Table>() -> u64 {
    T::NAME.len() as u64
}

#[cached(key = "any", skip(T))]
async fn skipped<T: Table>() -> u64 {
    1
}

#[cached(key = "argument:{id}", skip(table))]
async fn told_by_an_argument<T: Table + Sync>(table: &T, id: u64) -> u64 {
    let _ = table;
    id
}

fn main() {}
