use cache_runtime::cached;

struct Page {
    number: u32,
}

#[cached(key = "user:{di}:{page.number}")]
async fn beside_a_field(id: u64, page: Page) -> u64 {
    id + u64::from(page.number)
}

#[cached(key = "user:{id}:{pgae.number}")]
async fn before_a_field(id: u64, page: Page) -> u64 {
    id + u64::from(page.number)
}

#[cached(key = "user:{self.name}:{id}")]
async fn without_a_receiver(id: u64) -> u64 {
    id
}

fn main() {}
