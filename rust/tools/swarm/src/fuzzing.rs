//! For `longhall-fuzz`: what cannot be reached without a network otherwise.

use crate::wire::Frames;

/// The texts in the pieces that a connection brought, and whether they are no frames.
pub fn read_frames<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Vec<u8>>, bool) {
    let (mut frames, mut texts) = (Frames::default(), Vec::new());
    for piece in pieces {
        let bytes = [frames.rest(), piece].concat();
        let read = frames.look_at(&bytes, &mut |text: &[u8]| texts.push(text.to_vec()));
        if read.is_err() {
            return (texts, true);
        }
    }
    (texts, false)
}
