use super::layout::Layout;
use super::*;

fn base() -> Base {
    let files = [("lib/libc.so.6", "library"), ("etc/passwd", "root:x:0:0")];
    Base {
        files: files
            .map(|(path, text)| (path.to_owned(), File::new(text)))
            .into(),
    }
}

fn packed() -> Vec<u8> {
    pack(&Contents::sample(), "arm64", b"machine code", &base()).unwrap()
}

/// Paths with their owner and mode.
fn listed(layer: &[u8]) -> Vec<(String, u64, u32)> {
    let mut tar = tar::Archive::new(layer);
    let entries = tar.entries().unwrap().map(|entry| {
        let entry = entry.unwrap();
        let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let header = entry.header();
        assert_eq!(header.uid().unwrap(), header.gid().unwrap());
        (path, header.uid().unwrap(), header.mode().unwrap())
    });
    entries.collect()
}

#[test]
fn an_image_is_what_it_says_and_the_same_each_time() {
    let tar = packed();
    assert_eq!(packed(), tar);
    let image = Layout::read(&tar).unwrap();
    assert_eq!(image.name, "localhost/longhall-server:1.2.3");
    assert_eq!(image.config["architecture"], "arm64");
    assert_eq!(image.config["created"], "2023-11-14T22:13:20+00:00");
    let [base, server] = &image.layers[..] else {
        panic!("{} layers", image.layers.len());
    };
    let base = listed(base);
    assert!(base.contains(&("tmp/".into(), 0, 0o1777)), "{base:?}");
    let server = listed(server);
    for wanted in [
        ("usr/bin/longhall-server", 0, 0o755),
        ("usr/share/doc/longhall-server/LICENSE", 0, 0o644),
        ("var/lib/", 0, 0o755),
        ("var/lib/longhall/", USER.into(), 0o700),
    ] {
        let wanted = (wanted.0.to_owned(), wanted.1, wanted.2);
        assert!(server.contains(&wanted), "{wanted:?} is not in {server:?}");
    }
}

#[test]
fn a_new_version_leaves_the_layer_of_debian_as_it_is() {
    let mut contents = Contents::sample();
    contents.commit.time += 1;
    contents.version = "1.2.4".into();
    let newer = pack(&contents, "arm64", b"other code", &base()).unwrap();
    let (old, new) = (Layout::read(&packed()), Layout::read(&newer));
    let (old, new) = (old.unwrap().layers, new.unwrap().layers);
    assert_eq!(old[0], new[0]);
    assert_ne!(old[1], new[1]);
}

#[test]
fn the_server_in_a_container_has_no_rights_and_says_how_it_is() {
    let config = &Layout::read(&packed()).unwrap().config["config"];
    assert_eq!(config["User"], "65532:65532");
    assert_eq!(config["StopSignal"], "SIGTERM");
    assert_eq!(config["Entrypoint"], json!([PROGRAM]));
    assert_eq!(
        config["Healthcheck"]["Test"],
        json!(["CMD", PROGRAM, "health"])
    );
    let text = config.to_string();
    assert!(!text.contains("UNENCRYPTED"), "{text}");
    assert!(
        text.contains("LONGHALL_ADMIN_LISTEN=127.0.0.1:9081"),
        "{text}"
    );
}

/// The image with a file of it changed.
fn changed(name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let tar = packed();
    let mut archive = tar::Archive::new(&tar[..]);
    let mut files = Files::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        if !path.ends_with('/') {
            files.insert(path, File::new(bytes));
        }
    }
    let found = files.iter_mut().find(|(path, _)| path.starts_with(name));
    match found {
        Some((_, file)) => change(&mut file.bytes),
        None => {
            let mut bytes = Vec::new();
            change(&mut bytes);
            files.insert(name.to_owned(), File::new(bytes));
        }
    }
    tarball::pack_plain(&files, &[], 0).unwrap()
}

#[track_caller]
fn check_refused(tar: &[u8], part: &str) {
    let error = Layout::read(tar).err().expect("it is taken");
    assert!(format!("{error:#}").contains(part), "{error:#}");
}

#[test]
fn an_image_with_a_wrong_bit_is_not_taken() {
    check_refused(&changed("blobs/", |bytes| bytes[9] ^= 1), "another sum");
    check_refused(&changed("blobs/", |bytes| bytes.push(0)), "another size");
    check_refused(&changed("blobs/sha256/0", |_| ()), "belongs to nothing");
    let swap = |from: &'static str, to: &'static str| {
        move |bytes: &mut Vec<u8>| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            *bytes = text.replace(from, to).into_bytes();
        }
    };
    check_refused(
        &changed("index.json", swap("arm64", "amd64")),
        "architecture",
    );
    check_refused(
        &changed("manifest.json", swap(":1.2.3", ":1.2.2")),
        "Docker",
    );
    check_refused(&changed("oci-layout", swap("1.0.0", "2.0.0")), "layout");
    check_refused(&packed()[..2000], "damaged");
}

#[test]
fn the_guide_calls_everything_as_the_image_does() {
    let guide = crate::workspace::root().join("docs/operating.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let (_, section) = guide.split_once("\n## As a container\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let version = env!("CARGO_PKG_VERSION");
    for words in [
        format!("podman load --input {}", file_name(version, "amd64")),
        format!("    {}\n", name(version)),
        format!("image: {}\n", name(version)),
        format!("--volume longhall:{STATE} "),
        format!("- longhall:{STATE}\n"),
        format!("--publish {PORT}:{PORT} "),
        format!("ports: [\"{PORT}:{PORT}\"]\n"),
        format!("| user | {USER}, group {USER},"),
        format!("--health-cmd '[\"{PROGRAM}\",\"health\"]' "),
        "`127.0.0.1:9081` in the container".to_owned(),
    ] {
        assert!(section.contains(&words), "{words:?} is not in {section}");
    }
    for folder in FOLDERS {
        let volume = format!(":/{}", folder.path.trim_end_matches('/'));
        assert!(section.contains(&volume), "{volume} is not in {section}");
    }
}
