use cache_runtime::cached;
use std::rc::Rc;

#[cached]
async fn name(id: u64) -> String {
    let id = Rc::new(id);
    std::future::ready(()).await;
    id.to_string()
}

fn spawn(_: impl Future + Send) {}

fn main() {
    spawn(name(1));
}
