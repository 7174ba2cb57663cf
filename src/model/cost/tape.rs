//! What a network computes, operation by operation, and the memory that is in use meanwhile.

use std::collections::HashMap;

use super::ComputedBy;
use super::layers::LayerShape;

/// A map of a network, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Map(usize);

/// An operation: what it computes, and the bytes that it needs beside its inputs and its output.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says of another thing whether it is there"
)]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Operation {
    /// Of one image.
    pub multiply_adds: u64,
    /// Bytes of its weights.
    pub weights: u64,
    /// Bytes of the weights that get a gradient.
    pub trained: u64,
    /// Whether its backward pass needs its inputs.
    pub keeps_input: bool,
    /// Whether its backward pass needs its output.
    pub keeps_output: bool,
    /// What else it keeps for its backward pass.
    pub keeps: u64,
    /// Scratch memory of its forward pass.
    pub forward: u64,
    /// Scratch memory of its backward pass.
    pub backward: u64,
    /// Whether what it keeps is the gradient of its input.
    pub keeps_gradient: bool,
    /// Whether the gradient of its output is that of its inputs, not a copy.
    pub passes_gradient: bool,
    /// Whether a prediction does without it, or computes it within the operation before.
    pub training_only: bool,
}

impl Operation {
    /// Of an operation whose backward pass needs its input, of so many bytes.
    pub fn keeping_input(self, by: ComputedBy, bytes: u64) -> Self {
        match by {
            // Packed; computed with is what the packed ones are, forward and backward.
            ComputedBy::GpuIn16Bits => Self {
                keeps: self.keeps + bytes / 2,
                forward: self.forward + bytes,
                backward: self.backward + bytes,
                ..self
            },
            ComputedBy::Processor | ComputedBy::Gpu => Self {
                keeps_input: true,
                ..self
            },
        }
    }

    /// Of an operation with a ReLU behind it, whose output has so many bytes; 0 = none.
    pub fn keeping_relu(self, by: ComputedBy, bytes: u64) -> Self {
        match by {
            // A bit for each value.
            ComputedBy::GpuIn16Bits => Self {
                keeps: self.keeps + bytes / 32,
                ..self
            },
            ComputedBy::Processor | ComputedBy::Gpu => Self {
                keeps_output: bytes > 0,
                ..self
            },
        }
    }
}

#[derive(Debug, Clone)]
struct Entry {
    inputs: Vec<Map>,
    output: Map,
    operation: Operation,
}

/// The operations of a network in their order.
#[derive(Debug, Default)]
pub(super) struct Tape {
    /// Bytes of each map; the first are the images.
    maps: Vec<u64>,
    entries: Vec<Entry>,
    /// Behind which entries a stage ends, and the map at its end.
    stages: Vec<(usize, Map)>,
    /// The maps that are wanted.
    pub ends: Vec<Map>,
    /// Convolutions, upsampling and pooling, with their sizes.
    pub layers: Vec<LayerShape>,
}

impl Tape {
    /// The images, which get no gradient.
    pub fn images(&mut self, bytes: u64) -> Map {
        self.maps.push(bytes);
        Map(self.maps.len() - 1)
    }

    pub fn push(&mut self, inputs: Vec<Map>, bytes: u64, operation: Operation) -> Map {
        let output = self.images(bytes);
        self.entries.push(Entry {
            inputs,
            output,
            operation,
        });
        output
    }

    pub fn end_stage(&mut self, end: Map) {
        self.stages.push((self.entries.len(), end));
    }

    /// The loss of each end: the processor computes the gradient of its logits at once, a GPU
    /// when it is asked for.
    pub fn end_in_loss(&mut self, by: ComputedBy) {
        for end in std::mem::take(&mut self.ends) {
            let logits = self.maps[end.0];
            let operation = match by {
                ComputedBy::Processor => Operation {
                    keeps: logits,
                    keeps_gradient: true,
                    ..Operation::default()
                },
                ComputedBy::Gpu | ComputedBy::GpuIn16Bits => Operation {
                    keeps_input: true,
                    ..Operation::default()
                },
            };
            let loss = self.push(vec![end], size_of::<f32>() as u64, operation);
            self.ends.push(loss);
        }
    }

    pub fn multiply_adds(&self) -> u64 {
        of(&self.entries, |operation| operation.multiply_adds)
    }

    /// Those of the operations on the images themselves.
    pub fn multiply_adds_of_images(&self) -> u64 {
        let entries = self.entries.iter();
        entries
            .filter(|entry| entry.inputs.contains(&IMAGES))
            .map(|entry| entry.operation.multiply_adds)
            .sum()
    }

    pub fn multiply_adds_in_stages(&self) -> u64 {
        let end = self.stages.last().map_or(0, |(end, _)| *end);
        of(&self.entries[..end], |operation| operation.multiply_adds)
    }

    pub fn weights(&self) -> u64 {
        of(&self.entries, |operation| operation.weights)
    }

    pub fn trained(&self) -> u64 {
        of(&self.entries, |operation| operation.trained)
    }

    /// The largest map, or the largest weights of an operation.
    pub fn largest(&self) -> u64 {
        let weights = self.entries.iter().map(|entry| entry.operation.weights);
        self.maps.iter().copied().chain(weights).max().unwrap_or(0)
    }

    /// The most that a step has at a time: all operations forward, then all of them back.
    pub fn peak(&self) -> u64 {
        let mut memory = Memory::new(&self.maps);
        memory.hold(IMAGES);
        memory.forward(&self.entries, &self.ends, true);
        memory.backward(&self.entries);
        memory.peak
    }

    /// As [`peak`](Self::peak), with only the ends of the stages kept.
    pub fn peak_in_stages(&self) -> u64 {
        let mut memory = Memory::new(&self.maps);
        memory.hold(IMAGES);
        let mut start = 0;
        for (end, map) in &self.stages {
            memory.forward(&self.entries[start..*end], &[*map], false);
            start = *end;
        }
        memory.forward(&self.entries[start..], &self.ends, true);
        memory.backward(&self.entries[start..]);
        for (nth, (end, map)) in self.stages.iter().enumerate().rev() {
            let start = nth.checked_sub(1).map_or(0, |before| self.stages[before].0);
            // What was kept of the end is what is computed anew.
            memory.release(*map);
            memory.forward(&self.entries[start..*end], &[*map], true);
            memory.backward(&self.entries[start..*end]);
        }
        memory.peak
    }

    /// The most that a prediction has at a time.
    pub fn peak_forward(&self) -> u64 {
        let mut memory = Memory::new(&self.maps);
        memory.hold(IMAGES);
        let mut same: HashMap<Map, Map> = HashMap::new();
        let mut entries = Vec::new();
        for entry in &self.entries {
            let mut entry = entry.clone();
            for input in &mut entry.inputs {
                *input = same.get(input).copied().unwrap_or(*input);
            }
            if entry.operation.training_only {
                same.insert(entry.output, entry.inputs[0]);
            } else {
                entries.push(entry);
            }
        }
        memory.forward(&entries, &self.ends, false);
        memory.peak
    }
}

const IMAGES: Map = Map(0);

fn of(entries: &[Entry], what: fn(&Operation) -> u64) -> u64 {
    entries.iter().map(|entry| what(&entry.operation)).sum()
}

/// The memory that is in use at some moment.
struct Memory<'a> {
    maps: &'a [u64],
    /// How often each map is still needed.
    needed: HashMap<Map, usize>,
    /// Bytes of the gradients that wait for the operation before.
    gradients: HashMap<Map, u64>,
    used: u64,
    peak: u64,
}

impl<'a> Memory<'a> {
    fn new(maps: &'a [u64]) -> Self {
        Self {
            maps,
            needed: HashMap::new(),
            gradients: HashMap::new(),
            used: 0,
            peak: 0,
        }
    }

    fn bytes(&self, map: Map) -> u64 {
        self.maps[map.0]
    }

    /// One more needs a map; the first makes it.
    fn hold(&mut self, map: Map) {
        let count = self.needed.entry(map).or_insert(0);
        *count += 1;
        if *count == 1 {
            self.add(self.maps[map.0]);
        }
    }

    fn release(&mut self, map: Map) {
        if let Some(count) = self.needed.get_mut(&map) {
            *count -= 1;
            if *count == 0 {
                self.needed.remove(&map);
                self.used -= self.bytes(map);
            }
        }
    }

    fn add(&mut self, bytes: u64) {
        self.used += bytes;
        self.peak = self.peak.max(self.used);
    }

    /// For a moment.
    fn need(&mut self, bytes: u64) {
        self.peak = self.peak.max(self.used + bytes);
    }

    /// Computes operations, and keeps what their backward pass needs where one `follows`. The
    /// `wanted` maps stay.
    fn forward(&mut self, entries: &[Entry], wanted: &[Map], follows: bool) {
        let mut uses: HashMap<Map, usize> = HashMap::new();
        for map in entries.iter().flat_map(|entry| &entry.inputs).chain(wanted) {
            *uses.entry(*map).or_insert(0) += 1;
        }
        for Entry {
            inputs,
            output,
            operation,
        } in entries
        {
            self.hold(*output);
            self.need(operation.forward);
            if follows {
                self.add(operation.keeps);
                let kept = operation.keeps_input.then_some(inputs.iter());
                let kept = kept.into_iter().flatten();
                for map in kept.chain(operation.keeps_output.then_some(output)) {
                    self.hold(*map);
                }
            }
            // Held by the operations that read it.
            for _ in 0..uses.get(output).copied().unwrap_or(0) {
                self.hold(*output);
            }
            self.release(*output);
            for input in inputs {
                self.release_input(*input, entries);
            }
        }
    }

    /// Maps from before these operations are held by whoever made them.
    fn release_input(&mut self, input: Map, entries: &[Entry]) {
        if entries.iter().any(|entry| entry.output == input) {
            self.release(input);
        }
    }

    /// A gradient of so many bytes, which are in use; added to the one that is there.
    fn give(&mut self, map: Map, bytes: u64) {
        let there = self.gradients.entry(map).or_insert(0);
        self.used -= bytes.min(*there);
        *there = bytes.max(*there);
    }

    /// Gradients of operations, the last one first.
    fn backward(&mut self, entries: &[Entry]) {
        for Entry {
            inputs,
            output,
            operation,
        } in entries.iter().rev()
        {
            let own = self.gradients.remove(output).unwrap_or(0);
            if operation.keeps_gradient {
                self.used -= operation.keeps;
            }
            if operation.passes_gradient {
                // One memory for all of them; the last input is the one that waits longest.
                for (nth, input) in inputs.iter().rev().enumerate() {
                    self.give(*input, if nth == 0 { own } else { 0 });
                }
            } else {
                for input in inputs.iter().filter(|input| **input != IMAGES) {
                    let bytes = self.bytes(*input);
                    self.add(bytes);
                    self.give(*input, bytes);
                }
            }
            self.need(operation.backward);
            self.add(operation.trained);
            if !operation.passes_gradient {
                self.used -= own;
            }
            if !operation.keeps_gradient {
                self.used -= operation.keeps;
            }
            if operation.keeps_output {
                self.release(*output);
            }
            if operation.keeps_input {
                for input in inputs {
                    self.release(*input);
                }
            }
            if entries.last().is_some_and(|last| last.output == *output) {
                self.release(*output);
            }
        }
    }
}
