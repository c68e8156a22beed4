//! Lists of structs from Parquet: charges and convictions.
//!
//! The general reader of nested columns takes four fifths of a replay (docs/adr/0026). The
//! columns of a table of cases are of one shape, `List<Struct<…>>` of booleans, days, counts
//! and codes, and the fields of one list have the same lengths: this reads the pages of such
//! columns, with the lengths once. Everything else is read by the general reader.
//!
//! Source of the format: Apache Parquet format, "Nested Encoding" and Encodings.md; the
//! levels are those of Dremel (Melnik et al. 2010).

mod leaf;
mod runs;

use super::source::Source;
use arrow_array::{ArrayRef, ListArray, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, FieldRef, Fields};
use leaf::{Depths, Kind, Leaf, STARTS, bits, starts};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::basic::Encoding;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::ColumnDescriptor;
use std::sync::Arc;

type Read<T> = Result<T, ParquetError>;

fn damaged(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}

/// A column of lists of structs in one row group.
pub(super) struct ListColumn {
    item: FieldRef,
    depths: Depths,
    leaves: Vec<Leaf>,
    rows_left: usize,
}

/// The leaves of a root column that this reads in a row group; none where it does not.
pub(super) fn leaves_of(metadata: &ArrowReaderMetadata, group: usize, root: usize) -> Vec<usize> {
    let descriptor = metadata.parquet_schema();
    let Some((item, fields)) = shape(metadata, root) else { return Vec::new() };
    let leaves: Vec<usize> = (0..descriptor.num_columns())
        .filter(|leaf| descriptor.get_column_root_idx(*leaf) == root)
        .collect();
    let group = metadata.metadata().row_group(group);
    let is_known = |(leaf, field): (&usize, &FieldRef)| {
        let Some(kind) = Kind::of(field.data_type()) else { return false };
        let column = descriptor.column(*leaf);
        // List, repeated group, struct, field; and nothing optional but what Arrow's schema has.
        let is_plain = column.max_rep_level() == 1 && column.path().parts().len() == 4;
        let depth = element(&column) + i16::from(item.is_nullable());
        is_plain
            && column.max_def_level() == depth + i16::from(field.is_nullable())
            && column.physical_type() == kind.physical()
            && is_read(kind, group.column(*leaf))
    };
    let is_whole = leaves.len() == fields.len() && leaves.iter().zip(&fields).all(is_known);
    if is_whole { leaves } else { Vec::new() }
}

/// The field of a list's elements and those of their structs.
fn shape(metadata: &ArrowReaderMetadata, root: usize) -> Option<(FieldRef, Fields)> {
    let DataType::List(item) = metadata.schema().field(root).data_type() else { return None };
    let DataType::Struct(fields) = item.data_type() else { return None };
    Some((Arc::clone(item), fields.clone()))
}

/// The definition level from which there is an element.
fn element(column: &ColumnDescriptor) -> i16 {
    column.repeated_ancestor_def_level()
}

/// True where levels and values of a chunk are in encodings that are read here, and no page
/// holds texts as they are.
fn is_read(kind: Kind, chunk: &ColumnChunkMetaData) -> bool {
    let is_indexed =
        |e: Encoding| matches!(e, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY);
    let is_known = |e: Encoding| matches!(e, Encoding::PLAIN | Encoding::RLE) || is_indexed(e);
    let pages = chunk.page_encoding_stats_mask();
    chunk.encodings().all(is_known)
        && (kind != Kind::Code || pages.is_some_and(|mask| mask.encodings().all(is_indexed)))
}

impl ListColumn {
    /// Starts at the first row of a row group; `leaves` are those of [`leaves_of`].
    ///
    /// # Errors
    /// A chunk lies outside of the file, or is compressed in a way that is not known.
    pub fn new(
        source: &Arc<Source>,
        metadata: &ArrowReaderMetadata,
        group: usize,
        root: usize,
        leaves: &[usize],
    ) -> Read<ListColumn> {
        let Some((item, fields)) = shape(metadata, root) else {
            return Err(damaged("is no list of structs"));
        };
        let descriptor = metadata.parquet_schema();
        let group = metadata.metadata().row_group(group);
        let rows =
            usize::try_from(group.num_rows()).map_err(|_| damaged("has less than no rows"))?;
        let mut depth = 0;
        let mut read = Vec::with_capacity(leaves.len());
        for (leaf, field) in leaves.iter().zip(&fields) {
            let chunk = group.column(*leaf);
            let pages = SerializedPageReader::new(Arc::clone(source), chunk, rows, None)?;
            let column = descriptor.column(*leaf);
            depth = element(&column) as u8;
            if let Some(kind) = Kind::of(field.data_type()) {
                read.push(Leaf::new(Box::new(pages), kind, column.max_def_level() as u8));
            }
        }
        let item_depth = depth + u8::from(item.is_nullable());
        let depths = Depths { list: depth.saturating_sub(1), element: depth, item: item_depth };
        Ok(ListColumn { item, depths, leaves: read, rows_left: rows })
    }

    /// The lists of the next `rows` rows.
    ///
    /// # Errors
    /// A page is damaged, or the fields of the struct are not of one shape; the error names
    /// the field.
    pub fn next(&mut self, rows: usize) -> Read<ListArray> {
        let DataType::Struct(fields) = self.item.data_type() else {
            return Err(damaged("is no list of structs"));
        };
        self.rows_left = self.rows_left.checked_sub(rows).ok_or_else(|| damaged("has ended"))?;
        let depths = self.depths;
        let mut lists: Option<(Vec<u8>, Lists)> = None;
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(fields.len());
        for (leaf, field) in self.leaves.iter_mut().zip(fields) {
            let named = |e: ParquetError| damaged(&format!("the field `{}` {e}", field.name()));
            let levels = leaf.rows(rows).map_err(named)?;
            let known = match &lists {
                None => {
                    let found = Lists::of(levels, rows, depths).map_err(named)?;
                    &lists.insert((levels.iter().map(|l| depths.of_struct(*l)).collect(), found)).1
                }
                Some((shape, known)) => {
                    if !depths.is_shape_of(shape, levels) {
                        return Err(named(damaged("has not the elements of the fields before it")));
                    }
                    known
                }
            };
            let slots = levels.len();
            arrays.push(leaf.values(slots, known.elements, depths).map_err(named)?);
            if self.rows_left == 0 && !leaf.is_at_end().map_err(named)? {
                return Err(named(damaged("has more rows than its row group")));
            }
        }
        let Some((_, lists)) = lists else { return Err(damaged("is a struct without fields")) };
        let structs = StructArray::try_new(fields.clone(), arrays, lists.items)?;
        let offsets = OffsetBuffer::new(lists.offsets.into());
        Ok(ListArray::try_new(Arc::clone(&self.item), offsets, Arc::new(structs), lists.nulls)?)
    }
}

/// What the levels of one field say of the lists.
struct Lists {
    offsets: Vec<i32>,
    nulls: Option<NullBuffer>,
    items: Option<NullBuffer>,
    elements: usize,
}

impl Lists {
    fn of(levels: &[u8], rows: usize, depths: Depths) -> Read<Lists> {
        if starts(levels) != rows {
            return Err(damaged(&format!("ends after {} of {rows} rows", starts(levels))));
        }
        let mut offsets = Vec::with_capacity(rows + 1);
        let mut elements = 0_i32;
        let mut is_open = false;
        for level in levels {
            let is_element = level & !STARTS >= depths.element;
            if level & STARTS != 0 {
                offsets.push(elements);
                is_open = is_element;
            } else if !(is_element && is_open) {
                return Err(damaged("has a list that goes on after it was empty"));
            }
            elements = elements
                .checked_add(i32::from(is_element))
                .ok_or_else(|| damaged("has too many elements"))?;
        }
        offsets.push(elements);
        let known = |from: u8, is: &dyn Fn(u8) -> bool| {
            let of: Vec<u8> =
                levels.iter().filter(|l| is(**l)).map(|l| u8::from(l & !STARTS >= from)).collect();
            of.contains(&0).then(|| NullBuffer::new(bits(&of)))
        };
        let nulls = known(depths.list, &|l| l & STARTS != 0);
        let items = known(depths.item, &|l| l & !STARTS >= depths.element);
        Ok(Lists { offsets, nulls, items, elements: elements as usize })
    }
}

#[cfg(test)]
mod tests;
