//! Pictures of the page, for people.

use crate::service::Service;
use crate::tab::Tab;
use std::env::var;
use std::path::Path;
use std::time::Duration;

/// Writes pictures into the folder `SCREENSHOTS`: of a page under load for `SCREENSHOTS_AFTER` seconds, or of the one at the
/// address `SCREENSHOTS_OF` (that which `cargo run --example dashboard` prints will do).
#[test]
#[ignore = "writes pictures for people to look at"]
fn pictures() {
    let folder = var("SCREENSHOTS").expect("SCREENSHOTS is a folder");
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder).expect("a folder");
    let after = var("SCREENSHOTS_AFTER").map_or(70, |n| n.parse().expect("seconds"));
    let (service, address) = match var("SCREENSHOTS_OF") {
        Ok(address) => (None, address),
        Err(_) => {
            let service = Service::start();
            let address = service.page();
            (Some(service), address)
        }
    };
    let mut tab = Tab::open();
    tab.go(&address);
    std::thread::sleep(Duration::from_secs(after));
    for scheme in ["light", "dark"] {
        tab.prefers(scheme);
        for (name, width) in [("wide", 1280), ("phone", 360)] {
            whole(
                &mut tab,
                width,
                &folder.join(format!("{name}-{scheme}.png")),
            );
        }
    }
    tab.resize(1280, 900);
    write(&mut tab, &folder.join("first-sight.png"));
    if let Some(service) = service {
        drop(service);
        tab.wait("!document.getElementById('lost').hidden");
        write(&mut tab, &folder.join("away.png"));
    }
}

/// All of the page, however high that is.
fn whole(tab: &mut Tab, width: u32, file: &Path) {
    tab.resize(width, 900);
    let height = tab.find("document.scrollingElement.scrollHeight");
    let height = height
        .as_u64()
        .and_then(|height| u32::try_from(height).ok());
    tab.resize(width, height.expect("not that high"));
    write(tab, file);
}

fn write(tab: &mut Tab, file: &Path) {
    std::fs::write(file, tab.picture()).expect("it can be written");
    println!("{}", file.display());
}
