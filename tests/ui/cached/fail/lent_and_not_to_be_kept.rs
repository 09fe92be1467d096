use cache_runtime::cached;

#[cached(ttl = 60, swr = "1m", skip(buffer))]
async fn changes(buffer: &mut Vec<u8>, id: u32) -> u32 {
    buffer.clear();
    id
}

#[cached(ttl = 60, early, key = "name:{name:?}")]
async fn inside(name: Option<&str>) -> u32 {
    name.map_or(0, |name| name.len() as u32)
}

#[cached(ttl = 60, swr = "1m", key = "pair:{a}:{b}")]
async fn apart(&(a, ref b): &(u32, String)) -> u32 {
    a + b.len() as u32
}

struct Counter(u32);

impl Counter {
    #[cached(ttl = 60, swr = "1m", key = "counter")]
    async fn next(&mut self) -> u32 {
        self.0 += 1;
        self.0
    }
}

fn main() {}
