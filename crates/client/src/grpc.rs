//! The framing of gRPC over HTTP/2: one message with its length before it, see
//! [gRPC over HTTP2](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
//!
//! What is in a message is the business of a [`Codec`], so that the HTTP client
//! needs to know nothing of protobuf.

use std::fmt;

/// Turns the body of a request into a message, and a message into the body of
/// an answer.
pub trait Codec: fmt::Debug + Send + Sync {
    /// The message that the body stands for.
    fn encode(&self, body: &[u8]) -> Result<Vec<u8>, FrameError>;
    /// The body that stands for the message.
    fn decode(&self, message: &[u8]) -> Result<Vec<u8>, FrameError>;
}

/// Why there is no frame of a message, or no message in a frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// It ends before the message does.
    #[error("a frame that is cut short")]
    CutShort,
    /// The message is compressed.
    #[error("a message that is compressed, which was not asked for")]
    Compressed,
    /// The prefix names another length.
    #[error("{found} bytes where a message has {length}")]
    OtherLength {
        /// What the prefix says, in bytes.
        length: usize,
        /// How many bytes came.
        found: usize,
    },
    /// The message is larger than a prefix can say, in bytes.
    #[error("a message of {0} bytes, which is more than a frame holds")]
    TooLarge(usize),
    /// The reason of the [`Codec`].
    #[error("{0}")]
    Message(String),
}

/// The frame of a message, uncompressed.
pub(crate) fn frame(message: &[u8]) -> Result<Vec<u8>, FrameError> {
    let length = u32::try_from(message.len());
    let length = length.map_err(|_| FrameError::TooLarge(message.len()))?;
    let mut frame = vec![0];
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(message);
    Ok(frame)
}

/// The message in the only frame of an answer.
pub(crate) fn unframe(frame: &[u8]) -> Result<&[u8], FrameError> {
    let split = frame.split_first_chunk::<5>();
    let ([compressed, length @ ..], message) = split.ok_or(FrameError::CutShort)?;
    if *compressed != 0 {
        return Err(FrameError::Compressed);
    }
    let length = u32::from_be_bytes(*length) as usize;
    if length != message.len() {
        let found = message.len();
        return Err(FrameError::OtherLength { length, found });
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_holds_one_message_and_nothing_else() {
        assert_eq!(frame(b"ab").unwrap(), b"\0\0\0\0\x02ab");
        let check = |frame: &[u8], expected: Result<&[u8], &str>| {
            let found = unframe(frame).map_err(|error| error.to_string());
            assert_eq!(found, expected.map_err(str::to_owned), "{frame:?}");
        };
        check(b"\0\0\0\0\x02ab", Ok(b"ab"));
        check(b"\0\0\0\0\0", Ok(b""));
        check(b"\0\0\0", Err("a frame that is cut short"));
        check(b"\0\0\0\0\x03ab", Err("2 bytes where a message has 3"));
        check(
            b"\0\0\0\0\0\0\0\0\0\0",
            Err("5 bytes where a message has 0"),
        );
        let compressed = "a message that is compressed, which was not asked for";
        check(b"\x01\0\0\0\x02ab", Err(compressed));
    }
}
