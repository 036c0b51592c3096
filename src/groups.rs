//! Items by small numbers, side by side: sorted by counting.

/// Items by the number of the group that each belongs to, in each group in their order.
pub(crate) struct Groups<T> {
    /// By group, and one more: where its items begin.
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T: Copy> Groups<T> {
    /// Of so many groups; what belongs to a group beyond them is left out.
    pub(crate) fn of(count: usize, all: impl Iterator<Item = (usize, T)> + Clone) -> Self {
        let all = all.filter(|(group, _)| *group < count);
        let mut starts = vec![0u32; count + 1];
        all.clone().for_each(|(group, _)| starts[group + 1] += 1);
        for group in 0..count {
            starts[group + 1] += starts[group];
        }
        let Some((_, any)) = all.clone().next() else { return Self { starts, items: Vec::new() } };
        let (mut free, mut items) = (starts.clone(), vec![any; starts[count] as usize]);
        for (group, item) in all {
            items[free[group] as usize] = item;
            free[group] += 1;
        }
        Self { starts, items }
    }

    /// The items of a group.
    pub(crate) fn get(&self, group: usize) -> &[T] {
        &self.items[self.starts[group] as usize..self.starts[group + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_a_group_stand_in_their_order() {
        let all = [(2, 'a'), (0, 'b'), (2, 'c'), (7, 'x'), (0, 'd')];
        let groups = Groups::of(4, all.into_iter());
        assert_eq!([0, 1, 2, 3].map(|group| groups.get(group).iter().collect::<String>()), ["bd", "", "ac", ""]);
        assert!(Groups::of(1, std::iter::empty::<(usize, u8)>()).get(0).is_empty());
    }
}
