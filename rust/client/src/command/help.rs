//! The commands, explained.

use super::CommandError;
use super::table::{COMMANDS, find};

/// The help, a line per command, or that of one command. Columns line up in a
/// font of equal widths.
///
/// # Errors
/// [`CommandError::Unknown`] when there is no such command.
pub fn help(command: Option<&str>) -> Result<String, CommandError> {
    let Some(name) = command else {
        let width = COMMANDS.iter().map(|info| info.usage.len()).max();
        let width = width.unwrap_or(0);
        let lines = COMMANDS
            .iter()
            .map(|info| format!("{:width$}  {}\n", info.usage, info.description));
        return Ok(lines.collect::<String>() + "//TEXT says a line that starts with a slash");
    };
    let info = find(name.trim_start_matches('/')).ok_or_else(|| CommandError::Unknown {
        name: name.to_owned(),
    })?;
    let also: Vec<String> = info.aliases.iter().map(|name| format!("/{name}")).collect();
    let also = match also.as_slice() {
        [] => String::new(),
        names => format!(" (also {})", names.join(", ")),
    };
    Ok(format!("{}: {}{also}", info.usage, info.description))
}
