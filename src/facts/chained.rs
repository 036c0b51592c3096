//! Lists one behind the other, as workers made them: numbered through, and none of them copied.

/// The number of what stands behind so many, among what stands there.
pub(super) fn behind(number: u32, own: usize) -> u32 {
    number - u32::try_from(own).unwrap_or(number)
}

/// Items of several lists by the number that they have in all of them together.
#[derive(Debug, Clone)]
pub(super) struct Chained<T> {
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

    /// The number of the first item of each list.
    pub(super) fn firsts(&self) -> &[u32] {
        &self.firsts
    }

    fn place(&self, number: u32) -> (usize, usize) {
        let list = self.firsts.iter().rposition(|first| *first <= number).unwrap_or(0);
        (list, (number - self.firsts[list]) as usize)
    }

    /// The item of a number.
    pub(super) fn get(&self, number: u32) -> &T {
        let (list, at) = self.place(number);
        &self.lists[list][at]
    }

    /// The same, to be changed.
    pub(super) fn get_mut(&mut self, number: u32) -> &mut T {
        let (list, at) = self.place(number);
        &mut self.lists[list][at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_numbered_through() {
        let mut chained = Chained::of(vec![vec!['a', 'b'], vec![], vec!['c'], vec!['d', 'e']]);
        assert_eq!(chained.firsts(), [0, 2, 2, 3]);
        *chained.get_mut(3) = 'D';
        assert_eq!((0..5).map(|number| *chained.get(number)).collect::<String>(), "abcDe");
    }
}
