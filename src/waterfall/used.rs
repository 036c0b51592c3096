//! Which pools are used at all in an hour: most are not, and what is not used takes nothing of any step.
//!
//! The bits of an hour lie side by side: those of some thousand pools take a few lines of memory, where their usage itself would take one each.

use super::{Demand, Units};

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
        let rows: Vec<(usize, &[Units])> = demand.told().collect();
        // A word of each hour, for pools that share them: that stays in the cache.
        let mut of_some = vec![0; hours];
        for some in rows.chunk_by(|(one, _), (other, _)| one / 64 == other / 64) {
            of_some.fill(0);
            for (pool, row) in some {
                for (word, units) in of_some.iter_mut().zip(*row) {
                    *word |= u64::from(*units != 0) << (pool % 64);
                }
            }
            for (of_hour, word) in bits.chunks_exact_mut(words).zip(&of_some) {
                of_hour[some[0].0 / 64] = *word;
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
