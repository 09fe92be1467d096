use cache_runtime::cached;

#[cached(local = on, consistency = strikt)]
async fn misspelled(id: u64) -> u64 {
    id
}

#[cached(local = "soon", consistency = eventual)]
async fn unheard_of(id: u64) -> u64 {
    id
}

#[cached(local = 0, consistency = "2s")]
async fn no_time(id: u64) -> u64 {
    id
}

#[cached(local, consistency)]
async fn no_value(id: u64) -> u64 {
    id
}

#[cached(local = "30s", consistency = strict)]
async fn both(id: u64) -> u64 {
    id
}

fn main() {}
