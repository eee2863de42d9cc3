//! What a package is built of beside its own files: crates of others, and how they are built.
//!
//! `Cargo.lock` and the workspace's `Cargo.toml` are for all packages at once. Here is the part
//! of them that one package depends on, so that a crate of the server's is no change to the addon.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use longhall_provision::process;

use crate::release::lock;
use crate::workspace;

/// All crates that `package` is built of on any system and with all its features, one a line:
/// version, features, and checksum of each.
///
/// # Errors
/// If cargo cannot say, or `Cargo.lock` does not fit the manifests.
pub(super) fn of(root: &Path, package: &str) -> Result<String> {
    let mut cargo = workspace::cargo();
    cargo.current_dir(root);
    cargo.args(["tree", "--locked", "--package", package, "--all-features"]);
    cargo.args(["--edges", "normal,build", "--target", "all"]);
    cargo.args(["--prefix", "none", "--format", "{p} {f}"]);
    let tree = process::output("cargo tree", &mut cargo)?;
    let file = root.join("Cargo.lock");
    let locked = std::fs::read_to_string(&file)
        .with_context(|| format!("cannot read {}", file.display()))?;
    let locked = lock::read(&locked);

    // Another checkout shall say the same.
    let root = root.display().to_string();
    let crates: BTreeSet<_> = tree
        .lines()
        .map(|line| {
            // Said again, a crate is marked so.
            let line = line.trim_end_matches("(*)").trim_end().replace(&root, "");
            let mut words = line.split(' ');
            let (name, version) = (words.next(), words.next().unwrap_or_default());
            let checksum = locked
                .iter()
                .find(|found| Some(found.name) == name && version == format!("v{}", found.version))
                .and_then(|found| found.checksum);
            format!("{line} {}\n", checksum.unwrap_or("ours"))
        })
        .collect();
    Ok(crates.into_iter().collect())
}

/// What the workspace's manifest says about every build: its profiles, and what the packages
/// have in common. Comments are left out.
///
/// # Errors
/// If it cannot be read.
pub(super) fn profiles(root: &Path) -> Result<String> {
    let file = root.join("Cargo.toml");
    let manifest = std::fs::read_to_string(&file)
        .with_context(|| format!("cannot read {}", file.display()))?;
    let mut is_inside = false;
    let mut kept = String::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            is_inside = line.starts_with("[profile.") || line == "[workspace.package]";
        }
        if is_inside && !line.is_empty() && !line.starts_with('#') {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A workspace of a game and a server, each with a crate of its own and one in common.
    struct Workspace(tempfile::TempDir);

    impl Workspace {
        fn new() -> Self {
            let workspace = Self(tempfile::tempdir().unwrap());
            workspace.write(
                "Cargo.toml",
                "[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\n",
            );
            workspace.package("common", "1.0.0", "[features]\nextra = []\n");
            workspace.package("engine", "1.0.0", "");
            workspace.package("database", "1.0.0", "");
            workspace.package("game", "1.0.0", &depends("engine", ""));
            workspace.package("server", "1.0.0", &depends("database", ""));
            workspace
        }

        fn package(&self, name: &str, version: &str, rest: &str) {
            self.write(
                &format!("{name}/Cargo.toml"),
                &format!(
                    "[package]\nname = \"{name}\"\nversion = \"{version}\"\n\
                     edition = \"2024\"\n{rest}"
                ),
            );
            self.write(&format!("{name}/src/lib.rs"), "");
        }

        fn write(&self, file: &str, text: &str) {
            workspace::write(&self.0.path().join(file), text).unwrap();
        }

        fn crates_of(&self, package: &str) -> String {
            let mut cargo = workspace::cargo();
            cargo.args(["generate-lockfile", "--offline", "--quiet"]);
            process::output("cargo", cargo.current_dir(self.0.path())).unwrap();
            of(self.0.path(), package).unwrap()
        }
    }

    /// Dependencies on `common` with those features, and on the package's own crate.
    fn depends(own: &str, features: &str) -> String {
        format!(
            "[dependencies]\n{own}.path = \"../{own}\"\n\
             common = {{ path = \"../common\", features = [{features}] }}\n"
        )
    }

    #[test]
    fn a_crates_version_is_noticed_by_the_package_that_is_built_of_it_alone() {
        let workspace = Workspace::new();
        let (game, server) = (workspace.crates_of("game"), workspace.crates_of("server"));
        workspace.package("database", "1.0.1", "");
        assert_eq!(workspace.crates_of("game"), game);
        assert_ne!(workspace.crates_of("server"), server);
        workspace.package("engine", "1.0.1", "");
        assert_ne!(workspace.crates_of("game"), game);
    }

    #[test]
    fn a_new_crate_is_noticed_by_the_package_that_is_built_of_it_alone() {
        let workspace = Workspace::new();
        let (game, server) = (workspace.crates_of("game"), workspace.crates_of("server"));
        workspace.package("bus", "1.0.0", "");
        let more = format!("{}bus.path = \"../bus\"\n", depends("database", ""));
        workspace.package("server", "1.0.0", &more);
        assert_eq!(workspace.crates_of("game"), game);
        assert_ne!(workspace.crates_of("server"), server);
    }

    #[test]
    fn a_crates_feature_is_noticed_by_the_package_that_asks_for_it_alone() {
        let workspace = Workspace::new();
        let (game, server) = (workspace.crates_of("game"), workspace.crates_of("server"));
        workspace.package("server", "1.0.0", &depends("database", "\"extra\""));
        assert_eq!(workspace.crates_of("game"), game);
        assert_ne!(workspace.crates_of("server"), server);
    }

    #[test]
    fn two_checkouts_have_the_same_crates() {
        assert_eq!(
            Workspace::new().crates_of("game"),
            Workspace::new().crates_of("game")
        );
    }

    #[test]
    fn crates_of_the_registry_come_with_their_checksum() {
        let root = workspace::root();
        let crates = of(&root, "longhall-network-client").unwrap();
        let lock = fs::read_to_string(root.join("Cargo.lock")).unwrap();
        let godot = lock::read(&lock)
            .into_iter()
            .find(|found| found.name == "godot")
            .unwrap();
        let line = crates
            .lines()
            .find(|line| line.starts_with("godot "))
            .unwrap();
        assert!(line.contains(godot.version), "{line}");
        assert!(line.contains("api-4-6"), "{line}");
        assert!(line.ends_with(godot.checksum.unwrap()), "{line}");
        assert!(!crates.contains("rusqlite"), "the addon has no database");
    }

    #[test]
    fn of_the_manifest_only_what_changes_a_build_counts() {
        let folder = tempfile::tempdir().unwrap();
        let profiles_in = |manifest: &str| {
            fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
            profiles(folder.path()).unwrap()
        };
        let first = profiles_in(
            "[workspace]\nmembers = [\"a\"]\n[workspace.package]\nedition = \"2024\"\n\
             [profile.release]\nlto = true\n",
        );
        let same = profiles_in(
            "[workspace]\nmembers = [\"a\", \"b\"]\n\n[workspace.package]\nedition = \"2024\"\n\
             [workspace.dependencies]\nbus = \"1\"\n\n# Smaller.\n[profile.release]\nlto = true\n",
        );
        assert_eq!(same, first);
        let other = profiles_in(
            "[workspace]\nmembers = [\"a\"]\n[workspace.package]\nedition = \"2024\"\n\
             [profile.release]\nlto = false\n",
        );
        assert_ne!(other, first);
    }
}
