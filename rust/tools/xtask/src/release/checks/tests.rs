//! Checkouts made up for this, each with one thing wrong.

use super::*;

use tempfile::TempDir;

/// A repository with one commit, ready to be released as 0.2.0.
struct Checkout(TempDir);

impl Checkout {
    fn new() -> Self {
        let checkout = Self(TempDir::new().unwrap());
        checkout.git(&["init", "--quiet"]);
        for (name, text) in [
            (
                "Cargo.toml",
                "[workspace]\nmembers = []\n\n[workspace.package]\nversion = \"0.2.0\"\n",
            ),
            (
                "Cargo.lock",
                "[[package]]\nname = \"longhall-server\"\nversion = \"0.2.0\"\n\n[[package]]\n\
                 name = \"serde\"\nversion = \"1.0.0\"\nsource = \"registry\"\nchecksum = \"00\"\n",
            ),
            (
                "CHANGELOG.md",
                "# Changelog\n\n## 0.2.0 - 2026-11-26\n\n- **Chat.**\n\n## 0.1.0 - 2026-01-02\n\n\
                 - First.\n",
            ),
            (
                "README.md",
                "Unzip longhall-0.2.0.zip. Godot 4.6.3 will do.\n",
            ),
            (".gitignore", "/target/\n"),
        ] {
            checkout.write(name, text);
        }
        checkout.commit();
        checkout
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    /// Commits a change of one file.
    fn change(self, name: &str, from: &str, to: &str) -> Self {
        let before = fs::read_to_string(self.0.path().join(name)).unwrap();
        let after = before.replacen(from, to, 1);
        assert_ne!(before, after, "{name} has `{from}`");
        self.write(name, &after);
        self.commit();
        self
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "A commit"]);
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = git_command(self.0.path());
        git.args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]);
        git.args(["-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false"]);
        git.env("GIT_COMMITTER_DATE", "2026-11-26T23:30:00+02:00");
        process::output("git", git.args(arguments)).unwrap();
    }

    fn problems(&self, tag: Option<&str>) -> Vec<String> {
        check(self.0.path(), tag).unwrap().1
    }

    /// Exactly one problem is found, and its line says this.
    fn expect(&self, told: &str) {
        self.expect_with(None, told);
    }

    fn expect_with(&self, tag: Option<&str>, told: &str) {
        let problems = self.problems(tag);
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert!(problems[0].contains(told), "{told}: {}", problems[0]);
        assert!(!problems[0].contains('\n'));
    }
}

#[test]
fn a_checkout_that_is_ready_has_no_problem_and_tells_what_it_is() {
    let checkout = Checkout::new();
    // What is ignored is no stray file.
    fs::create_dir(checkout.0.path().join("target")).unwrap();
    checkout.write("target/something", "");
    let (release, problems) = check(checkout.0.path(), None).unwrap();
    assert_eq!(problems, [""; 0]);
    assert_eq!(release.version, "0.2.0");
    assert_eq!(release.date, "2026-11-26");
    assert_eq!(release.changes, "- **Chat.**");
    assert_eq!(release.committed_at, "2026-11-26T21:30:00Z");
    assert_eq!(release.commit.len(), 40);

    checkout.git(&["tag", "v0.2.0"]);
    assert_eq!(checkout.problems(Some("v0.2.0")), [""; 0]);
    assert_eq!(checkout.problems(None), [""; 0]);
}

#[test]
fn an_annotated_tag_is_as_good() {
    let checkout = Checkout::new();
    checkout.git(&["tag", "--annotate", "--message", "Longhall", "v0.2.0"]);
    assert_eq!(checkout.problems(Some("v0.2.0")), [""; 0]);
}

#[test]
fn a_changelog_of_another_version_or_without_a_date_is_noticed() {
    let (file, heading) = ("CHANGELOG.md", "## 0.2.0 - 2026-11-26\n\n- **Chat.**\n\n");
    Checkout::new()
        .change(file, "## 0.2.0", "## 0.2.1")
        .expect("CHANGELOG.md 0.2.1");
    Checkout::new()
        .change(file, heading, "")
        .expect("CHANGELOG.md 0.1.0");
    Checkout::new()
        .change(file, " - 2026-11-26", "")
        .expect("no date");
    Checkout::new()
        .change(file, "2026-11-26", "2026-11-31")
        .expect("no day");
    Checkout::new()
        .change(file, "- **Chat.**\n", "")
        .expect("says nothing");
    Checkout::new()
        .change(file, "## 0.2.0", "## Unreleased\n\n- More.\n\n## 0.2.0")
        .expect("Unreleased");
}

#[test]
fn a_version_that_stands_elsewhere_must_be_the_same() {
    Checkout::new()
        .change("Cargo.lock", "0.2.0", "0.1.0")
        .expect("longhall-server 0.1.0");
    Checkout::new()
        .change("README.md", "0.2.0", "0.1.9")
        .expect("README.md says 0.1.9 in line 1");
    let short = Checkout::new().change("Cargo.toml", "0.2.0", "0.2");
    assert!(short.problems(None)[0].contains("three numbers"));
}

#[test]
fn what_is_not_committed_is_noticed() {
    let checkout = Checkout::new();
    checkout.write("notes.txt", "");
    checkout.expect("notes.txt: not tracked");
    let checkout = Checkout::new();
    checkout.write("README.md", "Other words.\n");
    checkout.expect("README.md: changed but not committed");
    let checkout = Checkout::new();
    checkout.write("notes.txt", "");
    checkout.git(&["add", "notes.txt"]);
    checkout.expect("notes.txt: changed but not committed");
}

#[test]
fn a_tag_of_another_version_or_on_another_commit_is_noticed() {
    let checkout = Checkout::new();
    checkout.git(&["tag", "v0.3.0"]);
    checkout.expect("has the tag v0.3.0");

    let checkout = Checkout::new();
    checkout.git(&["tag", "v0.2.0"]);
    let checkout = checkout.change("README.md", "Unzip", "Unpack");
    checkout.expect("v0.2.0 is on another commit");

    // Tags that are not of versions are nobody's business.
    let checkout = Checkout::new();
    checkout.git(&["tag", "nightly"]);
    assert_eq!(checkout.problems(None), [""; 0]);
}

#[test]
fn a_tag_that_is_asked_for_must_be_there() {
    Checkout::new().expect_with(Some("v0.2.0"), "does not have the tag v0.2.0");
    Checkout::new().expect_with(Some("v0.3.0"), "should be v0.3.0");
}

#[test]
fn versions_are_found_where_they_name_a_file_a_program_or_the_game() {
    let page = "longhall-0.2.0.zip\nLonghall 0.3.0, longhall-server_0.4.0_amd64.deb\n\
                config/version=\"0.5.0\"\nGodot 4.6.3\nlonghall.db\nlonghall-<version>.zip\n\
                localhost/longhall-server:0.6.0\nversion=\"0.7.0\"\n";
    let found: Vec<_> = stated(page).collect();
    assert_eq!(
        found,
        [
            (1, "0.2.0"),
            (2, "0.3.0"),
            (2, "0.4.0"),
            (3, "0.5.0"),
            (7, "0.6.0"),
            (8, "0.7.0")
        ]
    );
}
