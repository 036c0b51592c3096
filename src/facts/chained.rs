//! Lists one behind the other, as workers made them: numbered through, and none of them copied.

use std::{fmt, iter::Flatten, ops, slice};

/// The number of what stands behind so many, among what stands there.
pub(super) fn behind(number: u32, own: usize) -> u32 {
    number - u32::try_from(own).unwrap_or(number)
}

/// Items of several lists by the number that they have in all of them together.
#[derive(Clone)]
pub struct Chained<T> {
    lists: Vec<Vec<T>>,
    /// By list: the number of its first item.
    firsts: Vec<u32>,
}

impl<T> Default for Chained<T> {
    fn default() -> Self {
        Self { lists: Vec::new(), firsts: Vec::new() }
    }
}

impl<T> Chained<T> {
    pub(super) fn of(lists: Vec<Vec<T>>) -> Self {
        let mut chained = Self::default();
        lists.into_iter().for_each(|list| chained.push(list));
        chained
    }

    /// Adds a list behind the others.
    pub(super) fn push(&mut self, list: Vec<T>) {
        self.firsts.push(self.count());
        self.lists.push(list);
    }

    /// How many there are.
    pub(super) fn count(&self) -> u32 {
        let last = self.firsts.last().zip(self.lists.last());
        last.map_or(0, |(first, list)| first.saturating_add(u32::try_from(list.len()).unwrap_or(u32::MAX)))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count() as usize
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// The number of the first item of each list.
    pub(super) fn firsts(&self) -> &[u32] {
        &self.firsts
    }

    fn place(&self, number: u32) -> (usize, usize) {
        let list = list_of(&self.firsts, &number);
        (list, (number - self.firsts[list]) as usize)
    }

    /// The item of a number, which there is.
    pub(super) fn at(&self, number: u32) -> &T {
        let (list, at) = self.place(number);
        &self.lists[list][at]
    }

    /// The same, to be changed.
    pub(super) fn at_mut(&mut self, number: u32) -> &mut T {
        let (list, at) = self.place(number);
        &mut self.lists[list][at]
    }

    /// The item at a place, if there is one.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&T> {
        u32::try_from(place).ok().filter(|number| *number < self.count()).map(|number| self.at(number))
    }

    /// All items, in order.
    pub fn iter(&self) -> Flatten<slice::Iter<'_, Vec<T>>> {
        self.lists.iter().flatten()
    }
}

impl<T: fmt::Debug> fmt::Debug for Chained<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self).finish()
    }
}

impl<T> ops::Index<usize> for Chained<T> {
    type Output = T;
    fn index(&self, place: usize) -> &T {
        self.at(u32::try_from(place).unwrap_or(u32::MAX))
    }
}

impl<'a, T> IntoIterator for &'a Chained<T> {
    type Item = &'a T;
    type IntoIter = Flatten<slice::Iter<'a, Vec<T>>>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The list that holds a number, given the number of each one's first item.
pub(super) fn list_of<N: Ord>(firsts: &[N], number: &N) -> usize {
    firsts.partition_point(|first| first <= number).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_numbered_through() {
        let mut chained = Chained::of(vec![vec!['a', 'b'], vec![], vec!['c'], vec!['d', 'e']]);
        assert_eq!(chained.firsts(), [0, 2, 2, 3]);
        *chained.at_mut(3) = 'D';
        assert_eq!((0..5).map(|number| *chained.at(number)).collect::<String>(), "abcDe");
        assert_eq!((chained.iter().collect::<String>().as_str(), chained.len(), chained[2]), ("abcDe", 5, 'c'));
        assert_eq!([chained.get(4), chained.get(5), Chained::default().get(0)], [Some(&'e'), None, None]);
    }
}
