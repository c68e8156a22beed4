//! Reading text formats strictly, line by line: one meaning has one spelling, and an error
//! names the line and the field.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use comity_model::Diagnostic;

/// Standard base64 with padding (RFC 4648, section 4).
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of base64 in its only spelling: padded, unused bits zero, nothing between.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// A decimal number in its only spelling: digits, no leading zero, below 2^63.
pub fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|n| plain && i64::try_from(*n).is_ok())
}

/// Text with its lines, each of which ends in a newline.
pub struct Lines<'a> {
    file: &'a str,
    rest: &'a str,
    line: usize,
    current: &'a str,
}

impl<'a> Lines<'a> {
    /// Text of at most `bytes_max` bytes, without control characters, ending in a newline.
    /// `what` names the format in errors.
    pub fn new(
        file: &'a str,
        bytes: &'a [u8],
        what: &str,
        bytes_max: usize,
    ) -> Result<Lines<'a>, Diagnostic> {
        let mut lines = Lines { file, rest: "", line: 0, current: "" };
        if bytes.len() > bytes_max {
            let message = format!("{what} has {} bytes; at most {bytes_max} are read", bytes.len());
            return Err(lines.fault("too-large", "", message));
        }
        let text = std::str::from_utf8(bytes).map_err(|e| {
            lines.line = bytes[..e.valid_up_to()].split(|b| *b == b'\n').count();
            lines.fault("not-text", "", format!("{what} is not UTF-8 at byte {}", e.valid_up_to()))
        })?;
        if let Some(at) = text.bytes().position(|b| b < 0x20 && b != b'\n') {
            lines.line = text[..at].split('\n').count();
            let byte = text.as_bytes()[at];
            let message = format!("{what} has the control character 0x{byte:02x} at byte {at}");
            return Err(lines.fault("control-character", "", message));
        }
        if !text.ends_with('\n') {
            lines.line = text.lines().count().max(1);
            return Err(lines
                .fault("cut-off", "", format!("{what} does not end in a newline"))
                .help("the end is missing; fetch it again"));
        }
        lines.rest = text;
        Ok(lines)
    }

    /// The next line, which must be there.
    pub fn next(&mut self, field: &str) -> Result<&'a str, Diagnostic> {
        match self.rest.split_once('\n') {
            Some((line, rest)) => {
                self.line += 1;
                (self.current, self.rest) = (line, rest);
                Ok(line)
            }
            None => {
                self.line += 1;
                self.current = "";
                Err(self.fault("missing", field, format!("the {field} is missing")))
            }
        }
    }

    /// The next line, not taken.
    pub fn peek(&self) -> Option<&'a str> {
        self.rest.split_once('\n').map(|(line, _)| line)
    }

    /// The next line if it starts with a word and a space: what follows.
    pub fn word(&mut self, word: &str) -> Option<&'a str> {
        let value = self.peek()?.strip_prefix(word)?.strip_prefix(' ')?;
        self.next(word).ok()?;
        Some(value)
    }

    /// A line that must be exactly this.
    pub fn expect(&mut self, field: &str, wanted: &str) -> Result<(), Diagnostic> {
        if self.next(field)? == wanted {
            return Ok(());
        }
        let message = if wanted.is_empty() {
            format!("an empty line must stand before the {field}")
        } else {
            format!("the {field} is not `{wanted}`")
        };
        Err(self.fault("unexpected", field, message))
    }

    /// What is left, with the number of lines before it.
    pub fn rest(&self) -> (&'a str, usize) {
        (self.rest, self.line)
    }

    /// True at the end.
    pub fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// The number of lines taken.
    pub fn line(&self) -> usize {
        self.line
    }

    /// A finding at the line taken last.
    pub fn fault(&self, code: &'static str, field: &str, message: impl Into<String>) -> Diagnostic {
        let mut fault = Diagnostic::error(code, message).path(field);
        self.file.clone_into(&mut fault.file);
        fault.line = self.line;
        fault.column = usize::from(self.line > 0);
        fault.text = self.current.chars().take(120).collect();
        fault
    }

    /// The value of a field in base64.
    pub fn base64(&self, field: &str, text: &str) -> Result<Vec<u8>, Diagnostic> {
        from_base64(text).ok_or_else(|| {
            self.fault("not-base64", field, format!("the {field} is not standard padded base64"))
        })
    }

    /// The value of a field that is so many bytes in base64.
    pub fn bytes<const N: usize>(&self, field: &str, text: &str) -> Result<[u8; N], Diagnostic> {
        self.base64(field, text)?.try_into().map_err(|bytes: Vec<u8>| {
            let message = format!("the {field} has {} bytes and not {N}", bytes.len());
            self.fault("wrong-length", field, message)
        })
    }

    /// The value of a field that is a decimal number.
    pub fn decimal(&self, field: &str, text: &str) -> Result<u64, Diagnostic> {
        decimal(text).ok_or_else(|| {
            let message =
                format!("the {field} is not a decimal number below 2^63 without leading zeros");
            self.fault("not-a-number", field, message)
        })
    }
}
