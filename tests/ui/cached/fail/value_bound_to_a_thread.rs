use cache_runtime::cached;
use std::rc::Rc;

#[cached]
async fn name(id: u64) -> Rc<String> {
    Rc::new(id.to_string())
}

fn main() {}
