//! Taking findings into the plan: what stands in the way, who holds a claim, and what is said of those that lose.

use super::{Course, Inputs, Left, Overlap, Plan, Step};
use crate::{
    bill::{Attempt, Hours, Wake, Worth},
    facts::Cost,
    money::Money,
    rules::{Aspect, Stage, Status},
    time::{Hour, MONTH_HOURS},
};

/// What was changed of the bill by what was done about a finding.
pub(super) enum Done {
    /// Nothing.
    Nothing,
    /// Usage.
    Usage(Wake),
    /// Commitments: everything that they may cover may be another than before.
    Commitments,
    /// Commitments and usage.
    Both,
}

impl Done {
    /// The hours in which an attempt on the bill before may do something else on the bill since; `None` where it may be another one.
    pub(super) fn stale(&self, attempt: &Attempt) -> Option<Hours> {
        match self {
            Self::Nothing => Some(Hours::default()),
            Self::Usage(wake) => attempt.stale(wake),
            Self::Commitments | Self::Both => None,
        }
    }

    /// Adds to what was changed before.
    pub(super) fn leave(&self, since: &mut Wake) {
        match self {
            Self::Nothing => {}
            Self::Usage(wake) => since.join(wake),
            Self::Commitments => since.forget_commitments(),
            Self::Both => since.forget(),
        }
    }
}

impl Plan<'_> {
    /// Leaves out what is too young to tell, not wanted or only shown; gives back what may be carried out.
    pub(super) fn admit(&mut self, inputs: &Inputs<'_>, step: Step) -> Option<Step> {
        let text = &inputs.rules[step.rule].text;
        let (hours, least) = (inputs.facts.window.period.hours(), inputs.figures.min_idle_hours);
        if text.stage == Stage::Remove && hours < least {
            let why = format!("the priced period has {hours} hours; below {least} nothing is called unused");
            self.rejected.push(Left::new(step, why));
            return None;
        }
        if let Some(why) = inputs.unwanted(&step, text.stage) {
            self.suppressed.push(Left::new(step, why));
            return None;
        }
        if let Some(why) = step.finding.declined.clone() {
            self.rejected.push(Left::new(step, why));
            return None;
        }
        if let Some(stake) = step.finding.at_stake {
            if monthly_of(inputs, stake.net).to_f64() >= text.ignore_below {
                self.previews.push(step);
            }
            return None;
        }
        if text.status == Status::Preview {
            self.previews.push(step);
            return None;
        }
        Some(step)
    }

    /// Carries out a finding on the bill as it is, unless its claim is held or it saves nothing, and tells what that changes; `worth` is
    /// what it was weighed at among others, `attempt` what it does on the bill as it is, if that is known.
    pub(super) fn take(
        &mut self,
        inputs: &Inputs<'_>,
        mut step: Step,
        (worth, attempt): (Option<Worth>, Option<Attempt>),
        course: &mut Course,
    ) -> Done {
        let holder = step.sides().find_map(|side| course.claims.get(&side).copied());
        if let Some(holder) = holder {
            let why = format!("the same side of the same target is changed by {}", self.steps[holder].id);
            self.lose(inputs, step, Some(holder), worth, (why, None));
            return Done::Nothing;
        }
        let attempt = attempt.or_else(|| self.after.attempt(&step.finding.edits));
        let edits = &step.finding.edits;
        let bargain = if attempt.is_none() { self.after.bargain(edits) } else { None };
        step.changes = match (&attempt, &bargain) {
            (Some(attempt), _) => self.after.saved_by(attempt),
            (None, Some(bargain)) => self.after.gained_by(bargain),
            (None, None) => self.after.peek(edits),
        };
        if !inputs.is_worth(&step, step.saving()) {
            let monthly = monthly_of(inputs, step.saving().net);
            let holder = |id| course.claims.get(&(id, Aspect::Existence)).copied();
            let removed = step.finding.target.members().iter().find_map(|id| holder(*id));
            let because = self.why_nothing(inputs, (&step, attempt.as_ref()), removed, monthly.to_f64());
            self.lose(inputs, step, removed, worth, because);
            return Done::Nothing;
        }
        let new = |item: &usize| !std::mem::replace(&mut course.changed[*item], true);
        let new = self.after.items_in(&step.changes).filter(new);
        step.billed = new.map(|item| inputs.facts.billed.get(item).costs.net).sum();
        let edits = &step.finding.edits;
        let done = match (attempt, bargain) {
            (Some(attempt), _) => Done::Usage(self.after.carry_out(attempt)),
            (None, Some(bargain)) => {
                self.after.close(bargain, edits);
                Done::Commitments
            }
            (None, None) => {
                self.after.apply(edits);
                Done::Both
            }
        };
        course.claims.extend(step.sides().map(|side| (side, self.steps.len())));
        step.weighed = worth;
        self.steps.push(step);
        done
    }

    /// Why a finding saves nothing, and from when on it would.
    fn why_nothing(
        &self,
        inputs: &Inputs<'_>,
        (step, attempt): (&Step, Option<&Attempt>),
        removed: Option<usize>,
        monthly: f64,
    ) -> (String, Option<String>) {
        if let Some(holder) = removed {
            return (format!("its target is already removed by {}", self.steps[holder].id), None);
        }
        let least = inputs.rules[step.rule].text.ignore_below;
        if step.covered.net.micros() > 0 {
            let worth = |saving: Cost| monthly_of(inputs, saving.net).to_f64();
            let wanted = |saving: Cost| worth(saving) > 0.0 && worth(saving) >= least;
            let paid = "a reservation or Savings Plan pays for its hours, used or not, and nothing else would use it";
            return match attempt.and_then(|attempt| self.after.once_ended(attempt, inputs.as_of, &wanted)) {
                Some((end, saving)) => {
                    let (day, month) = (end.day(), worth(saving));
                    (format!("{paid}: from {day} on, when that ends, it saves {month:.2} a month"), Some(end.rfc3339()))
                }
                None => (paid.into(), None),
            };
        }
        let why = if monthly > 0.0 {
            format!("saves {monthly:.2} a month, less than {least:.2} (`ignore_below` of the rule)")
        } else {
            "saves nothing on this bill".into()
        };
        (why, None)
    }

    /// Leaves a finding out, and names it beside the winner; another way of the winner's own finding is no finding that was rejected.
    fn lose(
        &mut self,
        inputs: &Inputs<'_>,
        step: Step,
        winner: Option<usize>,
        worth: Option<Worth>,
        (mut why, from): (String, Option<String>),
    ) {
        if let Some(winner) = winner.and_then(|at| self.steps.get_mut(at)) {
            if let Some([lost, won]) = worth.zip(winner.weighed).map(|(lost, won)| [lost, won]) {
                why = format!("{why}, which {}", compared(inputs, won, lost));
            }
            winner.overlaps.push(Overlap {
                id: step.id.clone(),
                rule: inputs.rules[step.rule].id,
                change: step.finding.proposed.label.clone(),
                saving: worth.map_or(step.alone.net, |worth| worth.saving.net),
                why: why.clone(),
            });
            if winner.id == step.id {
                return;
            }
        }
        self.rejected.push(Left { step, why, from });
    }
}

/// Why the winner won, in money of a month.
fn compared(inputs: &Inputs<'_>, won: Worth, lost: Worth) -> String {
    let month = |money: Money| monthly_of(inputs, money).to_f64();
    let now = format!("saves {:.2} a month where this would save {:.2}", month(won.saving.net), month(lost.saving.net));
    if won.ahead == Money::ZERO && lost.ahead == Money::ZERO {
        return now;
    }
    let (won, lost) = (month(won.whole()), month(lost.whole()));
    format!("{now}; counting what commitments could save before and after, it comes to {won:.2} against {lost:.2}")
}

/// Money of the period as that of a month of 730 hours.
fn monthly_of(inputs: &Inputs<'_>, money: Money) -> Money {
    money.ratio(MONTH_HOURS.into(), inputs.facts.window.period.hours().into())
}

impl Inputs<'_> {
    /// Whether a saving is worth a finding.
    pub(super) fn is_worth(&self, step: &Step, saving: Cost) -> bool {
        let monthly = monthly_of(self, saving.net);
        monthly.micros() > 0 && monthly.to_f64() >= self.rules[step.rule].text.ignore_below
    }

    /// What was not billed since is gone, unless the inventory has it.
    pub(super) fn gone_before(&self) -> Hour {
        let hours = self.figures.seen_within_hours.max(self.facts.granularity.hours());
        self.facts.window.period.end.plus(-hours)
    }
}
