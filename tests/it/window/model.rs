//! The naive model: keep every open window as a list of records, look at all of them each time.

use weir::window::WindowShape;

/// The windows of a model, all numbers in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    pub shape: WindowShape,
    pub lateness: i64,
}

/// A window and what was in it when it closed.
pub type Closed = (u8, i64, i64, Vec<u32>);

#[derive(Clone, Debug)]
struct Open {
    key: u8,
    start: i64,
    end: i64,
    ids: Vec<u32>,
}

pub struct Model {
    spec: Spec,
    watermark: i64,
    open: Vec<Open>,
    pub closed: Vec<Closed>,
    pub late: Vec<u32>,
}

/// All windows of these shapes that hold a moment, found by trying every start.
pub fn windows(shape: WindowShape, timestamp: i64) -> Vec<(i64, i64)> {
    let (size, slide, offset) = match shape {
        WindowShape::Tumbling { size, offset } => (size, size, offset),
        WindowShape::Sliding { size, slide, offset } => (size, slide, offset),
        WindowShape::Session { gap } => return vec![(timestamp, timestamp + gap)],
    };
    let starts = (timestamp - size + 1)..=timestamp;
    let aligned = starts.filter(|start| (start - offset) % slide == 0);
    aligned.map(|start| (start, start + size)).collect()
}

impl Model {
    pub fn new(spec: Spec) -> Self {
        Self { spec, watermark: i64::MIN, open: Vec::new(), closed: Vec::new(), late: Vec::new() }
    }

    pub fn element(&mut self, key: u8, timestamp: i64, id: u32) {
        let merges = matches!(self.spec.shape, WindowShape::Session { .. });
        let mut taken = false;
        for (mut start, mut end) in windows(self.spec.shape, timestamp) {
            let mut ids = vec![id];
            self.open.retain_mut(|open| {
                let joins = if merges {
                    open.start <= end && start <= open.end
                } else {
                    (open.start, open.end) == (start, end)
                };
                if joins && open.key == key {
                    ids.append(&mut open.ids);
                    // Windows that merge lie apart, so growing here cannot reach one passed by.
                    (start, end) = (start.min(open.start), end.max(open.end));
                }
                !(joins && open.key == key)
            });
            if end - 1 + self.spec.lateness > self.watermark {
                taken = true;
                self.open.push(Open { key, start, end, ids });
            }
        }
        if !taken && timestamp + self.spec.lateness <= self.watermark {
            self.late.push(id);
        }
    }

    pub fn watermark(&mut self, watermark: i64) {
        self.watermark = watermark;
        let lateness = self.spec.lateness;
        let closes = |open: &Open| (open.end - 1).saturating_add(lateness) <= watermark;
        for mut open in self.open.extract_if(.., |open| closes(open)) {
            open.ids.sort_unstable();
            self.closed.push((open.key, open.start, open.end, open.ids));
        }
    }
}
