//! Choosing where tensors lie: a search for the smallest arena.
//!
//! Chain by chain, in the order in which operators run, the best few arrangements of the tensors that are alive are kept,
//! each continued by all that can come next: chains of several lengths, both directions, and for the chain's output each
//! place that touches another tensor, or lies on one as far as the operators have read it. Of equal arenas the one in which
//! fewer bytes are moved, for tensors held in part, is better, or are made row by row where all could be made at once.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::draft::Draft;
use super::{Chain, are_apart, each_write};
use crate::format::{Contents, KIND_DEPTHWISE, MAX_CHAIN, TENSOR_LEN, TensorRecord};

/// Arrangements that are kept for each number of operators that have run.
const WIDTH: usize = 64;

/// A part of an arena whose start is not known yet.
type Place = Range<i64>;

impl Contents {
    /// Chooses for each tensor where it lies and how many of its rows are held, and for each operator its direction, so that
    /// the arena is small. Contents that cannot be a model stay as they are.
    pub fn plan(&mut self) {
        let Some((records, directions)) = Draft::of(self).and_then(Draft::best) else {
            return;
        };
        let outputs = self
            .operators
            .iter_mut()
            .map(|operator| &mut operator.output);
        let tensors = core::iter::once(&mut self.input).chain(outputs);
        for (tensor, record) in tensors.zip(records) {
            *tensor = record;
        }
        for (operator, upwards) in self.operators.iter_mut().zip(directions) {
            operator.record.upwards = upwards;
        }
    }
}

/// What is chosen so far.
#[derive(Clone, Default)]
struct Arrangement {
    /// The tensors that are alive.
    alive: Vec<(usize, Place)>,
    /// All that tensors have taken.
    taken: Place,
    /// Bytes that are moved to make room in tensors held in part, or made row by row for want of another place.
    cost: u64,
    /// Of each tensor so far its rows held, 0 for all, and its first byte.
    tensors: Vec<(u8, i64)>,
    /// Of each operator so far whether it works upwards.
    upwards: Vec<bool>,
}

/// Operators that can work as a chain.
struct Candidate {
    chain: Chain,
    upwards: bool,
    /// Of each tensor between them the rows held, and the bytes that they take.
    parts: Vec<(u8, i64)>,
    /// Bytes of the output.
    len: i64,
    /// Tensors that die.
    dying: Vec<Dying>,
    /// Bytes that are moved.
    moved: u64,
    /// Bytes that can be made several rows at once if the operator is alone, and they lie on none that it reads.
    pointwise: u64,
}

/// A tensor that an operator of a chain reads for the last time.
struct Dying {
    tensor: usize,
    /// How far from its start the output may start: at most so far on the way down, at least on the way up.
    distance: i64,
    /// The distance is a multiple of this.
    grain: i64,
}

impl Draft {
    /// The tensors' records and the operators' directions in the best arrangement.
    fn best(mut self) -> Option<(Vec<TensorRecord>, Vec<bool>)> {
        let count = self.operators.len();
        let mut levels = vec![Vec::new(); count + 1];
        let len = self.bytes(0, 0)?;
        levels[0].push(Arrangement {
            alive: vec![(0, 0..len)],
            taken: 0..len,
            tensors: vec![(0, 0)],
            ..Arrangement::default()
        });
        for first in 0..count {
            let arrangements = pruned(core::mem::take(&mut levels[first]));
            for candidate in self.candidates(first) {
                let next = &mut levels[candidate.chain.last + 1];
                for arrangement in &arrangements {
                    next.extend(arrangement.continued(&candidate));
                }
            }
        }
        let best = pruned(core::mem::take(&mut levels[count]))
            .into_iter()
            .next()?;
        let tensors = self.tensors.iter().zip(&best.tensors);
        let place = |(tensor, &(held, at)): (&[u8; TENSOR_LEN], &(u8, i64))| {
            let at = u32::try_from(at - best.taken.start).ok()?;
            Some(TensorRecord {
                held,
                at,
                ..TensorRecord::decode(tensor)
            })
        };
        Some((tensors.map(place).collect::<Option<_>>()?, best.upwards))
    }

    /// All chains that can begin with an operator, in both directions.
    fn candidates(&mut self, first: usize) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        let end = self.operators.len().min(first + MAX_CHAIN);
        for last in first..end {
            if last > first && self.hold_in_part(last).is_none() {
                break;
            }
            // Each tensor between the operators is read by one of them.
            let inner = first + 1..=last;
            let read_later = |tensor: usize| self.last_readers[tensor] > Some(last);
            if inner.into_iter().any(read_later) {
                continue;
            }
            for upwards in [false, true] {
                self.direct(Chain { first, last }, upwards);
                candidates.extend(self.candidate(Chain { first, last }, upwards));
            }
        }
        self.direct(
            Chain {
                first,
                last: end - 1,
            },
            false,
        );
        for tensor in first..end {
            self.hold(tensor, 0);
        }
        candidates
    }

    fn candidate(&self, chain: Chain, upwards: bool) -> Option<Candidate> {
        let pointwise = (chain.first..=chain.last).map(|index| {
            let node = self.program().node(index)?;
            let is_pointwise = node.operator.is_pointwise(node.record);
            Some(u64::from(is_pointwise) * self.tensor(index + 1)?.shape.elements())
        });
        let parts = (chain.first + 1..=chain.last).map(|tensor| {
            let held = self.tensor(tensor)?.held;
            Some((held, self.bytes(tensor, held)?))
        });
        let moved = (chain.first + 1..=chain.last).map(|tensor| {
            let TensorRecord { shape, held, .. } = self.tensor(tensor)?;
            Some(u64::from(held.saturating_sub(1)) * shape.elements())
        });
        let dying = (0..=chain.first).filter(|&tensor| {
            let last = self.last_readers[tensor];
            last.is_some_and(|last| (chain.first..=chain.last).contains(&last))
                && !(tensor == 0 && self.keeps_input)
        });
        // Rows of a depthwise convolution lie on others channel on channel.
        let last = self.program().node(chain.last)?.record().kind;
        let grain = if last == KIND_DEPTHWISE {
            self.tensor(chain.last + 1)?.shape.channels.max(1)
        } else {
            1
        };
        let dying = dying.map(|tensor| {
            let mut bound = None;
            each_write(&self.program(), tensor, chain, |written, unread| {
                let next = if upwards {
                    unread.end.cast_signed() as i64 - written.start.cast_signed() as i64
                } else {
                    unread.start.cast_signed() as i64 - written.end.cast_signed() as i64
                };
                let further = if upwards { i64::max } else { i64::min };
                bound = Some(bound.map_or(next, |bound| further(bound, next)));
            })?;
            Some(Dying {
                tensor,
                // Where all has been read before, the start is as good a place as any.
                distance: bound.unwrap_or(0),
                grain: grain.into(),
            })
        });
        Some(Candidate {
            chain,
            upwards,
            parts: parts.collect::<Option<_>>()?,
            len: self.bytes(chain.last + 1, 0)?,
            dying: dying.collect::<Option<_>>()?,
            moved: moved.sum::<Option<_>>()?,
            pointwise: pointwise.sum::<Option<_>>()?,
        })
    }
}

impl Arrangement {
    /// The arrangement continued by a chain, with each place that its output can have.
    fn continued(&self, candidate: &Candidate) -> Vec<Self> {
        let mut starts = beside(&self.alive, candidate.len);
        for dying in &candidate.dying {
            let place = self.alive.iter().find(|(alive, _)| *alive == dying.tensor);
            starts.extend(place.map(|(_, place)| place.start.saturating_add(dying.distance)));
        }
        starts.sort_unstable();
        starts.dedup();
        let places = starts.into_iter().map(|start| start..start + candidate.len);
        let fitting = places.filter(|place| candidate.may_lie(place, self));
        fitting.map(|place| self.with(candidate, place)).collect()
    }

    /// The arrangement with the output of a chain in a place, and the tensors of the chain where they make it least larger.
    fn with(&self, candidate: &Candidate, output: Place) -> Self {
        let Candidate { chain, .. } = *candidate;
        let mut after = self.clone();
        after.cost += candidate.moved;
        let is_free = self
            .alive
            .iter()
            .all(|(_, place)| are_apart(place, &output));
        if chain.first < chain.last || !is_free {
            after.cost += candidate.pointwise;
        }
        after.taken = union(&after.taken, &output);
        let mut occupied = self.alive.clone();
        occupied.push((chain.last + 1, output.clone()));
        for (tensor, &(held, len)) in (chain.first + 1..).zip(&candidate.parts) {
            let starts = beside(&occupied, len);
            let places = starts.into_iter().map(|start| start..start + len);
            let free =
                places.filter(|place| occupied.iter().all(|(_, other)| are_apart(place, other)));
            let place = free.min_by_key(|place| {
                let taken = union(&after.taken, place);
                (taken.end - taken.start, place.start)
            });
            // Beyond the last of all others is always room.
            let place = place.unwrap_or(output.clone());
            after.taken = union(&after.taken, &place);
            after.tensors.push((held, place.start));
            occupied.push((tensor, place));
        }
        after.tensors.push((0, output.start));
        let upwards = core::iter::repeat_n(candidate.upwards, candidate.parts.len() + 1);
        after.upwards.extend(upwards);
        let dies = |tensor| candidate.dying.iter().any(|dying| dying.tensor == tensor);
        after.alive.retain(|&(tensor, _)| !dies(tensor));
        after.alive.push((chain.last + 1, output));
        after
    }
}

impl Candidate {
    /// Whether the output can lie in a place: where nothing else is, or what has been read already.
    fn may_lie(&self, place: &Place, before: &Arrangement) -> bool {
        before.alive.iter().all(|(tensor, other)| {
            let dying = self.dying.iter().find(|dying| dying.tensor == *tensor);
            let is_read = dying.is_some_and(|dying| {
                let limit = other.start.saturating_add(dying.distance);
                let is_after = if self.upwards {
                    place.start >= limit
                } else {
                    place.start <= limit
                };
                is_after && (place.start - other.start) % dying.grain == 0
            });
            is_read || are_apart(place, other)
        })
    }
}

/// The starts of places of this length that end or begin where others begin or end.
fn beside(others: &[(usize, Place)], len: i64) -> Vec<i64> {
    let sides = others
        .iter()
        .flat_map(|(_, place)| [place.end, place.start - len]);
    sides.collect()
}

fn union(one: &Place, other: &Place) -> Place {
    one.start.min(other.start)..one.end.max(other.end)
}

/// The best arrangements, the best one first; of those that differ in what is over only the best.
fn pruned(mut arrangements: Vec<Arrangement>) -> Vec<Arrangement> {
    let len = |arrangement: &Arrangement| arrangement.taken.end - arrangement.taken.start;
    arrangements.sort_by_key(|arrangement| (len(arrangement), arrangement.cost));
    let mut best: Vec<Arrangement> = Vec::new();
    for arrangement in arrangements {
        let shape = |one: &Arrangement| {
            let start = one.taken.start;
            let alive = one.alive.iter();
            let alive = alive.map(|(tensor, place)| (*tensor, place.start - start));
            alive.collect::<Vec<_>>()
        };
        let is_new = best
            .iter()
            .all(|other| len(other) != len(&arrangement) || shape(other) != shape(&arrangement));
        if is_new {
            best.push(arrangement);
        }
        if best.len() == WIDTH {
            break;
        }
    }
    best
}
