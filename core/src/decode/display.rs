//! A description as text for a terminal.

use core::fmt;

use super::Decoded;
use crate::bolt12::{clean, Kind};

impl fmt::Display for Decoded {
    /// Several lines: the summary, the fields in columns, what is wrong and what is unusual.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.summary)?;
        let number_width = self.width(|field| field.number.to_string().len());
        let name_width = self.width(|field| field.name.len());
        for field in &self.fields {
            let value = clean(&field.value, LONGEST_VALUE);
            writeln!(
                f,
                "  {:>number_width$}  {:<name_width$}  {value}",
                field.number, field.name
            )?;
            writeln!(
                f,
                "  {:>number_width$}  {:<name_width$}    {}",
                "", "", field.meaning
            )?;
        }
        writeln!(f, "\n  {:<11}  {}", "id", self.id.as_deref().unwrap_or("none"))?;
        writeln!(f, "  {:<11}  {}", "merkle root", self.merkle_root)?;
        match self.kind {
            Kind::Offer => {}
            _ => writeln!(
                f,
                "  {:<11}  {}",
                "signed",
                if self.signed { "yes, correctly" } else { "no" }
            )?,
        }
        match &self.problem {
            Some(problem) => {
                let verb = if self.kind == Kind::Invoice {
                    "paid"
                } else {
                    "answered"
                };
                write!(f, "\nIt cannot be {verb}: {} [{}", problem.message, problem.code)?;
                if let Some(field) = &problem.field {
                    write!(f, ", {field}")?;
                }
                if let Some(section) = &problem.section {
                    write!(f, ", {section}")?;
                }
                writeln!(f, "]")?;
            }
            None if self.answerable => writeln!(f, "\nIt can be answered.")?,
            None => {}
        }
        self.warnings
            .iter()
            .try_for_each(|warning| writeln!(f, "Note: {} [{}]", warning.message, warning.code))
    }
}

/// Longer values are cut: nobody reads a blinded path in a terminal.
const LONGEST_VALUE: usize = 300;

impl Decoded {
    fn width(&self, of: impl Fn(&super::DecodedField) -> usize) -> usize {
        self.fields.iter().map(of).max().unwrap_or_default()
    }
}
