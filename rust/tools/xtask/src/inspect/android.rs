//! What tells a library for Android from one for another Linux.

/// Begins the note that the NDK puts into each library: the lengths of its name and of
/// what follows, its kind, its name.
const NAME_BYTES: [u8; 4] = [8, 0, 0, 0];
const KIND_AND_NAME: &[u8; 12] = b"\x01\0\0\0Android\0";

/// The API level of the oldest Android that the library is for. `None` if it is not for
/// Android.
pub(crate) fn api_level(library: &[u8]) -> Option<u32> {
    let note = library
        .windows(24)
        .find(|window| window[..4] == NAME_BYTES && window[8..20] == *KIND_AND_NAME)?;
    Some(u32::from_le_bytes(*note.last_chunk()?))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The note of a library for this API level.
    pub(crate) fn note(level: u8) -> Vec<u8> {
        let mut note = NAME_BYTES.to_vec();
        note.extend([0x84, 0, 0, 0]);
        note.extend(KIND_AND_NAME);
        note.extend([level, 0, 0, 0]);
        note
    }

    #[test]
    fn the_ndks_note_says_the_api_level() {
        let mut library = vec![0; 100];
        assert_eq!(api_level(&library), None);
        library.extend(note(24));
        assert_eq!(api_level(&library), Some(24));
        library.pop();
        assert_eq!(api_level(&library), None);
        assert_eq!(api_level(b"Android\0"), None);
    }
}
