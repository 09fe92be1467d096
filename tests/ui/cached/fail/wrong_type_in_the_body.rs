use cache_runtime::cached;

#[cached]
async fn last_expression(id: u64) -> u64 {
    id.to_string()
}

#[cached]
async fn early_return(id: u64) -> u64 {
    if id == 0 {
        return "none";
    }
    id
}

#[cached]
async fn no_last_expression(id: u64) -> u64 {
    id + 1;
}

fn main() {}
