use cache_runtime::cached;
use std::rc::Rc;

#[cached(ttl = 60, swr = "1m")]
async fn bound_to_a_thread(id: u32) -> u32 {
    let id = Rc::new(id);
    std::future::ready(()).await;
    *id
}

fn main() {}
