//! What is odd about lines, counted one by one.

use super::{Sums, When};
use crate::{
    facts::{
        Costs,
        kind::Kind,
        line::{Amounts, Groups, LineType},
    },
    names::{Names, Sym},
    scan::{
        Dictionary, Lines, Narrow,
        columns::{Amount, Text},
    },
};
use std::sync::Arc;

/// A line that may be odd.
#[derive(Clone, Copy)]
pub(super) struct Odd<'w> {
    pub(super) row: usize,
    pub(super) kind: Kind,
    pub(super) when: &'w When,
    pub(super) account: Sym,
    pub(super) groups: Groups,
}

impl Sums<'_> {
    /// What is odd about a line of FOCUS.
    #[cold]
    fn focus_oddities(&mut self, lines: &Lines, row: usize, kind: Kind, sums: Costs, names: &Names) {
        let provider = || Arc::from(names.get(lines.text(Text::Provider, row)));
        if kind.foreign {
            *self.quality.others.entry(provider()).or_default() += 1;
        }
        if kind.line == LineType::Usage {
            self.quality.plain += u64::from(kind.plain && !kind.foreign);
            if sums.effective.is_zero() && !sums.unblended.is_zero() {
                let sum = self.quality.no_effective.entry(provider()).or_default();
                *sum = (sum.0 + 1, sum.1 + sums.unblended);
            }
        }
    }

    /// Counts what is odd about a line.
    #[inline(always)]
    pub(super) fn oddities(&mut self, lines: &Lines, odd: Odd<'_>, sums: Amounts, dictionary: &Dictionary) {
        let Odd { row, kind, when, account, groups } = odd;
        if groups.stated {
            self.focus_oddities(lines, row, kind, sums.wide(), &dictionary.names);
        }
        let negative = match sums {
            Amounts::Narrow(sums) => sums.quantity < 0,
            Amounts::Wide(costs) => costs.quantity.0 < 0,
        };
        if kind.line == LineType::Unknown || kind.line == LineType::Usage && negative {
            self.unknown_or_negative(lines, row, kind, sums, dictionary);
        }
        let quality = &mut self.quality;
        quality.capacity_rows += u64::from(kind.capacity);
        quality.host_rows += u64::from(kind.host_reservation);
        quality.no_cost += u64::from(lines.narrow(Amount::Unblended, row) == Narrow::NULL);
        quality.no_account += u64::from(account == Sym::NONE);
        if let Some((period, outside)) = when.period {
            if outside {
                quality.outside = (quality.outside.0 + 1, quality.outside.1 + sums.wide().unblended);
            }
            if groups.invoice && lines.text(Text::Invoice, row) == Sym::NONE && self.last_open != Some(period) {
                self.last_open = Some(period);
                quality.not_final.insert(period);
            }
        }
        if kind.line.is_usage()
            && let Some(seconds) = when.seconds
        {
            quality.spans[usize::from(seconds > 2 * 3600) + usize::from(seconds > 36 * 3600)] += 1;
        }
    }

    #[cold]
    fn unknown_or_negative(&mut self, lines: &Lines, row: usize, kind: Kind, sums: Amounts, dictionary: &Dictionary) {
        let (names, quality) = (&dictionary.names, &mut self.quality);
        if kind.line == LineType::Unknown {
            let name = Arc::from(names.get(lines.text(Text::LineType, row)));
            let sum = quality.unknown_types.entry(name).or_default();
            *sum = (sum.0 + 1, sum.1 + sums.wide().unblended);
            return;
        }
        quality.negative += 1;
        let usage_type = names.get(lines.text(Text::UsageType, row));
        let example = format!("{usage_type} {}", dictionary.ids.text(lines.resource(row))).trim_end().to_owned();
        if quality.negative_example.as_ref().is_none_or(|first| example < *first) {
            quality.negative_example = Some(example);
        }
    }
}
