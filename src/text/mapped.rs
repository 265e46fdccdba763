//! A text made from bytes of files (unquoted, unescaped, variables put in) that remembers where each byte stands.

use std::ops::Range;

use super::Span;

/// A text whose bytes know their places: the one in the line that a person reads, and the one that holds the byte.
///
/// They differ where a variable was put in: the line shows `$(COMPOSE)`, the bytes stand where `COMPOSE` is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapped {
    text: String,
    pieces: Vec<Piece>,
}

/// A run of bytes with one origin. It ends where the next one starts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    /// First byte in the made text.
    start: usize,
    /// The bytes in the file.
    origin: Span,
    /// Whether the made bytes are those of the origin, one by one; else the whole piece stands for the whole origin.
    literal: bool,
    /// The reference in the line that put the piece in, the outermost one.
    reference: Option<Span>,
}

/// Where something can be put in, so that it comes right after a byte of a made text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insertion {
    /// The empty range in the file.
    pub place: Span,
    /// Whether it is in the line itself and not in the value of a variable that others may use.
    pub direct: bool,
}

impl Mapped {
    /// The text as it stands under `origin`.
    pub fn literal(text: &str, origin: Span) -> Self {
        let mut mapped = Self::default();
        mapped.push(text, origin, true);
        mapped
    }

    /// The made text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Adds bytes as they stand under `origin`.
    pub fn push_literal(&mut self, text: &str, origin: Span) {
        self.push(text, origin, true);
    }

    /// Adds a text that stands for all bytes of `origin`, such as a line end for `\n` in JSON.
    pub fn push_decoded(&mut self, text: &str, origin: Span) {
        self.push(text, origin, false);
    }

    fn push(&mut self, text: &str, origin: Span, literal: bool) {
        if text.is_empty() {
            return;
        }
        let start = self.text.len();
        self.text.push_str(text);
        if let Some(last) = self.pieces.last_mut()
            && last.literal
            && literal
            && last.reference.is_none()
            && last.origin.end == origin.start
            && last.origin.path == origin.path
        {
            last.origin.end = origin.end;
            return;
        }
        self.pieces.push(Piece { start, origin, literal, reference: None });
    }

    /// Adds a part of another made text. A `reference` says which bytes of the line put it in.
    pub fn push_part(&mut self, other: &Self, range: Range<usize>, reference: Option<&Span>) {
        let Some(text) = other.text.get(range.clone()).filter(|text| !text.is_empty()) else { return };
        let base = self.text.len();
        self.text.push_str(text);
        let first = other.index(range.start);
        for (index, piece) in other.pieces.iter().enumerate().skip(first) {
            if piece.start >= range.end {
                break;
            }
            let end = other.end_of(index).min(range.end);
            let start = piece.start.max(range.start);
            let mut copy = piece.clone();
            if piece.literal {
                copy.origin = piece.origin.part(start - piece.start..end - piece.start);
            }
            copy.start = base + start - range.start;
            if let Some(reference) = reference {
                copy.reference = Some(reference.clone());
            }
            match self.pieces.last_mut() {
                Some(last)
                    if last.literal
                        && copy.literal
                        && last.reference == copy.reference
                        && last.origin.path == copy.origin.path
                        && last.origin.end == copy.origin.start =>
                {
                    last.origin.end = copy.origin.end;
                }
                _ => self.pieces.push(copy),
            }
        }
    }

    /// A part as a text of its own.
    pub fn part(&self, range: Range<usize>) -> Self {
        let mut part = Self::default();
        part.push_part(self, range, None);
        part
    }

    /// The place of a range in the line that a person reads. `None` for a text without any byte.
    pub fn place(&self, range: Range<usize>) -> Option<Span> {
        let first = self.pieces.get(self.index(range.start))?;
        let mut place = match &first.reference {
            Some(reference) => reference.clone(),
            None => first.origin.clone(),
        };
        if first.reference.is_none() && first.literal {
            place.start = (first.origin.start + range.start.saturating_sub(first.start)).min(first.origin.end);
        }
        if range.is_empty() {
            place.end = place.start;
            return Some(place);
        }
        let last = self.pieces.get(self.index(range.end - 1))?;
        let (path, end) = match &last.reference {
            Some(reference) => (&reference.path, reference.end),
            None if last.literal => {
                (&last.origin.path, (last.origin.start + range.end.saturating_sub(last.start)).min(last.origin.end))
            }
            None => (&last.origin.path, last.origin.end),
        };
        if *path == place.path && end >= place.start {
            place.end = end;
        }
        Some(place)
    }

    /// Where a range stands in its file, so that it can be replaced there; `None` when its bytes are not next to each other.
    pub fn stands(&self, range: Range<usize>) -> Option<Span> {
        let mut whole: Option<Span> = None;
        for index in self.index(range.start)..self.pieces.len() {
            let (piece, end) = (self.pieces.get(index)?, self.end_of(index));
            if piece.start >= range.end {
                break;
            }
            let (from, to) = (range.start.max(piece.start), range.end.min(end));
            let place = match piece.literal {
                true => piece.origin.part(from - piece.start..to - piece.start),
                false if from == piece.start && to == end => piece.origin.clone(),
                false => return None,
            };
            match &mut whole {
                None => whole = Some(place),
                Some(whole) if whole.path == place.path && whole.end == place.start => whole.end = place.end,
                Some(_) => return None,
            }
        }
        whole
    }

    /// Where to put something in so that it comes right after the byte before `offset`; `None` when no byte of a file starts
    /// there.
    pub fn after(&self, offset: usize) -> Option<Insertion> {
        let index = self.index(offset.checked_sub(1)?);
        let piece = self.pieces.get(index)?;
        if let Some(reference) = &piece.reference {
            let following = self.pieces.get(self.index(offset)).filter(|_| offset < self.text.len());
            if following.is_none_or(|following| following.reference.as_ref() != Some(reference)) {
                return Some(Insertion { place: empty(reference, reference.end), direct: true });
            }
        }
        // Between two made bytes of one escape there is no place.
        if !piece.literal && offset < self.end_of(index) {
            return None;
        }
        let end = if piece.literal { piece.origin.start + (offset - piece.start) } else { piece.origin.end };
        Some(Insertion { place: empty(&piece.origin, end.min(piece.origin.end)), direct: piece.reference.is_none() })
    }

    /// Index of the piece that holds the byte at `offset` (the last one for what lies beyond).
    fn index(&self, offset: usize) -> usize {
        self.pieces.partition_point(|piece| piece.start <= offset).saturating_sub(1)
    }

    fn end_of(&self, index: usize) -> usize {
        self.pieces.get(index + 1).map_or(self.text.len(), |next| next.start)
    }
}

fn empty(span: &Span, at: usize) -> Span {
    Span { path: span.path.clone(), start: at, end: at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    #[test]
    fn a_byte_is_seen_at_the_reference_and_changed_where_it_stands() {
        let source = Source::new("Makefile", "C = docker compose exec\n\t$(C) app");
        let value = Mapped::literal("docker compose exec", source.span(4..23));
        let mut line = Mapped::default();
        line.push_part(&value, 0..19, Some(&source.span(25..29)));
        line.push_literal(" app", source.span(29..33));
        assert_eq!(line.text(), "docker compose exec app");
        assert_eq!(line.place(0..6).map(|place| source.slice(&place).to_owned()).as_deref(), Some("$(C)"));
        assert_eq!(line.place(0..23).map(|place| source.slice(&place).to_owned()).as_deref(), Some("$(C) app"));
        assert_eq!(line.after(19), Some(Insertion { place: source.span(29..29), direct: true }));
        assert_eq!(line.after(6), Some(Insertion { place: source.span(10..10), direct: false }));
        assert_eq!(line.part(20..23).place(0..3), Some(source.span(30..33)));
        assert_eq!(line.after(0), None);
    }

    #[test]
    fn a_decoded_byte_stands_for_its_whole_escape() {
        let source = Source::new("a.json", r"a\nb");
        let mut text = Mapped::literal("a", source.span(0..1));
        text.push_decoded("\n", source.span(1..3));
        text.push_literal("b", source.span(3..4));
        assert_eq!(text.place(1..2), Some(source.span(1..3)));
        assert_eq!(text.place(1..3), Some(source.span(1..4)));
        assert_eq!(text.after(2).map(|insertion| insertion.place), Some(source.span(3..3)));
        assert_eq!(Mapped::default().place(0..0), None);
    }
}
