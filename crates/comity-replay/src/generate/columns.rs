//! Columns while they are filled, and the schema that they make together.

use arrow_array::builder::StringBuilder;
use arrow_array::types::UInt8Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, Int32Array, ListArray, PrimitiveArray,
    StringArray, StructArray,
};
use arrow_buffer::{BooleanBufferBuilder, NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Fields};
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

/// A field of the layout; of a list only the element fields in `elements`, in that order.
pub fn field(of: &Field, elements: &[&str]) -> Field {
    let DataType::List(item) = of.data_type() else { return of.clone() };
    let DataType::Struct(all) = item.data_type() else { return of.clone() };
    let wanted = elements.iter().filter_map(|e| all.iter().find(|f| f.name() == e));
    let fields: Fields = wanted.cloned().collect();
    let item = Field::new(item.name(), DataType::Struct(fields), item.is_nullable());
    Field::new(of.name(), DataType::List(Arc::new(item)), of.is_nullable())
}

/// A field that is no fact: grouped by, or kept beside the facts.
pub fn beside(name: &str, data_type: DataType, is_nullable: bool) -> Field {
    Field::new(name, data_type, is_nullable)
}

/// The type of a dictionary column.
pub fn dictionary_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::UInt8), Box::new(DataType::Utf8))
}
