//! Memory of maps and gradients that are no longer needed, for the next ones of their size: a
//! step of training takes what the step before it had, and nothing is filled with zeros that is
//! written anyway.
//!
//! Each thread keeps its own, so what a training thread kept goes when it ends.

use std::cell::RefCell;
use std::collections::VecDeque;

use burn::backend::TensorMetadata as _;
use burn::backend::flex::FlexTensor;

/// How many numbers are worth keeping: less takes no time to fill (16 KiB), and more takes little
/// beside the work on it, but would lie in the way of other large pieces (8 MiB).
const WORTH: std::ops::RangeInclusive<usize> = 1 << 12..=1 << 21;
/// The most numbers that are kept: 64 MiB.
const MOST: usize = 1 << 24;

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::new(Kept::default());
}

#[derive(Default)]
struct Kept {
    /// Oldest first, each with the step it was given back in.
    buffers: VecDeque<(usize, Vec<f32>)>,
    numbers: usize,
    step: usize,
}

impl Kept {
    fn drop_oldest(&mut self) {
        self.numbers -= self
            .buffers
            .pop_front()
            .map_or(0, |(_, buffer)| buffer.len());
    }
}

/// `len` numbers to write to; what they are is left over from earlier.
pub(crate) fn take(len: usize) -> Vec<f32> {
    let kept = KEPT.with_borrow_mut(|kept| {
        let fits = |(_, buffer): &(usize, Vec<f32>)| (len..=len + len / 4).contains(&buffer.len());
        // The newest: it may still be in a cache.
        let (_, buffer) = kept.buffers.remove(kept.buffers.iter().rposition(fits)?)?;
        kept.numbers -= buffer.len();
        Some(buffer)
    });
    let mut buffer = kept.unwrap_or_else(|| vec![0.0; len]);
    buffer.truncate(len);
    if cfg!(test) {
        // What is not written shows in every test of the kernels.
        buffer.fill(f32::NAN);
    }
    buffer
}

/// Keeps memory for later.
pub(crate) fn give(buffer: Vec<f32>) {
    if !WORTH.contains(&buffer.len()) {
        return;
    }
    KEPT.with_borrow_mut(|kept| {
        kept.numbers += buffer.len();
        kept.buffers.push_back((kept.step, buffer));
        while kept.numbers > MOST {
            kept.drop_oldest();
        }
    });
}

/// Ends a step of training: memory that was not taken all the while is let go.
pub fn end_step() {
    KEPT.with_borrow_mut(|kept| {
        while kept
            .buffers
            .front()
            .is_some_and(|(step, _)| *step < kept.step)
        {
            kept.drop_oldest();
        }
        kept.step += 1;
    });
}

/// Lets go of all memory: no further step is to come.
pub fn forget() {
    KEPT.take();
}

/// Keeps the memory of a tensor, where nobody else has it.
pub(crate) fn give_tensor(tensor: FlexTensor) {
    let whole = tensor.is_contiguous()
        && tensor.bytes().len() == size_of::<f32>() * tensor.shape().num_elements();
    if tensor.is_unique()
        && whole
        && let Ok(buffer) = tensor.into_data().try_into_vec::<f32>()
    {
        give(buffer);
    }
}

/// Sizes of what this thread keeps, oldest first.
#[cfg(test)]
pub(crate) fn kept() -> Vec<usize> {
    KEPT.with_borrow(|kept| {
        kept.buffers
            .iter()
            .map(|(_, buffer)| buffer.len())
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::conv::conv2d::tensor;

    #[test]
    fn what_was_given_is_taken_where_it_fits() {
        let given = vec![1.0; 8192];
        let place = given.as_ptr();
        give(given);
        assert_eq!(take(4096).len(), 4096);
        assert_eq!(kept(), [8192], "far too large");
        assert_eq!(take(8193).len(), 8193);
        assert_eq!(kept(), [8192], "too small");
        let taken = take(8000);
        assert_eq!((taken.as_ptr(), taken.len()), (place, 8000));
        assert!(kept().is_empty());
        give(vec![1.0; WORTH.start() - 1]);
        give(vec![1.0; WORTH.end() + 1]);
        assert!(kept().is_empty(), "too small and too large to keep");
    }

    #[test]
    fn the_oldest_goes_when_there_is_too_much() {
        let largest = *WORTH.end();
        give(vec![0.0; 8192]);
        for _ in 0..MOST / largest {
            give(vec![0.0; largest]);
        }
        assert_eq!(kept(), vec![largest; MOST / largest]);
    }

    #[test]
    fn what_a_step_did_not_take_goes() {
        let newer = vec![2.0; 8192];
        let place = newer.as_ptr();
        give(vec![1.0; 8192]);
        give(newer);
        end_step();
        // The newer one is used again and again, the older one never.
        for _ in 0..2 {
            let taken = take(8192);
            assert_eq!(taken.as_ptr(), place);
            give(taken);
            end_step();
        }
        assert_eq!(kept(), [8192]);
        let taken = take(8192);
        assert_eq!(taken.as_ptr(), place);
    }

    #[test]
    fn a_tensor_gives_its_memory_when_nobody_else_has_it() {
        let values = tensor(vec![2.0; 8192], &[2, 4096]);
        let other = values.clone();
        give_tensor(values);
        assert!(kept().is_empty());
        let half = other.narrow(0, 1, 1);
        drop(other);
        give_tensor(half);
        assert!(kept().is_empty(), "a part of a tensor");
        give_tensor(tensor(vec![2.0; 8192], &[2, 4096]));
        assert_eq!(kept(), [8192]);
    }
}
