use cache_runtime::cached;

#[cached(ttl = "5m")]
fn user(id: u64) -> u64 {
    id
}

#[cached(ttl = "5m")]
pub(crate) fn future(id: u64) -> impl Future<Output = u64> {
    async move { id }
}

fn main() {}
