//! Pictures of the page, for people.

use crate::service::Service;
use crate::tab::Tab;
use std::path::PathBuf;
use std::time::Duration;

/// `SCREENSHOTS` is the folder; `SCREENSHOTS_AFTER` how many seconds of load they show.
#[test]
#[ignore = "writes pictures for people to look at"]
fn pictures() {
    let folder = std::env::var_os("SCREENSHOTS").expect("SCREENSHOTS is a folder");
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let after = std::env::var("SCREENSHOTS_AFTER").map_or(70, |n| n.parse().expect("seconds"));
    let service = Service::start();
    let mut tab = Tab::open();
    tab.go(&service.page());
    std::thread::sleep(Duration::from_secs(after));
    for (name, scheme, width) in [
        ("light", "light", 1280),
        ("dark", "dark", 1280),
        ("phone", "light", 360),
        ("phone-dark", "dark", 360),
    ] {
        tab.prefers(scheme);
        tab.resize(width, 900);
        let height = tab
            .find("document.scrollingElement.scrollHeight")
            .as_u64()
            .expect("a number");
        tab.resize(width, u32::try_from(height).expect("not that high"));
        let file = folder.join(format!("{name}.png"));
        std::fs::write(&file, tab.picture()).expect("it can be written");
        println!("{}", file.display());
    }
}
