use cache_runtime::cache_invalidate;

#[cache_invalidate]
async fn no_options(id: u64) {
    let _ = id;
}

#[cache_invalidate(when = both)]
async fn no_target(id: u64) {
    let _ = id;
}

#[cache_invalidate(tags = [])]
async fn empty_list(id: u64) {
    let _ = id;
}

fn main() {}
