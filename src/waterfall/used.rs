//! Which pools are used at all in an hour: most are not, and what is not used takes nothing of any step.
//!
//! The bits of an hour lie side by side: those of some thousand pools take a few lines of memory, where their usage itself would take one each.

use super::Demand;

/// A bit for each hour and pool.
#[derive(Debug, Clone)]
pub(super) struct Used {
    /// Words an hour.
    words: usize,
    bits: Vec<u64>,
}

impl Used {
    pub(super) fn of(demand: &Demand) -> Self {
        let (pools, hours) = (demand.pools(), demand.hours());
        let words = pools.div_ceil(64);
        let mut bits = vec![0; words * hours];
        for (pool, row) in demand.told() {
            for (units, of_hour) in row.iter().zip(bits.chunks_exact_mut(words)) {
                of_hour[pool / 64] |= u64::from(*units != 0) << (pool % 64);
            }
        }
        Self { words, bits }
    }

    pub(super) fn holds(&self, pool: u32, hour: usize) -> bool {
        self.bits[hour * self.words + pool as usize / 64] >> (pool % 64) & 1 == 1
    }

    pub(super) fn set(&mut self, pool: u32, hour: usize, used: bool) {
        let (word, bit) = (&mut self.bits[hour * self.words + pool as usize / 64], 1 << (pool % 64));
        *word = if used { *word | bit } else { *word & !bit };
    }
}
