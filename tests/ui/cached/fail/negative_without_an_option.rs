use cache_runtime::cached;

#[cached(key = "plain:{id}", negative = "30s")]
async fn plain(id: u64) -> u64 {
    id
}

#[cached(key = "result:{id}", negative = "30s")]
async fn result(id: u64) -> Result<u64, String> {
    Ok(id)
}

type Found<T> = Result<Option<T>, String>;

#[cached(key = "alias:{id}", negative = "30s")]
async fn alias(id: u64) -> Found<u64> {
    Ok(Some(id))
}

fn main() {}
