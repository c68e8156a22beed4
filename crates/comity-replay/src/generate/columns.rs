//! Columns while they are filled, and the schema that they make together.

use arrow_array::builder::StringBuilder;
use arrow_array::types::UInt8Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, Int32Array, ListArray, PrimitiveArray,
    StringArray, StructArray,
};
use arrow_buffer::{BooleanBufferBuilder, NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, TimeUnit};
use comity_model::generate::{ArrowColumn, ArrowType};
use std::collections::HashMap;
use std::sync::Arc;

/// Values of a set, by code.
pub struct Codes {
    values: ArrayRef,
    keys: Vec<u8>,
    known: NullBufferBuilder,
}

impl Codes {
    /// A column whose codes stand for these values.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>, room: usize) -> Codes {
        let values: StringArray = values.into_iter().map(Some).collect();
        let known = NullBufferBuilder::new(room);
        Codes { values: Arc::new(values), keys: Vec::with_capacity(room), known }
    }

    /// Adds a code, or unknown.
    #[inline]
    pub fn push(&mut self, code: Option<u8>) {
        self.keys.push(code.unwrap_or(0));
        self.known.append(code.is_some());
    }

    /// The values so far.
    ///
    /// # Errors
    /// A code has no value.
    pub fn close(&mut self) -> Result<ArrayRef, ArrowError> {
        let keys = std::mem::take(&mut self.keys);
        let keys = PrimitiveArray::<UInt8Type>::try_new(keys.into(), self.known.finish())?;
        Ok(Arc::new(DictionaryArray::try_new(keys, Arc::clone(&self.values))?))
    }
}

/// Whole numbers: counts, or days since 1970-01-01.
pub struct Numbers {
    values: Vec<i32>,
    known: NullBufferBuilder,
}

impl Numbers {
    /// An empty column.
    pub fn new(room: usize) -> Numbers {
        Numbers { values: Vec::with_capacity(room), known: NullBufferBuilder::new(room) }
    }

    /// Adds a number, or unknown.
    #[inline]
    pub fn push(&mut self, n: Option<i32>) {
        self.values.push(n.unwrap_or(0));
        self.known.append(n.is_some());
    }

    fn parts(&mut self) -> (ScalarBuffer<i32>, Option<arrow_buffer::NullBuffer>) {
        (std::mem::take(&mut self.values).into(), self.known.finish())
    }

    /// The column as numbers.
    pub fn numbers(&mut self) -> ArrayRef {
        let (values, known) = self.parts();
        Arc::new(Int32Array::new(values, known))
    }

    /// The column as days.
    pub fn days(&mut self) -> ArrayRef {
        let (values, known) = self.parts();
        Arc::new(Date32Array::new(values, known))
    }
}

/// Yes, no or unknown.
pub struct Flags {
    values: BooleanBufferBuilder,
    known: NullBufferBuilder,
}

impl Flags {
    /// An empty column.
    pub fn new(room: usize) -> Flags {
        Flags { values: BooleanBufferBuilder::new(room), known: NullBufferBuilder::new(room) }
    }

    /// Adds yes, no or unknown.
    #[inline]
    pub fn push(&mut self, value: Option<bool>) {
        self.values.append(value.unwrap_or(false));
        self.known.append(value.is_some());
    }

    /// The values so far.
    pub fn close(&mut self) -> ArrayRef {
        Arc::new(BooleanArray::new(self.values.finish(), self.known.finish()))
    }
}

/// Texts.
pub struct Texts(StringBuilder);

impl Texts {
    /// An empty column.
    pub fn new(room: usize) -> Texts {
        Texts(StringBuilder::with_capacity(room, room * 12))
    }

    /// Adds a text, or unknown.
    #[inline]
    pub fn push(&mut self, text: Option<&str>) {
        self.0.append_option(text);
    }

    /// The values so far.
    pub fn close(&mut self) -> ArrayRef {
        Arc::new(self.0.finish())
    }
}

/// Ends of lists; the elements are columns of their own.
pub struct Ends(Vec<i32>);

impl Ends {
    /// No list yet.
    pub fn new(room: usize) -> Ends {
        let mut ends = Vec::with_capacity(room + 1);
        ends.push(0);
        Ends(ends)
    }

    /// Adds a list of that many elements.
    #[inline]
    pub fn push(&mut self, elements: usize) {
        let before = self.0.last().copied().unwrap_or(0);
        self.0.push(before + elements as i32);
    }

    /// A list column over the columns of its elements, in the order of the fields.
    ///
    /// # Errors
    /// The columns are not those of the fields.
    pub fn close(
        &mut self,
        fields: &Fields,
        columns: Vec<ArrayRef>,
    ) -> Result<ArrayRef, ArrowError> {
        let ends = OffsetBuffer::new(std::mem::replace(&mut self.0, vec![0]).into());
        let elements = Arc::new(StructArray::try_new(fields.clone(), columns, None)?);
        let item = Arc::new(Field::new("item", DataType::Struct(fields.clone()), true));
        Ok(Arc::new(ListArray::try_new(item, ends, elements, None)?))
    }
}

fn dictionary() -> DataType {
    DataType::Dictionary(Box::new(DataType::UInt8), Box::new(DataType::Utf8))
}

/// A field of the layout as an Arrow field; of a list only the element fields in `elements`.
pub fn field(column: &ArrowColumn, elements: &[&str]) -> Field {
    let data_type = match &column.data_type {
        ArrowType::Boolean => DataType::Boolean,
        ArrowType::Int32 => DataType::Int32,
        ArrowType::Date32 => DataType::Date32,
        ArrowType::TimestampSecondUtc => {
            DataType::Timestamp(TimeUnit::Second, Some(Arc::from("UTC")))
        }
        ArrowType::Utf8 => DataType::Utf8,
        ArrowType::Dictionary(_) => dictionary(),
        ArrowType::ListOfStruct(inner) => {
            let of = elements.iter().filter_map(|e| inner.iter().find(|c| c.name == *e));
            let fields: Vec<FieldRef> = of.map(|c| Arc::new(field(c, &[]))).collect();
            DataType::List(Arc::new(Field::new("item", DataType::Struct(fields.into()), true)))
        }
    };
    let field = Field::new(&column.name, data_type, column.is_nullable);
    match column.unit {
        Some(unit) => field.with_metadata(HashMap::from([("unit".to_owned(), unit.to_owned())])),
        None => field,
    }
}

/// A field that is no fact: grouped by, or kept beside the facts.
pub fn beside(name: &str, data_type: DataType, is_nullable: bool) -> Field {
    Field::new(name, data_type, is_nullable)
}

/// The type of a dictionary column.
pub fn dictionary_type() -> DataType {
    dictionary()
}
