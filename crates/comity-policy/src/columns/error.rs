//! What can be wrong with a batch, and what was counted in it.

use std::fmt;

/// Why a batch cannot be decided; names the column and, where there is one, the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnError {
    /// A column's type is not the one of its fact.
    WrongType {
        /// The column, a field of a list as `convictions.level`.
        column: String,
        /// Its Arrow type.
        found: String,
        /// What the layout wants.
        wanted: String,
    },
    /// Two columns have one name.
    Twice {
        /// The name.
        column: String,
    },
    /// A value that the fact's set does not have.
    UnseenValue {
        /// The column.
        column: String,
        /// The value.
        value: String,
        /// The first row of the batch, from 0, that has it; for a field of a list the row
        /// of the list.
        row: usize,
        /// The nearest value of the set.
        nearest: Option<&'static str>,
    },
    /// A list with more elements than a case can hold.
    LongList {
        /// The list.
        column: String,
        /// The row of the batch, from 0.
        row: usize,
        /// Its elements.
        len: usize,
        /// The most that a case can hold.
        len_max: usize,
    },
    /// Quantifiers inside one another over long lists.
    TooManyCombinations {
        /// The row of the batch, from 0.
        row: usize,
        /// The most that are tried.
        combinations_max: usize,
    },
}

impl fmt::Display for ColumnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ColumnError::WrongType { column, found, wanted } => {
                write!(f, "column `{column}` is {found}; the layout of cases wants {wanted}")
            }
            ColumnError::Twice { column } => write!(f, "two columns are called `{column}`"),
            ColumnError::UnseenValue { column, value, row, nearest } => {
                write!(f, "column `{column}`, row {row}: its set has no value `{value}`")?;
                nearest.map_or(Ok(()), |n| write!(f, "; did you mean `{n}`?"))
            }
            ColumnError::LongList { column, row, len, len_max } => write!(
                f,
                "column `{column}`, row {row}: {len} elements; a case holds at most {len_max}"
            ),
            ColumnError::TooManyCombinations { row, combinations_max } => write!(
                f,
                "row {row}: quantifiers inside one another over its lists make more than \
                 {combinations_max} combinations"
            ),
        }
    }
}

impl std::error::Error for ColumnError {}

/// A value that its set does not have, counted; the fact was taken as unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnProblem {
    /// The column.
    pub column: String,
    /// The value; after a hundred different ones, `(other values)`.
    pub value: String,
    /// How many times it stands there.
    pub count: u64,
}
