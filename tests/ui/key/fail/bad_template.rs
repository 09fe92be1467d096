use cache_runtime::key;

fn main() {
    let id = 7;
    let _ = key!("user:{id");
    let _ = key!("user:{id:?}");
    let _ = key!("");
    let _ = key!(id);
    let _ = key!();
    let _ = key!("user:{}", id);
}
