//! One hour of a curve: a capacity grows from what it is, and what that does is followed from event to event.
//!
//! While the capacity grows, what is left of some pools shrinks at a constant slope, and steps behind are offered less usage
//! or have capacity freed, at constant slopes too. The next event is the first pool at a margin to be covered whole: that
//! margin moves on, and the slopes change from there on. Margins only ever move forward, so an hour ends.

use super::{CapacityId, Fill, NONE, UNKNOWN, Waterfall};
use std::cmp::Ordering;

/// Where the value of what is left changes its slope: at which amount, and by how much (both as floats of their units).
pub(super) type Break = (f64, f64);

/// A step whose margin the growing capacity moves. What it covers and what room is left there hold for the amount `since`.
struct Stand {
    step: u32,
    position: u32,
    weight: f64,
    /// What it covers of the pool at the margin, and how much of that pool it leaves: behind the last pool, without end.
    covered: f64,
    room: f64,
    since: f64,
    /// Slopes of both, the second downwards.
    covers: f64,
    closes: f64,
}

/// A pool that less and less is left of in front of its place, and how fast.
#[derive(Clone, Copy)]
struct Stream {
    pool: u32,
    place: usize,
    step: u32,
    falls: f64,
}

/// A step on the way of the flow, with what the flow was in front of it.
struct Visit {
    stand: usize,
    /// At which amount its margin moves on.
    event: f64,
    streams: usize,
    offers: usize,
}

/// The sweep of one hour after another.
pub(super) struct Sweep<'a> {
    waterfall: &'a Waterfall,
    rates: &'a [f64],
    /// How much the capacity may grow.
    limit: f64,
    /// By step: whether its capacity has nothing in any hour and does not grow. Whatever flows passes it.
    idle: Vec<bool>,
    hour: usize,
    /// How much the capacity has grown.
    now: f64,
    /// By step: 1 + the place of its stand, 0 for none.
    slot: Vec<u32>,
    stands: Vec<Stand>,
    visits: Vec<Visit>,
    streams: Vec<Stream>,
    offers: Vec<(u32, f64)>,
    /// Copies of `streams` and `offers` in front of each visit.
    trail: (Vec<Stream>, Vec<(u32, f64)>),
}

impl<'a> Sweep<'a> {
    pub(super) fn new(waterfall: &'a Waterfall, capacity: CapacityId, rates: &'a [f64], limit: f64) -> Self {
        let slot = vec![0; waterfall.layout.steps()];
        let own = |of: &u32| *of != capacity.0 && waterfall.idle[*of as usize];
        let idle = waterfall.layout.capacity.iter().map(own).collect();
        Self {
            waterfall,
            rates,
            limit,
            idle,
            hour: 0,
            now: 0.0,
            slot,
            stands: Vec::new(),
            visits: Vec::new(),
            streams: Vec::new(),
            offers: Vec::new(),
            trail: (Vec::new(), Vec::new()),
        }
    }

    /// Notes where the slope of what the capacity saves changes in an hour, by amount.
    pub(super) fn hour(&mut self, capacity: usize, hour: usize, breaks: &mut Vec<Break>) {
        self.clear(hour);
        let first = self.waterfall.layout.first[capacity];
        if first == NONE {
            return;
        }
        self.offers.push((first, 1.0));
        let mut slope = 0.0;
        loop {
            self.flow();
            let saves: f64 = self.streams.iter().map(|stream| stream.falls * self.rates[stream.pool as usize]).sum();
            breaks.push((self.now, saves - slope));
            slope = saves;
            let next = self.visits.iter().enumerate().min_by(|(_, a), (_, b)| a.event.total_cmp(&b.event));
            let Some((at, visit)) = next.filter(|(_, visit)| visit.event < f64::INFINITY) else { break };
            if visit.event > self.limit {
                breaks.push((self.limit, -slope));
                break;
            }
            self.now = visit.event.max(self.now);
            let stand = visit.stand;
            self.rewind(at);
            self.move_on(stand);
        }
    }

    fn clear(&mut self, hour: usize) {
        (self.hour, self.now) = (hour, 0.0);
        for stand in self.stands.drain(..) {
            self.slot[stand.step as usize] = 0;
        }
        self.visits.clear();
        self.streams.clear();
        self.offers.clear();
        self.trail.0.clear();
        self.trail.1.clear();
    }

    /// Takes the flow back to in front of a visit, and sets the stands from there to what they are now, at rest.
    fn rewind(&mut self, at: usize) {
        for visit in &self.visits[at..] {
            let stand = &mut self.stands[visit.stand];
            let grown = self.now - stand.since;
            stand.covered += stand.covers * grown;
            stand.room -= stand.closes * grown;
            (stand.since, stand.covers, stand.closes) = (self.now, 0.0, 0.0);
        }
        let Visit { streams, offers, .. } = self.visits[at];
        let ends = self.visits.get(at + 1).map(|visit| (visit.streams, visit.offers));
        let (end, offers_end) = ends.unwrap_or((self.trail.0.len(), self.trail.1.len()));
        self.streams.clear();
        self.streams.extend_from_slice(&self.trail.0[streams..end]);
        self.offers.clear();
        self.offers.extend_from_slice(&self.trail.1[offers..offers_end]);
        self.trail.0.truncate(streams);
        self.trail.1.truncate(offers);
        self.visits.truncate(at);
    }

    /// Leads the flow through all steps that it reaches.
    fn flow(&mut self) {
        while let Some(step) = self.next() {
            let (streams, offers) = (self.trail.0.len(), self.trail.1.len());
            self.trail.0.extend_from_slice(&self.streams);
            self.trail.1.extend_from_slice(&self.offers);
            let stand = self.stand(step);
            let event = self.pass(stand);
            self.visits.push(Visit { stand, event, streams, offers });
        }
    }

    /// The next step that the flow comes to and that it can move. What stands in front of all that arrives there, and is offered nothing,
    /// lets it pass and stays as it is: most steps of most hours.
    fn next(&mut self) -> Option<u32> {
        loop {
            let steps = self.streams.iter().map(|stream| stream.step);
            let step = steps.chain(self.offers.iter().map(|(step, _)| *step)).min().filter(|step| *step != NONE)?;
            if self.offers.iter().any(|(of, _)| *of == step) {
                return Some(step);
            }
            let (margin, places) = (self.position(step), &self.waterfall.layout.places);
            if self.streams.iter().any(|stream| stream.step == step && places[stream.place].position <= margin) {
                return Some(step);
            }
            for stream in self.streams.iter_mut().filter(|stream| stream.step == step) {
                let place = stream.place + 1;
                (stream.place, stream.step) = next_place(self.waterfall, &self.idle, stream.pool, place);
            }
        }
    }

    /// The position of a step's margin now.
    fn position(&self, step: u32) -> u32 {
        match self.slot[step as usize] {
            0 => self.waterfall.positions[step as usize * self.waterfall.demand.hours() + self.hour],
            slot => self.stands[slot as usize - 1].position,
        }
    }

    /// Leads the flow past a step and tells at which amount its margin moves on.
    fn pass(&mut self, at: usize) -> f64 {
        let step = self.stands[at].step;
        let offered = self.offers.iter().position(|(of, _)| *of == step);
        let offered = offered.map_or(0.0, |at| self.offers.swap_remove(at).1);
        let (mut supply, mut falls) = self.arriving(at, offered);
        while self.stands[at].is_full() && supply + falls > 0.0 {
            self.move_on(at);
            (supply, falls) = self.arriving(at, offered);
        }
        let stand = &mut self.stands[at];
        let position = stand.position;
        let fills = self.waterfall.layout.fills(step as usize);
        let Some(fill) = fills.get(position as usize) else {
            let next = self.waterfall.layout.next[step as usize];
            if supply > 0.0 && next != NONE {
                self.offers.push((next, supply));
            }
            self.lead(step, position, 0.0);
            return f64::INFINITY;
        };
        stand.since = self.now;
        stand.covers = supply / stand.weight;
        stand.closes = stand.covers + falls;
        let event = if stand.closes > 0.0 { self.now + stand.room.max(0.0) / stand.closes } else { f64::INFINITY };
        let (closes, known) = (stand.closes, falls > 0.0);
        self.lead(step, position, closes);
        if closes > 0.0 && !known {
            let (pool, place) = (fill.pool, fill.place as usize + 1);
            let (place, step) = next_place(self.waterfall, &self.idle, pool, place);
            self.streams.push(Stream { pool, place, step, falls: closes });
        }
        event
    }

    /// How fast capacity reaches a step's margin, and how fast usage of the pool there falls.
    fn arriving(&self, at: usize, offered: f64) -> (f64, f64) {
        let stand = &self.stands[at];
        let (mut supply, mut falls) = (offered, 0.0);
        for stream in self.streams.iter().filter(|stream| stream.step == stand.step) {
            let place = &self.waterfall.layout.places[stream.place];
            match place.position.cmp(&stand.position) {
                Ordering::Less => supply += stream.falls * place.weight as f64,
                Ordering::Equal => falls = stream.falls,
                Ordering::Greater => {}
            }
        }
        (supply, falls)
    }

    /// Leads the streams that arrive at a step past it: none comes out in front of its margin, `closes` at it, all behind.
    fn lead(&mut self, step: u32, margin: u32, closes: f64) {
        let (waterfall, idle) = (self.waterfall, &self.idle);
        self.streams.retain_mut(|stream| {
            if stream.step != step {
                return true;
            }
            let position = waterfall.layout.places[stream.place].position;
            (stream.place, stream.step) = next_place(waterfall, idle, stream.pool, stream.place + 1);
            if position == margin {
                stream.falls = closes;
            }
            position >= margin
        });
    }

    /// Where a step stands: as this hour left it, at first as the waterfall has it.
    fn stand(&mut self, step: u32) -> usize {
        let slot = self.slot[step as usize];
        if slot > 0 {
            return slot as usize - 1;
        }
        let margin = self.waterfall.margin(step as usize, self.hour);
        let (mut weight, mut room) = (1.0, f64::INFINITY);
        if let Some(fill) = self.waterfall.layout.fills(step as usize).get(margin.position as usize) {
            weight = fill.weight as f64;
            let known = margin.edge.arrived;
            let arrived = if known == UNKNOWN { self.arrives(fill) } else { known as f64 };
            room = arrived - margin.edge.covered as f64;
        }
        let (position, covered) = (margin.position, margin.edge.covered as f64);
        self.stands.push(Stand { step, position, weight, covered, room, since: self.now, covers: 0.0, closes: 0.0 });
        self.slot[step as usize] = u32::try_from(self.stands.len()).unwrap_or_default();
        self.stands.len() - 1
    }

    /// Moves a margin to the next position of a pool that is used: what flows past the others does not change.
    fn move_on(&mut self, at: usize) {
        let stand = &self.stands[at];
        let (fills, mut position) = (self.waterfall.layout.fills(stand.step as usize), stand.position + 1);
        let unused = |fill: &&Fill| !self.waterfall.used.holds(fill.pool, self.hour);
        while fills.get(position as usize).filter(unused).is_some() {
            position += 1;
        }
        let fill = fills.get(position as usize);
        let (weight, room) = fill.map_or((1.0, f64::INFINITY), |fill| (fill.weight as f64, self.arrives(fill)));
        let stand = &mut self.stands[at];
        *stand = Stand { position, weight, room, covered: 0.0, since: self.now, covers: 0.0, closes: 0.0, ..*stand };
    }

    /// How much of a pool arrives at a step now.
    fn arrives(&self, fill: &Fill) -> f64 {
        let waterfall = self.waterfall;
        if !waterfall.used.holds(fill.pool, self.hour) {
            return 0.0;
        }
        let mut left = waterfall.demand.row(fill.pool as usize)[self.hour] as f64;
        let places = &waterfall.layout.places[waterfall.layout.of_pool[fill.pool as usize]..fill.place as usize];
        for place in places.iter().filter(|place| !self.idle[place.step as usize]) {
            match place.position.cmp(&self.position(place.step)) {
                Ordering::Less => return 0.0,
                Ordering::Equal => left -= self.covered(place.step),
                Ordering::Greater => {}
            }
        }
        left.max(0.0)
    }

    /// How much a step covers of the pool at its margin now.
    fn covered(&self, step: u32) -> f64 {
        match self.slot[step as usize] {
            0 => self.waterfall.edges[step as usize * self.waterfall.demand.hours() + self.hour].covered as f64,
            slot => {
                let stand = &self.stands[slot as usize - 1];
                stand.covered + stand.covers * (self.now - stand.since)
            }
        }
    }
}

/// A pool's first place from one on that is in no idle step, and the step; [`NONE`] behind the last.
fn next_place(waterfall: &Waterfall, idle: &[bool], pool: u32, mut place: usize) -> (usize, u32) {
    loop {
        let step = waterfall.layout.step_at(pool, place);
        if step == NONE || !idle[step as usize] {
            return (place, step);
        }
        place += 1;
    }
}

impl Stand {
    /// Whether nothing is left to cover of the pool at the margin: less than a unit, or than a float can tell.
    fn is_full(&self) -> bool {
        self.room < 0.5 + self.covered * 1e-12
    }
}
