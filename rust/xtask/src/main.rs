//! Longhall's developer commands: `cargo xtask <command>`.
//!
//! One file per command; what several of them use lies beside them.

mod debian;
mod display;
mod godot;
mod interrupt;
mod process;
mod workspace;

use std::ffi::OsString;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Longhall's developer commands.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run Godot: alone it opens the project in the editor, `-- <ARGS>` passes arguments
    Godot {
        /// Arguments for Godot
        #[arg(last = true)]
        arguments: Vec<OsString>,
    },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    interrupt::install()?;
    match arguments.command {
        Task::Godot { arguments } => godot::run(&arguments),
    }
}
