//! What a container's image has of Debian: the C library, and the authorities it trusts.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::debian::{self, Dependencies, Recipe};

/// Debian 12's packages for an image, unpacked in a folder.
pub struct ContainerBase;

impl ContainerBase {
    /// What is unpacked.
    pub const PACKAGES: &[&str] = &["base-files", "ca-certificates", "libc6"];

    /// Whether this machine can fetch them.
    pub fn available() -> bool {
        debian::available()
    }

    /// The folder with those for a processor that Debian calls `architecture`, with its security updates,
    /// fetched if they are not there yet. What was fetched once stays as it was.
    ///
    /// # Errors
    /// If they cannot be fetched.
    pub fn ensure(architecture: &str) -> Result<PathBuf> {
        Recipe {
            name: &format!("container-base-{architecture}"),
            suites: &["bookworm"],
            security: true,
            architecture,
            packages: Self::PACKAGES,
            dependencies: Dependencies::None,
            revision: 1,
            finish: |_| Ok(()),
        }
        .ensure()
        .context("no Debian to make an image of")
    }
}
