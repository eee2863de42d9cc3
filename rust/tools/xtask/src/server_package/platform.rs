//! The machines that there is a server program for.

use std::fmt;

use clap::ValueEnum;

use crate::cross::Target;

/// A system and a processor, with the names that others have for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Platform {
    /// Linux on a processor of Intel or AMD
    #[value(name = "linux-x86_64")]
    LinuxX86_64,
    /// Linux on an ARM processor of 64 bits
    #[value(name = "linux-arm64")]
    LinuxArm64,
    /// Windows on a processor of Intel or AMD
    #[value(name = "windows-x86_64")]
    WindowsX86_64,
}

impl Platform {
    /// What is built for it.
    pub(crate) fn target(self) -> Target {
        match self {
            Self::LinuxX86_64 => Target::LinuxX86_64,
            Self::LinuxArm64 => Target::LinuxArm64,
            Self::WindowsX86_64 => Target::WindowsX86_64,
        }
    }

    /// The processor as Zig calls it, for the systems that Zig links for.
    pub(crate) fn zig(self) -> Option<&'static str> {
        match self {
            Self::LinuxX86_64 => Some("x86_64"),
            Self::LinuxArm64 => Some("aarch64"),
            Self::WindowsX86_64 => None,
        }
    }

    /// Debian's name, where there is a Debian.
    pub(crate) fn debian(self) -> Option<&'static str> {
        match self {
            Self::LinuxX86_64 => Some("amd64"),
            Self::LinuxArm64 => Some("arm64"),
            Self::WindowsX86_64 => None,
        }
    }

    /// The program's file.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::LinuxX86_64 | Self::LinuxArm64 => "longhall-server",
            Self::WindowsX86_64 => "longhall-server.exe",
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LinuxX86_64 => "linux-x86_64",
            Self::LinuxArm64 => "linux-arm64",
            Self::WindowsX86_64 => "windows-x86_64",
        })
    }
}
