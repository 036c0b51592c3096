//! FOCUS rows become lines: what the contract tells in other columns is told from those of FOCUS.
//!
//! The line types are those of the CUR, as far as a row says which it would be. Of providers other than AWS what commitments cover
//! is plain usage, and what went unused a fee: no rule knows their commitments.
//!
//! A row that names no provider belongs to the one that all other rows of its export name; where they name several or none, it is
//! nobody's, and so not of AWS.

use super::{
    columns::{Layout, Text},
    ids::ResourceSym,
    lines::{Coded, Dictionary, Lines},
};
use crate::{
    error::Result,
    names::{Names, Sym},
};
use std::{collections::BTreeMap, sync::Arc};

/// The provider of rows of which nothing tells it.
const UNKNOWN: &str = "unknown provider";

/// What some providers write for null.
pub(super) const NULL: &str = "NULL";

/// What tells a row's line type, by column.
const TELLING: [Text; 6] = [
    Text::ChargeCategory,
    Text::ChargeClass,
    Text::DiscountStatus,
    Text::DiscountCategory,
    Text::DiscountType,
    Text::Provider,
];

/// What a row is, once per distinct telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    line: Sym,
    of_aws: bool,
    /// Whether its commitment is a Savings Plan, else a reservation.
    plan: bool,
}

/// Fills the columns of the contract that FOCUS has under other meanings.
pub(super) struct Translator {
    whole: bool,
    /// The provider of rows that name none.
    unnamed: Arc<str>,
    null: Option<(Sym, ResourceSym)>,
    told: BTreeMap<([Sym; TELLING.len()], bool), Told>,
}

impl Translator {
    /// A translator for the parts of a layout; `None` when its columns are those of the contract.
    pub(super) fn of(layout: &Layout) -> Option<Self> {
        let whole = layout.has_text(Text::ChargeCategory);
        let unnamed = layout.provider.clone().unwrap_or_else(|| Arc::from(UNKNOWN));
        layout.dialect.is_focus().then(|| Self { whole, unnamed, null: None, told: BTreeMap::new() })
    }

    /// Fills the columns of a batch.
    ///
    /// # Errors
    /// When there are more ids than can be numbered.
    pub(super) fn fill(&mut self, lines: &mut Lines, dictionary: &mut Dictionary) -> Result<()> {
        let Dictionary { names, ids, .. } = dictionary;
        let (null, null_id) = match self.null {
            Some(known) => known,
            None => *self.null.insert((names.intern(NULL), ids.intern(NULL.as_bytes())?)),
        };
        let texts = lines.text.iter_mut().flat_map(|column| &mut column.values);
        texts.filter(|sym| **sym == null).for_each(|sym| *sym = Sym::NONE);
        lines.resource.values.iter_mut().filter(|id| **id == null_id).for_each(|id| *id = ResourceSym::NONE);

        let rows = lines.rows;
        let first = |a: Sym, b: Sym| if a == Sym::NONE { b } else { a };
        let accounts = (0..rows).map(|row| first(lines.text(Text::SubAccount, row), lines.text(Text::Payer, row)));
        lines.text[Text::Account as usize] = Coded::of_rows(accounts.collect(), Sym::NONE);
        if self.whole {
            self.fill_rest(lines, names);
        }
        Ok(())
    }

    fn fill_rest(&mut self, lines: &mut Lines, names: &mut Names) {
        let rows = lines.rows;
        let unnamed = names.intern(&self.unnamed);
        let providers = lines.text[Text::Provider as usize].values.iter_mut();
        providers.filter(|sym| **sym == Sym::NONE).for_each(|sym| *sym = unnamed);
        let [mut kinds, mut products, mut reservations, mut plans, mut offerings] =
            std::array::from_fn(|_| Vec::with_capacity(rows));
        for row in 0..rows {
            let id = lines.text(Text::DiscountId, row);
            let told = self.tell(TELLING.map(|column| lines.text(column, row)), id != Sym::NONE, names);
            let code = lines.text(Text::ServiceCode, row);
            let service = lines.text(Text::ServiceName, row);
            kinds.push(told.line);
            products.push(if told.of_aws && code != Sym::NONE { code } else { service });
            let id = if told.of_aws { id } else { Sym::NONE };
            let (plan, reservation) = if told.plan { (id, Sym::NONE) } else { (Sym::NONE, id) };
            reservations.push(reservation);
            plans.push(plan);
            offerings.push(if told.plan { lines.text(Text::DiscountType, row) } else { Sym::NONE });
        }
        for (column, syms) in [
            (Text::LineType, kinds),
            (Text::ProductCode, products),
            (Text::ReservationArn, reservations),
            (Text::PlanArn, plans),
            (Text::PlanType, offerings),
        ] {
            lines.text[column as usize] = Coded::of_rows(syms, Sym::NONE);
        }
    }

    fn tell(&mut self, key: [Sym; TELLING.len()], committed: bool, names: &mut Names) -> Told {
        if let Some(told) = self.told.get(&(key, committed)) {
            return *told;
        }
        let [category, class, status, of, kind, provider] = key.map(|sym| names.get(sym).to_owned());
        let of_aws = is_aws(&provider);
        let plan = of == "Spend" || (of.is_empty() && kind.contains("Savings"));
        let line = line_type(&category, &class, if committed { &status } else { "" }, committed, of_aws, plan);
        let told = Told { line: names.intern(line.unwrap_or(&category)), of_aws, plan };
        self.told.insert((key, committed), told);
        told
    }
}

/// Whether a line is of AWS, by its provider as the readers give it: a CUR has none, and FOCUS one in every line.
pub(crate) fn is_aws(provider: &str) -> bool {
    provider.is_empty() || provider == "AWS" || provider.starts_with("Amazon")
}

/// The line type of a row; `None` for a category that FOCUS does not have.
fn line_type(
    category: &str,
    class: &str,
    status: &str,
    committed: bool,
    of_aws: bool,
    plan: bool,
) -> Option<&'static str> {
    Some(match category {
        "Tax" => "Tax",
        "Credit" => "Credit",
        "Adjustment" => "Adjustment",
        // Of an earlier billing period, so no cost of running anything in this one.
        "Usage" | "Purchase" if class == "Correction" => "Refund",
        "Usage" if status == "Used" && of_aws => {
            if plan {
                "SavingsPlanCoveredUsage"
            } else {
                "DiscountedUsage"
            }
        }
        "Usage" if status == "Unused" && of_aws => {
            if plan {
                "SavingsPlanRecurringFee"
            } else {
                "RIFee"
            }
        }
        "Usage" if status == "Unused" => "Fee",
        "Usage" => "Usage",
        "Purchase" if committed && plan => "SavingsPlanUpfrontFee",
        "Purchase" => "Fee",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_get_the_line_types_of_the_cur() {
        let of = |category, class, status, committed, aws, plan| {
            line_type(category, class, status, committed, aws, plan).unwrap_or("none")
        };
        assert_eq!(of("Usage", "", "", false, true, false), "Usage");
        assert_eq!(of("Usage", "", "Used", true, true, true), "SavingsPlanCoveredUsage");
        assert_eq!(of("Usage", "", "Used", true, true, false), "DiscountedUsage");
        assert_eq!(of("Usage", "", "Unused", true, true, true), "SavingsPlanRecurringFee");
        assert_eq!(of("Usage", "", "Unused", true, true, false), "RIFee");
        assert_eq!(of("Usage", "", "Used", true, false, false), "Usage");
        assert_eq!(of("Usage", "", "Unused", true, false, false), "Fee");
        assert_eq!(of("Usage", "Correction", "", false, true, false), "Refund");
        assert_eq!(of("Purchase", "", "", true, true, true), "SavingsPlanUpfrontFee");
        assert_eq!(of("Purchase", "", "", false, false, false), "Fee");
        assert_eq!(of("Mystery", "", "", false, false, false), "none");
        assert!(is_aws("") && is_aws("AWS") && is_aws("Amazon Web Services"));
        assert!(!is_aws("Microsoft") && !is_aws(UNKNOWN));
    }
}
