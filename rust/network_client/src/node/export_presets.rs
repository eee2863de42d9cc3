//! What the project's export presets keep the addon from doing, for the editor's warnings.
//!
//! `export_presets.cfg` is read line by line and without the engine's parser, which would
//! complain in the console about what it does not understand. Whatever the file holds, the worst
//! that comes of it is a warning too many or too few.

use std::mem;

use godot::classes::FileAccess;
use godot::classes::file_access::ModeFlags;

const FILE: &str = "res://export_presets.cfg";
/// More than any project's presets need.
const MAX_BYTES: u64 = 1 << 20;

/// Among the Android preset's custom permissions it does as well as the box.
const INTERNET: &str = "\"android.permission.INTERNET\"";

/// What a designer has to change before games exported by these presets can connect.
pub(super) fn troubles() -> Vec<String> {
    let text = read().unwrap_or_default();
    presets(&text).iter().filter_map(Preset::trouble).collect()
}

fn read() -> Option<String> {
    if !FileAccess::file_exists(FILE) {
        return None;
    }
    let mut file = FileAccess::open(FILE, ModeFlags::READ)?;
    let length = file.get_length();
    if length > MAX_BYTES {
        return None;
    }
    let bytes = file.get_buffer(i64::try_from(length).ok()?);
    Some(String::from_utf8_lossy(bytes.as_slice()).into_owned())
}

/// One entry of the export window, as far as it matters here.
#[derive(Default)]
struct Preset {
    /// As in the heading of its section.
    number: String,
    name: String,
    platform: String,
    has_internet: bool,
    has_extensions: bool,
}

impl Preset {
    fn trouble(&self) -> Option<String> {
        let name = &self.name;
        match self.platform.as_str() {
            "Android" if !self.has_internet => Some(format!(
                "Games of the export preset \"{name}\" cannot connect. In Project > Export, tick \
                 Internet among its permissions."
            )),
            "Web" if !self.has_extensions => Some(format!(
                "Games of the export preset \"{name}\" run without this node. In Project > \
                 Export, tick Extensions Support among its variants."
            )),
            _ => None,
        }
    }

    /// Takes one `key=value` of the preset, or of its options.
    fn take(&mut self, key: &str, value: &str) {
        match key {
            "name" => self.name = unquoted(value),
            "platform" => self.platform = unquoted(value),
            "permissions/internet" => self.has_internet |= value == "true",
            "permissions/custom_permissions" => self.has_internet |= value.contains(INTERNET),
            "variant/extensions_support" => self.has_extensions = value == "true",
            _ => {}
        }
    }
}

/// The presets of a file like this:
///
/// ```text
/// [preset.0]
/// name="Android"
/// platform="Android"
/// [preset.0.options]
/// permissions/internet=true
/// ```
fn presets(text: &str) -> Vec<Preset> {
    let mut presets: Vec<Preset> = Vec::new();
    let mut present: Option<usize> = None;
    // A text may go on over several lines, and what they hold are not settings.
    let mut is_in_text = false;
    for line in text.lines() {
        let goes_on = is_in_text ^ has_odd_quotes(line);
        if mem::replace(&mut is_in_text, goes_on) {
            continue;
        }
        let line = line.trim();
        if let Some(heading) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            let number = heading.strip_prefix("preset.").map(|number| {
                let number = number.strip_suffix(".options").unwrap_or(number);
                number.to_owned()
            });
            present = number.map(|number| {
                let known = presets.iter().position(|preset| preset.number == number);
                known.unwrap_or_else(|| {
                    presets.push(Preset {
                        number,
                        ..Preset::default()
                    });
                    presets.len() - 1
                })
            });
        } else if let (Some(at), Some((key, value))) = (present, line.split_once('=')) {
            presets[at].take(key.trim(), value.trim());
        }
    }
    presets
}

/// Whether a text begins in this line and goes on in the next, or the other way round.
fn has_odd_quotes(line: &str) -> bool {
    let mut is_escaped = false;
    let mut is_odd = false;
    for character in line.chars() {
        match character {
            _ if mem::take(&mut is_escaped) => {}
            '\\' => is_escaped = true,
            '"' => is_odd = !is_odd,
            _ => {}
        }
    }
    is_odd
}

fn unquoted(value: &str) -> String {
    value.trim_matches('"').to_owned()
}
