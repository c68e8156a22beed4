//! Arrow files (IPC, the file form): read only when what they claim fits their bytes.
//!
//! The reader takes memory for what a file says before it reads it, and running out of memory
//! ends the program: a damaged length must be found before.
//!
//! Source: Apache Arrow, Columnar Format, "IPC File Format" and "Compression".

use super::source::Source;
use arrow_ipc::reader::read_footer_length;
use arrow_ipc::{Block, RecordBatch, root_as_footer, root_as_message};
use arrow_schema::ArrowError;
use parquet::file::reader::Length;
use std::io::{BufReader, Read, Seek, SeekFrom};

/// Bytes of the end of a file: the footer's length and the magic.
const TRAILER: usize = 10;

/// Most bytes that one compressed buffer may unfold to; a batch of a million rows has less.
const BUFFER_BYTES_MAX: i64 = 1 << 31;

/// Compares what a file says of its parts with its bytes. Once for a file: every part is
/// looked at.
///
/// # Errors
/// The file is cut off, damaged, or compressed beyond the limit.
pub(super) fn check(source: Source) -> Result<(), ArrowError> {
    let len = Length::len(&source);
    let reader = &mut BufReader::new(source);
    let wrong = |why: &str| ArrowError::IpcError(why.to_owned());
    let mut trailer = [0; TRAILER];
    reader.seek(SeekFrom::End(-(TRAILER as i64)))?;
    reader.read_exact(&mut trailer)?;
    let footer_len = read_footer_length(trailer)?;
    if footer_len as u64 > len {
        return Err(wrong("the footer is said to be longer than the file"));
    }
    let mut footer = vec![0; footer_len];
    reader.seek(SeekFrom::End(-((TRAILER + footer_len) as i64)))?;
    reader.read_exact(&mut footer)?;
    let footer = root_as_footer(&footer).map_err(|e| wrong(&format!("the footer: {e}")))?;
    let dictionaries = footer.dictionaries().into_iter().flatten();
    let batches = footer.recordBatches().into_iter().flatten();
    for (i, block) in dictionaries.chain(batches).enumerate() {
        check_block(reader, block, len).map_err(|e| wrong(&format!("block {i}: {e}")))?;
    }
    Ok(())
}

/// A block lies inside of the file, and its compressed buffers stay below the limit.
fn check_block(
    reader: &mut (impl Read + Seek),
    block: &Block,
    len: u64,
) -> Result<(), Box<dyn std::error::Error>> {
    let start = u64::try_from(block.offset())?;
    let header = u64::try_from(block.metaDataLength())?;
    let body = u64::try_from(block.bodyLength())?;
    let end = start.checked_add(header).and_then(|at| at.checked_add(body));
    if end.is_none_or(|end| end > len) {
        return Err("it is said to end behind the end of the file".into());
    }
    let mut bytes = vec![0; header as usize];
    reader.seek(SeekFrom::Start(start))?;
    reader.read_exact(&mut bytes)?;
    // The length of the message, with a mark before it since version 0.15.
    let skip = if bytes.starts_with(&[0xff; 4]) { 8 } else { 4 };
    let message = root_as_message(bytes.get(skip..).ok_or("it has no header")?);
    let message = message.map_err(|e| e.to_string())?;
    let batch: Option<RecordBatch<'_>> = match message.header_as_record_batch() {
        Some(batch) => Some(batch),
        None => message.header_as_dictionary_batch().and_then(|d| d.data()),
    };
    let Some(batch) = batch.filter(|b| b.compression().is_some()) else { return Ok(()) };
    for buffer in batch.buffers().into_iter().flatten().filter(|b| b.length() >= 8) {
        let at = start + header + u64::try_from(buffer.offset())?;
        let mut unfolded = [0; 8];
        reader.seek(SeekFrom::Start(at))?;
        reader.read_exact(&mut unfolded)?;
        if i64::from_le_bytes(unfolded) > BUFFER_BYTES_MAX {
            return Err("a compressed buffer is said to unfold to more than 2 GiB".into());
        }
    }
    Ok(())
}
