//! Takes apart what a command without terminal writes: the engine sends standard output and standard error over one
//! connection, in pieces with a head of eight bytes each.

/// Which stream a piece belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// The engine sent something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine's stream is broken")]
pub struct BrokenStream;

/// Takes a stream apart as it comes; pieces are handed on at once, however long they are.
#[derive(Debug, Default)]
pub struct Frames {
    head: Vec<u8>,
    channel: Option<Channel>,
    left: usize,
}

impl Frames {
    /// Takes the next bytes off `bytes`; `None` when more are needed.
    ///
    /// # Errors
    /// When a head is none.
    pub fn next<'bytes>(&mut self, bytes: &mut &'bytes [u8]) -> Result<Option<(Channel, &'bytes [u8])>, BrokenStream> {
        loop {
            if let (Some(channel), true) = (self.channel, self.left > 0) {
                if bytes.is_empty() {
                    return Ok(None);
                }
                let (piece, rest) = bytes.split_at(self.left.min(bytes.len()));
                *bytes = rest;
                self.left -= piece.len();
                return Ok(Some((channel, piece)));
            }
            let (piece, rest) = bytes.split_at((8 - self.head.len()).min(bytes.len()));
            *bytes = rest;
            self.head.extend_from_slice(piece);
            let [kind, 0, 0, 0, one, two, three, four] = self.head[..] else {
                return if self.head.len() < 8 && could_begin(&self.head) { Ok(None) } else { Err(BrokenStream) };
            };
            self.channel = Some(match kind {
                // Nobody sends standard input back; engines write what is no stream's as the first.
                0 | 1 => Channel::Out,
                2 => Channel::Err,
                _ => return Err(BrokenStream),
            });
            self.left = u32::from_be_bytes([one, two, three, four]) as usize;
            self.head.clear();
        }
    }
}

fn could_begin(head: &[u8]) -> bool {
    head.first().is_none_or(|kind| *kind <= 2) && head.iter().skip(1).take(3).all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn framed(pieces: &[(bool, Vec<u8>)]) -> Vec<u8> {
        let frame = |(err, bytes): &(bool, Vec<u8>)| {
            let mut frame = vec![1 + u8::from(*err), 0, 0, 0];
            frame.extend((bytes.len() as u32).to_be_bytes());
            frame.extend(bytes);
            frame
        };
        pieces.iter().flat_map(frame).collect()
    }

    fn taken_apart(stream: &[u8], step: usize) -> Result<(Vec<u8>, Vec<u8>), BrokenStream> {
        let (mut frames, mut out, mut err) = (Frames::default(), vec![], vec![]);
        for mut bytes in stream.chunks(step.max(1)) {
            while let Some((channel, piece)) = frames.next(&mut bytes)? {
                if channel == Channel::Out { out.extend(piece) } else { err.extend(piece) }
            }
            assert!(bytes.is_empty(), "nothing is left behind");
        }
        Ok((out, err))
    }

    proptest! {
        #[test]
        fn both_streams_come_out_whole_however_the_bytes_come(
            pieces in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)), 0..12),
            step in 1_usize..50,
        ) {
            let of = |wanted: bool| -> Vec<u8> {
                pieces.iter().filter(|(err, _)| *err == wanted).flat_map(|(_, bytes)| bytes.clone()).collect()
            };
            prop_assert_eq!(taken_apart(&framed(&pieces), step), Ok((of(false), of(true))));
        }

        #[test]
        fn any_bytes_are_taken_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), step in 1_usize..50) {
            let _ = taken_apart(&bytes, step);
        }
    }

    #[test]
    fn text_without_heads_is_refused() {
        assert_eq!(taken_apart(b"OCI runtime exec failed", 4), Err(BrokenStream));
        assert_eq!(taken_apart(&[1, 0, 0], 1), Ok((vec![], vec![])));
    }
}
