//! Memory that one training step leaves for the next: activations and gradients have the same
//! sizes in every step, and memory that was used before needs neither pages from the system nor
//! zeros.
//!
//! A [`BufferPool`] is owned by whoever runs the steps, and all of its memory goes with it.
//! Operations take no pool as a parameter: they use the one that is [entered](BufferPool::enter)
//! on their thread, and [remember](super::autodiff) it for their backward pass. Without one,
//! [`acquire`] allocates and dropping frees, which is what predictions do.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut, RangeInclusive};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::backend::TensorMetadata as _;
use burn::backend::flex::FlexTensor;

/// Lengths worth keeping. Shorter buffers take no time to fill (16 KiB), and longer ones take
/// little beside the work on them, but would take the place of many others (8 MiB).
const KEPT_LENGTHS: RangeInclusive<usize> = 1 << 12..=1 << 21;
/// The most that is kept, in values: 64 MiB.
const CAPACITY: usize = 1 << 24;

thread_local! {
    static ENTERED: RefCell<Option<BufferPool>> = const { RefCell::new(None) };
}

/// Memory for the kernels of one training run. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct BufferPool {
    shelf: Arc<Mutex<Shelf>>,
}

#[derive(Debug, Default)]
struct Shelf {
    /// Oldest first.
    buffers: VecDeque<Kept>,
    /// Values in all buffers.
    len: usize,
    /// Steps so far.
    step: usize,
}

#[derive(Debug)]
struct Kept {
    values: Vec<f32>,
    /// The step in which it came back.
    step: usize,
}

impl BufferPool {
    /// Makes the kernels that run on this thread use the pool, until the guard is dropped.
    pub fn enter(&self) -> EnteredPool {
        EnteredPool {
            previous: ENTERED.replace(Some(self.clone())),
            on_this_thread: PhantomData,
        }
    }

    /// Ends a step: frees what no kernel has used since the end of the step before.
    pub fn end_step(&self) {
        let mut shelf = self.shelf();
        let step = shelf.step;
        while shelf.buffers.front().is_some_and(|kept| kept.step < step) {
            shelf.drop_oldest();
        }
        shelf.step += 1;
    }

    /// The pool that this thread has entered.
    pub(crate) fn entered() -> Option<Self> {
        ENTERED.with_borrow(Clone::clone)
    }

    /// Lengths of the buffers that are kept, oldest first.
    #[cfg(test)]
    pub(crate) fn kept(&self) -> Vec<usize> {
        let shelf = self.shelf();
        shelf.buffers.iter().map(|kept| kept.values.len()).collect()
    }

    fn take(&self, len: usize) -> Option<Vec<f32>> {
        let mut shelf = self.shelf();
        let fits = |kept: &Kept| (len..=len + len / 4).contains(&kept.values.len());
        // The newest: it may still be in a cache.
        let newest = shelf.buffers.iter().rposition(fits)?;
        let kept = shelf.buffers.remove(newest)?;
        shelf.len -= kept.values.len();
        Some(kept.values)
    }

    fn put_back(&self, values: Vec<f32>) {
        if !KEPT_LENGTHS.contains(&values.len()) {
            return;
        }
        let mut shelf = self.shelf();
        shelf.len += values.len();
        let step = shelf.step;
        shelf.buffers.push_back(Kept { values, step });
        while shelf.len > CAPACITY {
            shelf.drop_oldest();
        }
    }

    /// A panic elsewhere leaves the shelf whole: its methods do not panic half-way.
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn drop_oldest(&mut self) {
        let oldest = self.buffers.pop_front();
        self.len -= oldest.map_or(0, |kept| kept.values.len());
    }
}

/// While it lives, this thread uses a [`BufferPool`].
#[derive(Debug)]
#[must_use = "the pool is used while the guard lives"]
pub struct EnteredPool {
    previous: Option<BufferPool>,
    /// Not `Send`: it must be dropped where it was made.
    on_this_thread: PhantomData<*const ()>,
}

impl Drop for EnteredPool {
    fn drop(&mut self) {
        ENTERED.set(self.previous.take());
    }
}

/// Values that go back to their pool when they are dropped.
#[derive(Debug)]
pub(crate) struct Buffer {
    values: Vec<f32>,
    /// `None` where the values came from no pool.
    pool: Option<BufferPool>,
}

/// `len` values to write to. What they hold is left over from earlier.
pub(crate) fn acquire(len: usize) -> Buffer {
    let pool = BufferPool::entered();
    let kept = pool.as_ref().and_then(|pool| pool.take(len));
    let mut values = kept.unwrap_or_else(|| vec![0.0; len]);
    values.truncate(len);
    if cfg!(test) {
        // What a kernel does not write shows in all of its tests.
        values.fill(f32::NAN);
    }
    Buffer { values, pool }
}

/// Gives the memory of a tensor to the pool, where no one else has that tensor.
pub(crate) fn recycle(tensor: FlexTensor) {
    let Some(pool) = BufferPool::entered() else {
        return;
    };
    let whole = tensor.is_contiguous()
        && tensor.bytes().len() == size_of::<f32>() * tensor.shape().num_elements();
    if tensor.is_unique()
        && whole
        && let Ok(values) = tensor.into_data().try_into_vec::<f32>()
    {
        pool.put_back(values);
    }
}

impl Buffer {
    /// The values, which leave the pool.
    pub fn into_vec(mut self) -> Vec<f32> {
        self.pool = None;
        std::mem::take(&mut self.values)
    }
}

impl From<Vec<f32>> for Buffer {
    fn from(values: Vec<f32>) -> Self {
        Self { values, pool: None }
    }
}

impl From<Buffer> for Vec<f32> {
    fn from(buffer: Buffer) -> Self {
        buffer.into_vec()
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(pool) = &self.pool {
            pool.put_back(std::mem::take(&mut self.values));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::autodiff::tensor;

    #[test]
    fn a_dropped_buffer_is_acquired_again_where_it_fits() {
        let pool = BufferPool::default();
        let _entered = pool.enter();
        let buffer = acquire(8192);
        let place = buffer.as_ptr();
        drop(buffer);
        assert_eq!(acquire(4096).into_vec().len(), 4096);
        assert_eq!(pool.kept(), [8192], "far too large");
        assert_eq!(acquire(8193).into_vec().len(), 8193);
        assert_eq!(pool.kept(), [8192], "too small");
        let again = acquire(8000).into_vec();
        assert_eq!((again.as_ptr(), again.len()), (place, 8000));
        assert!(pool.kept().is_empty());
        drop(acquire(KEPT_LENGTHS.start() - 1));
        drop(acquire(KEPT_LENGTHS.end() + 1));
        assert!(pool.kept().is_empty(), "too small and too large to keep");
    }

    #[test]
    fn the_oldest_is_freed_when_there_is_too_much() {
        let pool = BufferPool::default();
        let largest = *KEPT_LENGTHS.end();
        pool.put_back(vec![0.0; 8192]);
        for _ in 0..CAPACITY / largest {
            pool.put_back(vec![0.0; largest]);
        }
        assert_eq!(pool.kept(), vec![largest; CAPACITY / largest]);
    }

    #[test]
    fn what_a_step_did_not_use_is_freed() {
        let pool = BufferPool::default();
        let _entered = pool.enter();
        let newer = vec![2.0; 8192];
        let place = newer.as_ptr();
        pool.put_back(vec![1.0; 8192]);
        pool.put_back(newer);
        pool.end_step();
        // The newer one is used again and again, the older one never.
        for _ in 0..2 {
            let buffer = acquire(8192);
            assert_eq!(buffer.as_ptr(), place);
            drop(buffer);
            pool.end_step();
        }
        assert_eq!(pool.kept(), [8192]);
        assert_eq!(acquire(8192).as_ptr(), place);
    }

    #[test]
    fn a_tensor_is_recycled_when_no_one_else_has_it() {
        let pool = BufferPool::default();
        let _entered = pool.enter();
        let values = || tensor(vec![2.0; 8192], &[2, 4096]);
        let (first, other) = (values(), values());
        let second = first.clone();
        recycle(first);
        assert!(pool.kept().is_empty(), "shared");
        let half = second.narrow(0, 1, 1);
        drop(second);
        recycle(half);
        assert!(pool.kept().is_empty(), "a part of a tensor");
        recycle(other);
        assert_eq!(pool.kept(), [8192]);
    }

    #[test]
    fn a_pool_is_used_while_it_is_entered() {
        let [outer, inner] = [BufferPool::default(), BufferPool::default()];
        drop(acquire(8192));
        let kept = || [outer.kept().len(), inner.kept().len()];
        {
            let _outer = outer.enter();
            let of_outer = acquire(8192);
            {
                let _inner = inner.enter();
                drop(acquire(8192));
                assert_eq!(kept(), [0, 1]);
                drop(of_outer);
                assert_eq!(kept(), [1, 1], "back to where it came from");
            }
            drop((acquire(8192), acquire(8192)));
            assert_eq!(kept(), [2, 1]);
        }
        drop(acquire(8192));
        assert_eq!(kept(), [2, 1]);
        assert!(BufferPool::entered().is_none());
    }
}
