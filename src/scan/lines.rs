//! Lines as columns of small codes: what the readers hand to a fold.

use super::{
    classes::{CLASS_COLUMNS, ClassKey, ClassTable, Packer},
    columns::{Amount, Moment, Text},
    ids::{Ids, ResourceSym},
    numbers::touch,
    tags::{TagSets, TagsId},
};
use crate::{
    error::{Error, Result},
    money::{Money, Quantity},
    names::{Names, Sym},
};

/// Stands for null among amounts.
pub(crate) const NO_AMOUNT: i128 = i128::MIN;

/// Stands for null among moments.
pub(crate) const NO_MOMENT: i64 = i64::MIN;

/// A column of a batch: each row's code stands for one of the values.
#[derive(Debug, Clone)]
pub(crate) struct Coded<T> {
    pub(crate) values: Vec<T>,
    /// A code a row, each an index into `values`; none at all when every row has the code `all`.
    pub(crate) codes: Vec<u32>,
    pub(crate) all: u32,
    /// The codes below it stand for the same value in the whole row group; values behind are this batch's own.
    pub(crate) lasting: usize,
}

impl<T: Copy> Coded<T> {
    /// A column that is null in every row, whatever `null` is.
    pub(crate) fn nothing(null: T) -> Self {
        Self { values: vec![null], codes: Vec::new(), all: 0, lasting: 1 }
    }

    /// A column of values that are told row by row; none at all stand for nulls alone.
    pub(crate) fn of_rows(values: Vec<T>, null: T) -> Self {
        if values.is_empty() {
            return Self::nothing(null);
        }
        let codes = (0..u32::try_from(values.len()).unwrap_or(u32::MAX)).collect();
        Self { values, codes, all: 0, lasting: 0 }
    }

    /// Whether some values are this batch's own.
    #[inline]
    pub(crate) fn is_fresh(&self) -> bool {
        self.values.len() > self.lasting
    }

    /// Makes room for another batch of the row group.
    pub(crate) fn next_batch(&mut self) {
        self.codes.clear();
        self.values.truncate(self.lasting);
    }

    /// A row's value.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> T {
        let code = self.codes.get(row).copied().unwrap_or(self.all);
        self.values[code as usize]
    }
}

impl Coded<Narrow> {
    /// A column of amounts that are told row by row, `NO_AMOUNT` for null; those that need more than 64 bits go to `wide`.
    ///
    /// # Errors
    /// When `wide` is full.
    pub(crate) fn of_amounts(amounts: impl Iterator<Item = i128>, wide: &mut Vec<i128>) -> Result<Self> {
        let pack = |amount| if amount == NO_AMOUNT { Ok(Narrow::NULL) } else { Narrow::pack(amount, wide) };
        Ok(Self::of_rows(amounts.map(pack).collect::<Result<_>>()?, Narrow::NULL))
    }
}

/// An amount in 64 bits: itself, null, or the place of one that needs more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Narrow(i64);

impl Narrow {
    /// The amount, `or` where it is null; `None` when it needs more than 64 bits.
    #[inline]
    pub(crate) fn or(self, or: i64) -> Option<i64> {
        if self.0 >= Self::LEAST {
            return Some(self.0);
        }
        (self == Self::NULL).then_some(or)
    }

    pub(crate) const NULL: Self = Self(i64::MIN);
    /// Below it are null and the places.
    const LEAST: i64 = i64::MIN + (1 << 32);

    /// An amount that is none of those that stand for null and for places.
    #[inline]
    pub(crate) fn of(amount: i64) -> Option<Self> {
        (amount >= Self::LEAST).then_some(Self(amount))
    }

    /// Packs an amount; one that needs more than 64 bits is kept in `wide`.
    ///
    /// # Errors
    /// When `wide` is full.
    pub(crate) fn pack(amount: i128, wide: &mut Vec<i128>) -> Result<Self> {
        match i64::try_from(amount).ok().and_then(Self::of) {
            Some(narrow) => Ok(narrow),
            None => {
                wide.push(amount);
                let place = u32::try_from(wide.len()).map_err(|_| Error::new("has too many large numbers"))?;
                Ok(Self(i64::MIN + i64::from(place)))
            }
        }
    }

    /// The amount; `None` when null.
    #[inline]
    fn get(self, wide: &[i128]) -> Option<i128> {
        if self.0 >= Self::LEAST {
            return Some(self.0.into());
        }
        let place = usize::try_from(self.0 - i64::MIN).unwrap_or(0);
        place.checked_sub(1).and_then(|place| wide.get(place)).copied()
    }
}

/// A batch of lines.
#[derive(Debug)]
pub struct Lines {
    pub(crate) rows: usize,
    /// Each row's class: a number of the dictionary's table.
    pub(crate) class: Vec<u32>,
    pub(crate) resource: Coded<ResourceSym>,
    /// All columns of text but the resource's.
    pub(crate) text: [Coded<Sym>; Text::COUNT],
    pub(crate) amount: [Coded<Narrow>; Amount::COUNT],
    /// Amounts that need more than 64 bits.
    pub(crate) wide: Vec<i128>,
    pub(crate) moment: [Coded<i64>; Moment::COUNT],
    /// None at all when no row has a tag.
    pub(crate) tags: Vec<TagsId>,
    /// The line of the file that each row begins on; none at all of Parquet, whose rows have no lines.
    pub(crate) places: Vec<u64>,
}

/// A line's start, end and billing period in seconds since the epoch, `NO_MOMENT` for null.
pub(crate) type Times = [i64; 3];

/// Whether lines have the same times. They are compared one by one: together they would be read wider than they were just written, for which
/// a core waits.
#[inline]
pub(crate) fn are_same(one: &Times, other: &Times) -> bool {
    one.iter().zip(other).fold(0, |all, (one, other)| all | (one ^ other)) == 0
}

/// A moment in seconds since the epoch, unless it stands for null.
#[inline]
pub(crate) fn told(moment: i64) -> Option<i64> {
    (moment != NO_MOMENT).then_some(moment)
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            rows: 0,
            class: Vec::new(),
            resource: Coded::nothing(ResourceSym::NONE),
            text: std::array::from_fn(|_| Coded::nothing(Sym::NONE)),
            amount: std::array::from_fn(|_| Coded::nothing(Narrow::NULL)),
            wide: Vec::new(),
            moment: std::array::from_fn(|_| Coded::nothing(NO_MOMENT)),
            tags: Vec::new(),
            places: Vec::new(),
        }
    }
}

impl Lines {
    /// How many lines.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Numbers the classes of all lines.
    pub(super) fn number_classes(&mut self, packer: &mut Packer, classes: &mut ClassTable) {
        let text = &self.text;
        let columns = CLASS_COLUMNS.map(|column| &text[column as usize]);
        let class_of = |row| classes.intern(ClassKey(columns.map(|column| column.get(row))));
        packer.number(&columns, self.rows, &mut self.class, class_of);
    }

    /// An error of a row, with the line of the file that the row begins on, if it has lines.
    #[must_use]
    pub fn placed(&self, row: usize, error: Error) -> Error {
        match self.places.get(row) {
            Some(line) => error.on_line(*line),
            None => error,
        }
    }

    /// The line's class.
    #[must_use]
    pub fn class(&self, row: usize) -> u32 {
        self.class[row]
    }

    /// The line's resource; `ResourceSym::NONE` when it names none.
    #[must_use]
    pub fn resource(&self, row: usize) -> ResourceSym {
        self.resource.get(row)
    }

    /// A text, other than the resource; `Sym::NONE` when null, empty or not in the export.
    #[must_use]
    pub fn text(&self, column: Text, row: usize) -> Sym {
        self.text[column as usize].get(row)
    }

    /// All texts that lines of a column may have, and perhaps more.
    pub(crate) fn texts(&self, column: Text) -> &[Sym] {
        &self.text[column as usize].values
    }

    /// An amount of money; `None` when null or not in the export.
    #[must_use]
    pub fn money(&self, column: Amount, row: usize) -> Option<Money> {
        self.amount[column as usize].get(row).get(&self.wide).map(Money)
    }

    /// An amount in 64 bits, if it needs no more.
    #[inline]
    pub(crate) fn narrow(&self, column: Amount, row: usize) -> Narrow {
        self.amount[column as usize].get(row)
    }

    /// Loads the amounts that all lines' codes stand for, of columns with so many values that they crowd each other out of a
    /// core's nearest cache.
    pub(crate) fn touch_amounts(&self) {
        const MANY: usize = 2048;
        for Coded { values, codes, .. } in
            self.amount.iter().filter(|column| column.lasting > MANY && !column.is_fresh())
        {
            touch(codes.iter().map(|code| values[*code as usize].0));
        }
    }

    /// Whether all lines have the same moments.
    pub(crate) fn is_one_time(&self) -> bool {
        self.moment.iter().all(|column| column.codes.is_empty())
    }

    /// A line's times.
    #[inline]
    pub(crate) fn times(&self, row: usize) -> Times {
        let of = |moment: Moment| self.moment[moment as usize].get(row);
        [of(Moment::Start), of(Moment::End), of(Moment::BillingPeriod)]
    }

    /// The amount of usage; none when null.
    #[must_use]
    pub fn usage(&self, row: usize) -> Quantity {
        Quantity(self.amount[Amount::Usage as usize].get(row).get(&self.wide).unwrap_or(0))
    }

    /// A moment in seconds since the epoch; `None` when null or not in the export.
    #[must_use]
    pub fn moment(&self, column: Moment, row: usize) -> Option<i64> {
        told(self.moment[column as usize].get(row))
    }

    /// The line's set of tags and cost categories.
    #[must_use]
    pub fn tags(&self, row: usize) -> TagsId {
        self.tags.get(row).copied().unwrap_or_default()
    }
}

/// The interned strings, ids, classes and tag sets that a worker's lines refer to.
#[derive(Debug, Default)]
pub struct Dictionary {
    /// The strings.
    pub names: Names,
    /// The resource ids.
    pub ids: Ids,
    /// The classes.
    pub classes: ClassTable,
    /// The sets of tags.
    pub tags: TagSets,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_any_width_come_back() {
        let mut wide = Vec::new();
        let edge = i128::from(Narrow::LEAST);
        let all =
            [0, -1, edge, edge - 1, i128::from(i64::MAX), i128::from(i64::MAX) + 1, i128::from(i64::MIN), 1 << 89];
        let packed = all.map(|amount| Narrow::pack(amount, &mut wide).unwrap());
        assert_eq!(packed.map(|amount| amount.get(&wide)), all.map(Some));
        assert_eq!((wide.len(), Narrow::NULL.get(&wide)), (4, None));
    }
}
