//! The lanes of a block: its rows, and the elements under quantifiers.

use super::node::{FrameId, Graph, ROWS};
use super::table::{ListColumn, Offsets, Table};
use std::collections::HashMap;
use std::ops::Range;

/// Most lanes of a block; with more, it is split.
pub(super) const LANES_MAX: usize = 1 << 22;

/// A block has too many lanes; with fewer rows it will do.
#[derive(Debug, Clone, Copy)]
pub(super) struct TooWide;

/// Where the elements of a frame's lanes stand in their list.
#[derive(Debug)]
pub(super) enum Elements {
    /// Side by side from this one.
    From(usize),
    Picked(Vec<u32>),
}

/// The lanes of a frame.
#[derive(Debug)]
pub(super) struct Lanes {
    pub len: usize,
    /// By lane: the lane of the frame around it; in order.
    pub parents: Vec<u32>,
    pub elements: Elements,
}

/// The frames of a block, each laid out when first asked for.
#[derive(Debug)]
pub(super) struct Frames<'a> {
    graph: &'a Graph,
    table: &'a Table,
    rows: Range<usize>,
    lanes: Vec<Option<Lanes>>,
    /// By frame and a frame further out than its parent: by lane, the lane around it.
    around: HashMap<(FrameId, FrameId), Vec<u32>>,
    spare: Vec<Vec<u32>>,
}

impl<'a> Frames<'a> {
    pub(super) fn new(
        graph: &'a Graph,
        table: &'a Table,
        rows: Range<usize>,
        spare: Vec<Vec<u32>>,
    ) -> Frames<'a> {
        let mut lanes: Vec<Option<Lanes>> = graph.frames.iter().map(|_| None).collect();
        let elements = Elements::From(rows.start);
        lanes[ROWS as usize] = Some(Lanes { len: rows.len(), parents: Vec::new(), elements });
        Frames { graph, table, rows, lanes, around: HashMap::new(), spare }
    }

    /// Gives back the memory.
    pub(super) fn finish(mut self) -> Vec<Vec<u32>> {
        for lanes in self.lanes.into_iter().flatten() {
            // The frame of the rows themselves has none.
            if lanes.parents.capacity() > 0 {
                self.spare.push(lanes.parents);
            }
            if let Elements::Picked(v) = lanes.elements {
                self.spare.push(v);
            }
        }
        self.spare.extend(self.around.into_values());
        self.spare
    }

    /// Lays a frame out.
    pub(super) fn prepare(&mut self, frame: FrameId) -> Result<(), TooWide> {
        if self.lanes[frame as usize].is_some() {
            return Ok(());
        }
        let def = self.graph.frames[frame as usize];
        self.prepare(def.parent)?;
        let list = def.list.and_then(|l| self.table.list(l));
        let mut parents = self.spare.pop().unwrap_or_default();
        let lanes = match list {
            None => Lanes { len: 0, parents: Vec::new(), elements: Elements::From(0) },
            Some(list) => {
                let direct =
                    if def.parent == ROWS { list.contiguous(self.rows.clone()) } else { None };
                if let Some((start, end)) = direct {
                    if end - start > LANES_MAX {
                        return Err(TooWide);
                    }
                    fill_parents(list, self.rows.clone(), &mut parents);
                    Lanes { len: end - start, parents, elements: Elements::From(start) }
                } else {
                    self.picked(def.parent, list, parents)?
                }
            }
        };
        self.lanes[frame as usize] = Some(lanes);
        Ok(())
    }

    fn picked(
        &mut self,
        parent: FrameId,
        list: &ListColumn,
        mut parents: Vec<u32>,
    ) -> Result<Lanes, TooWide> {
        let mut elements = self.spare.pop().unwrap_or_default();
        elements.clear();
        parents.clear();
        for lane in 0..self.get(parent).len {
            let row = self.rows.start + self.row(parent, lane);
            let (start, end) = list.range(row);
            if elements.len() + (end - start) > LANES_MAX {
                return Err(TooWide);
            }
            elements.extend(start as u32..end as u32);
            parents.resize(elements.len(), lane as u32);
        }
        Ok(Lanes { len: elements.len(), parents, elements: Elements::Picked(elements) })
    }

    /// The row of the block around a lane.
    pub(super) fn row(&self, frame: FrameId, lane: usize) -> usize {
        let (mut frame, mut lane) = (frame, lane);
        while frame != ROWS {
            lane = self.get(frame).parents[lane] as usize;
            frame = self.graph.frames[frame as usize].parent;
        }
        lane
    }

    /// The lanes of a frame that is prepared.
    pub(super) fn get(&self, frame: FrameId) -> &Lanes {
        const NONE: &Lanes = &Lanes { len: 0, parents: Vec::new(), elements: Elements::From(0) };
        self.lanes[frame as usize].as_ref().unwrap_or(NONE)
    }

    /// Prepares [`Frames::around`].
    pub(super) fn prepare_around(&mut self, frame: FrameId, outer: FrameId) -> Result<(), TooWide> {
        self.prepare(frame)?;
        let parent = self.graph.frames[frame as usize].parent;
        if parent == outer || frame == outer || self.around.contains_key(&(frame, outer)) {
            return Ok(());
        }
        self.prepare_around(parent, outer)?;
        let further = self.around(parent, outer);
        let all = self.get(frame).parents.iter().map(|p| further[*p as usize]).collect();
        self.around.insert((frame, outer), all);
        Ok(())
    }

    /// By lane: the lane of a frame further out, once prepared.
    pub(super) fn around(&self, frame: FrameId, outer: FrameId) -> &[u32] {
        if self.graph.frames[frame as usize].parent == outer {
            return &self.get(frame).parents;
        }
        self.around.get(&(frame, outer)).map_or(&[], Vec::as_slice)
    }
}

/// By element, its row. Most lists are short: each row writes four places and the next row
/// overwrites what was too much, so that no branch hangs on the length.
fn fill_parents(list: &ListColumn, rows: Range<usize>, out: &mut Vec<u32>) {
    const STEP: usize = 4;
    fn fill<O: Copy>(offsets: &[O], at: impl Fn(O) -> usize, out: &mut Vec<u32>) {
        let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else { return };
        let (first, last) = (at(*first), at(*last));
        // What is there already is overwritten.
        out.resize(last - first + STEP, 0);
        for (row, pair) in offsets.windows(2).enumerate() {
            let (start, end) = (at(pair[0]) - first, at(pair[1]) - first);
            let row = row as u32;
            out[start..start + STEP].copy_from_slice(&[row; STEP]);
            if end - start > STEP {
                out[start + STEP..end].fill(row);
            }
        }
        out.truncate(last - first);
    }
    match list.offsets() {
        Offsets::I32(o) => fill(&o[rows.start..=rows.end], |o| o as usize, out),
        Offsets::I64(o) => fill(&o[rows.start..=rows.end], |o| o as usize, out),
        Offsets::None => out.clear(),
    }
}
