//! Bytes into lines.

/// How much of one line is kept: about the largest event that CloudWatch Logs takes.
pub(super) const LINE_BYTES_MAX: usize = 256 * 1024;

/// A line, and whether its end was thrown away.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) cut: bool,
}

/// Collects bytes until a line feed.
#[derive(Default)]
pub(super) struct LineCutter {
    begun: Vec<u8>,
    cut: bool,
}

impl LineCutter {
    /// Takes what was read and gives the lines that it completes.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut pieces = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            self.add(piece);
            if pieces.peek().is_some() {
                lines.push(self.take());
            }
        }
        lines
    }

    /// The last line, if it had no line feed.
    pub(super) fn finish(&mut self) -> Option<Line> {
        (!self.begun.is_empty()).then(|| self.take())
    }

    fn add(&mut self, piece: &[u8]) {
        let room = LINE_BYTES_MAX - self.begun.len();
        let (kept, lost) = piece.split_at(piece.len().min(room));
        self.begun.extend_from_slice(kept);
        self.cut |= !lost.is_empty();
    }

    fn take(&mut self) -> Line {
        let mut bytes = std::mem::take(&mut self.begun);
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Line { text, cut: std::mem::take(&mut self.cut) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_out_whole_however_the_bytes_arrive() {
        let mut cutter = LineCutter::default();
        let mut lines = cutter.feed(b"one\r\ntw");
        lines.extend(cutter.feed(b"o\n\nthr\xff"));
        lines.extend(cutter.finish());
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["one", "two", "", "thr\u{fffd}"]);
    }

    #[test]
    fn a_line_beyond_the_bound_is_cut_and_the_next_one_is_not() {
        let mut cutter = LineCutter::default();
        let mut lines = cutter.feed(&vec![b'x'; LINE_BYTES_MAX]);
        lines.extend(cutter.feed(b"xx"));
        lines.extend(cutter.feed(b"xx\nnext\n"));
        let shapes: Vec<_> = lines.iter().map(|line| (line.text.len(), line.cut)).collect();
        assert_eq!(shapes, [(LINE_BYTES_MAX, true), (4, false)]);
    }
}
