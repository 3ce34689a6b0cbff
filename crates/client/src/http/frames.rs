//! How far the frames of HTTP/2 have come on a connection: whether it ended
//! between two of them, or within the head of an answer (RFC 9113, sections 4.1
//! and 6.2).

/// The types and the flag of frames that are looked at.
const HEADERS: u8 = 0x1;
const CONTINUATION: u8 = 0x9;
const END_HEADERS: u8 = 0x4;

/// The length of the prefix of each frame, in bytes.
const PREFIX: usize = 9;

/// A reader of frames that only looks at where heads of answers begin and end.
#[derive(Debug, Default)]
pub(super) struct FrameReader {
    prefix: [u8; PREFIX],
    /// How much of the prefix has come.
    prefix_length: usize,
    /// How much of the frame's content is still to come.
    left: usize,
    /// Whether the frame holds a part of a head.
    holds_head: bool,
    /// Whether more of the head comes in the next frame.
    continues: bool,
}

impl FrameReader {
    /// Reads the next bytes that came, wherever in a frame they begin and end.
    pub(super) fn read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.left > 0 {
                let skipped = self.left.min(bytes.len());
                self.left -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            let (begin, rest) = bytes.split_at(bytes.len().min(PREFIX - self.prefix_length));
            self.prefix[self.prefix_length..][..begin.len()].copy_from_slice(begin);
            self.prefix_length += begin.len();
            bytes = rest;
            if self.prefix_length == PREFIX {
                let [a, b, c, kind, flags, ..] = self.prefix;
                self.prefix_length = 0;
                self.left = u32::from_be_bytes([0, a, b, c]) as usize;
                self.holds_head = matches!(kind, HEADERS | CONTINUATION);
                self.continues = self.holds_head && flags & END_HEADERS == 0;
            }
        }
    }

    /// Whether a part of a head has come and the rest has not. Less than a prefix
    /// may be the begin of a head, so it counts as one.
    pub(super) fn connection_stopped_in_a_head(&self) -> bool {
        self.prefix_length > 0 || self.continues || self.holds_head && self.left > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        let mut frame = vec![0, 0, length, kind, flags, 0, 0, 0, 1];
        frame.extend(content);
        frame
    }

    #[test]
    fn a_head_begins_with_its_first_byte_and_ends_with_its_last() {
        let settings = frame(0x4, 0, &[0; 6]);
        let head = [
            frame(HEADERS, 0, b"abc"),
            frame(CONTINUATION, 0, b""),
            frame(CONTINUATION, END_HEADERS, b"def"),
        ]
        .concat();
        let data = frame(0x0, 0, b"body");
        let all = [&settings[..], &head, &data].concat();
        let (begin, end) = (settings.len(), settings.len() + head.len());
        // However it is cut.
        for size in 1..=all.len() {
            let mut frames = FrameReader::default();
            let mut read = 0;
            for piece in all.chunks(size) {
                frames.read(piece);
                read += piece.len();
                let within = (begin + 1..end).contains(&read);
                // Of less than a prefix nobody knows what it will be.
                let unknown = read < PREFIX || (end + 1..end + PREFIX).contains(&read);
                assert_eq!(
                    frames.connection_stopped_in_a_head(),
                    within || unknown,
                    "{read} by {size}"
                );
            }
        }
    }
}
