use cache_runtime::cached;
use std::collections::HashMap;

struct Users {
    names: HashMap<u64, String>,
}

impl Users {
    #[cached(key = "name:{id}")]
    async fn name(&self, id: u64) -> &str {
        &self.names[&id]
    }

    #[cached(key = "maybe-name:{id}")]
    async fn maybe_name(&self, id: u64) -> Result<Option<&String>, String> {
        Ok(self.names.get(&id))
    }
}

#[cached(key = "static-name")]
async fn of_the_program() -> &'static str {
    "ada"
}

#[cached]
async fn of_an_argument<'a>(bytes: &'a [u8]) -> &'a [u8] {
    bytes
}

fn main() {}
