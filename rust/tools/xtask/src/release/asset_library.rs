//! What the entry in Godot's asset library needs, made from the pages that say it anyway.
//!
//! The library takes the fields by hand, and the pictures by their addresses: those of
//! `docs/pictures` at the released commit.

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::checks::Release;
use super::shelf::Shelf;
use crate::{library, workspace};

/// Where the files lie in the release.
const FOLDER: &str = "asset-library";

/// The picture of the addon, which `cargo xtask screenshots` makes from its SVG.
const ICON: &str = "docs/pictures/icon.png";

/// The library takes none that is smaller.
const ICON_PIXELS: u32 = 128;

/// The addon's zip, as the entry names it.
pub(crate) struct Download {
    pub(crate) file: String,
    pub(crate) sha256: String,
}

/// Lays out the entry. `repository` is where the project is on the web.
///
/// # Errors
/// If a page does not say what it should, or a picture is missing.
pub(crate) fn lay_out(
    shelf: &mut Shelf,
    release: &Release,
    repository: Option<&str>,
    download: &Download,
) -> Result<()> {
    let root = workspace::root();
    let read = |name: &str| {
        let file = root.join(name);
        fs::read(&file).with_context(|| format!("cannot read {}", file.display()))
    };
    let text = |name| Ok::<_, anyhow::Error>(String::from_utf8_lossy(&read(name)?).into_owned());
    let page = text("godot_project/addons/longhall/README.md")?;
    let (title, description) = describe(&page).context("the addon's README.md has no title")?;

    let icon = read(ICON)?;
    let (width, height) = png_size(&icon).with_context(|| format!("{ICON} is no PNG"))?;
    if width != height || width < ICON_PIXELS {
        bail!(
            "{ICON} has {width} x {height} pixels; the library wants a square of {ICON_PIXELS} \
             or more: run `cargo xtask screenshots`"
        );
    }
    shelf.put(&format!("{FOLDER}/icon.png"), icon)?;
    let address = |file: &str| raw_address(repository, &release.commit, file);
    let mut previews = Vec::new();
    for (caption, file) in pictures(&text("README.md")?) {
        let name = file.rsplit('/').next().unwrap_or(file);
        shelf.put(&format!("{FOLDER}/previews/{name}"), read(file)?)?;
        previews.push(json!({
            "type": "image",
            "file": format!("previews/{name}"),
            "caption": caption,
            "link": address(file),
        }));
    }
    if previews.is_empty() {
        bail!("README.md shows no picture");
    }
    let at = |path: &str| repository.map(|repository| format!("{repository}/{path}"));
    let asset = json!({
        "title": title,
        "description": description,
        "category": "Tools",
        "godot_version": library::minimum_godot()?,
        "version_string": release.version,
        "license": "MIT",
        "browse_url": repository,
        "issues_url": at("issues"),
        "icon_file": "icon.png",
        "icon_url": address(ICON),
        // The repository itself is no download: it has no libraries in it.
        "download_provider": "Custom",
        "download_file": download.file,
        "download_url": at(&format!("releases/download/v{}/{}", release.version, download.file)),
        "download_sha256": download.sha256,
        "download_commit": release.commit,
        "previews": previews,
    });
    shelf.put(&format!("{FOLDER}/asset.json"), pretty(&asset)?)?;
    shelf.put(&format!("{FOLDER}/description.txt"), description)
}

fn pretty(value: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(value).context("cannot write asset.json")? + "\n")
}

/// Where a file of the repository can be loaded as it is, for the forges whose addresses are
/// known.
fn raw_address(repository: Option<&str>, commit: &str, file: &str) -> Option<String> {
    let path = repository?.strip_prefix("https://github.com/")?;
    Some(format!(
        "https://raw.githubusercontent.com/{path}/{commit}/{file}"
    ))
}

/// The title of the addon's page, and what it says up to the code, without its marks: the
/// library shows plain text, and would take `[` for BBCode.
fn describe(page: &str) -> Option<(String, String)> {
    let (title, rest) = page.strip_prefix("# ")?.split_once('\n')?;
    let end = rest
        .find("\n## With a user interface")
        .unwrap_or(rest.len());
    Some((plain(title), plain(&rest[..end])))
}

/// Markdown as plain text: paragraphs and items of lists in one line each.
fn plain(markdown: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in markdown.trim().lines() {
        let text = line.trim_start_matches('#').trim();
        let begins = text.is_empty()
            || line.starts_with('#')
            || text.starts_with("- ")
            || text
                .split_once(". ")
                .is_some_and(|(number, _)| number.parse::<u32>().is_ok());
        match lines.last_mut() {
            Some(last) if !begins && !last.is_empty() => {
                last.push(' ');
                last.push_str(text);
            }
            _ => lines.push(text.to_owned()),
        }
    }
    let text = lines.join("\n");
    let text = text.replace("**", "").replace('`', "");
    unlink(&text)
}

/// `words` of `[words](address)`; other brackets become round.
fn unlink(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        let link = after.split_once("](").and_then(|(words, link)| {
            let (_, end) = link.split_once(')')?;
            (!words.contains(']')).then_some((words, end))
        });
        let Some((words, end)) = link else {
            plain.push('(');
            rest = after;
            continue;
        };
        plain.push_str(words);
        rest = end;
    }
    plain.push_str(rest);
    plain.replace(']', ")")
}

/// The pictures of the documentation that a page shows: their captions and files.
fn pictures(page: &str) -> Vec<(&str, &str)> {
    page.split("![")
        .skip(1)
        .filter_map(|part| {
            let (caption, rest) = part.split_once("](")?;
            let (file, _) = rest.split_once(')')?;
            file.starts_with("docs/pictures/")
                .then_some((caption, file))
        })
        .collect()
}

/// Width and height, which stand at the beginning of the file.
fn png_size(png: &[u8]) -> Option<(u32, u32)> {
    let head = png.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    let number = |at: usize| Some(u32::from_be_bytes(*head.get(at..)?.first_chunk()?));
    Some((number(8)?, number(12)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn release() -> Release {
        Release {
            version: "0.2.0".into(),
            date: "2026-11-26".into(),
            commit: "abc".into(),
            committed_at: "2026-11-26T21:30:00Z".into(),
            changes: String::new(),
        }
    }

    fn asset(repository: Option<&str>) -> (Value, BTreeMap<String, usize>) {
        let mut shelf = Shelf::default();
        let download = Download {
            file: "longhall-0.2.0.zip".into(),
            sha256: "00".into(),
        };
        lay_out(&mut shelf, &release(), repository, &download).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("release");
        let files = shelf
            .sizes()
            .map(|(name, size)| (name.to_owned(), size))
            .collect();
        shelf.finish(&place).unwrap();
        let text = fs::read_to_string(place.join("asset-library/asset.json")).unwrap();
        (serde_json::from_str(&text).unwrap(), files)
    }

    #[test]
    fn the_entry_says_what_the_pages_say() {
        let (asset, files) = asset(Some("https://github.com/ada/longhall"));
        assert_eq!(asset["title"], "Longhall: accounts and chat for your game");
        let description = asset["description"].as_str().unwrap();
        assert!(
            description.starts_with("One node, NetworkClient, and three scenes"),
            "{description}"
        );
        assert!(
            description.contains("\n1. Unzip the package"),
            "{description}"
        );
        for mark in ["**", "`", "[", "]", "#"] {
            assert!(!description.contains(mark), "{mark} in {description}");
        }
        assert_eq!(asset["godot_version"], "4.6");
        assert_eq!(asset["version_string"], "0.2.0");
        assert_eq!(
            asset["download_url"],
            "https://github.com/ada/longhall/releases/download/v0.2.0/longhall-0.2.0.zip"
        );
        assert_eq!(
            asset["icon_url"],
            "https://raw.githubusercontent.com/ada/longhall/abc/docs/pictures/icon.png"
        );
        assert!(files["asset-library/icon.png"] > 100);
        for preview in asset["previews"].as_array().unwrap() {
            let file = format!("asset-library/{}", preview["file"].as_str().unwrap());
            assert!(files[&file] > 1000, "{file}");
        }
    }

    #[test]
    fn without_an_address_it_names_files_only() {
        let (asset, _) = asset(None);
        assert_eq!(asset["download_url"], Value::Null);
        assert_eq!(asset["download_file"], "longhall-0.2.0.zip");
    }

    #[test]
    fn marks_and_links_become_plain_words() {
        assert_eq!(
            plain("A **bold** `word`\nand more.\n\n- One\n  two\n- Three"),
            "A bold word and more.\n\n- One two\n- Three"
        );
        assert_eq!(
            unlink("see [this page](a.md), [b] too"),
            "see this page, (b) too"
        );
    }

    #[test]
    fn a_picture_that_is_no_png_has_no_size() {
        assert_eq!(png_size(b"GIF89a"), None);
        assert_eq!(png_size(b"\x89PNG\r\n\x1a\n"), None);
    }
}
