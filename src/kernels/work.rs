//! How far the kernels of a computation are, and whether its result is still wanted.
//!
//! A step of training cannot be left in the middle: Burn's graph holds what it has begun. Instead,
//! kernels whose result nobody wants any more return at once, with whatever their memory held, and
//! the rest of the step passes in no time. Whoever abandons a [`Work`] throws its results away.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

thread_local! {
    static ENTERED: RefCell<Option<Work>> = const { RefCell::new(None) };
}

/// What the matrix products of a thread have done. Clones are one.
#[derive(Debug, Clone, Default)]
pub struct Work {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    abandoned: AtomicBool,
    multiply_adds: AtomicU64,
    watch: Option<Box<Watch>>,
}

/// Is told how many multiply-adds are done, and says whether the result is still wanted.
type Watch = dyn Fn(u64) -> bool + Send + Sync;

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("abandoned", &self.abandoned)
            .field("multiply_adds", &self.multiply_adds)
            .finish_non_exhaustive()
    }
}

impl Work {
    /// A work that `watch` looks at again and again, from several threads: it is told how many
    /// multiply-adds are done, and abandons the work by returning false.
    pub fn watched(watch: impl Fn(u64) -> bool + Send + Sync + 'static) -> Self {
        let shared = Shared {
            watch: Some(Box::new(watch)),
            ..Shared::default()
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Makes the products that this thread asks for a part of this work, until the guard is dropped.
    pub fn enter(&self) -> EnteredWork {
        EnteredWork {
            previous: ENTERED.replace(Some(self.clone())),
            on_this_thread: PhantomData,
        }
    }

    /// The work that this thread has entered, or one that nobody looks at.
    pub(crate) fn entered() -> Self {
        ENTERED.with_borrow(Clone::clone).unwrap_or_default()
    }

    /// Nobody wants the results any more: products that are not done yet are left as they are.
    /// There is no way back.
    pub fn abandon(&self) {
        self.shared.abandoned.store(true, Ordering::Relaxed);
    }

    /// Whether results must not be used: they may be left over from something else.
    pub fn is_abandoned(&self) -> bool {
        if self.shared.abandoned.load(Ordering::Relaxed) {
            return true;
        }
        let watch = self.shared.watch.as_ref();
        let is_unwanted = watch.is_some_and(|watch| !watch(self.multiply_adds()));
        if is_unwanted {
            self.abandon();
        }
        is_unwanted
    }

    /// Multiply-adds of the products so far.
    pub fn multiply_adds(&self) -> u64 {
        self.shared.multiply_adds.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, multiply_adds: usize) {
        self.shared
            .multiply_adds
            .fetch_add(multiply_adds as u64, Ordering::Relaxed);
    }
}

/// While it lives, this thread works on a [`Work`].
#[derive(Debug)]
#[must_use = "the work is entered while the guard lives"]
pub struct EnteredWork {
    previous: Option<Work>,
    /// Not `Send`: it must be dropped where it was made.
    on_this_thread: PhantomData<*const ()>,
}

impl Drop for EnteredWork {
    fn drop(&mut self) {
        ENTERED.set(self.previous.take());
    }
}

#[cfg(test)]
mod tests {
    use burn::nn::PaddingConfig2d;
    use burn::nn::conv::Conv2dConfig;
    use burn::tensor::{Device, Distribution, Tensor};

    use super::*;
    use crate::kernels;

    /// Multiply-adds of a convolution of `size` pixels and its backward pass, and whether there
    /// are gradients.
    fn step(work: &Work, channels: [usize; 2], size: usize) -> u64 {
        let device = Device::flex().autodiff();
        let layer = Conv2dConfig::new(channels, [3, 3])
            .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
            .init(&device);
        let input =
            Tensor::<4>::random([2, channels[0], size, size], Distribution::Default, &device)
                .require_grad();
        let _entered = work.enter();
        let before = work.multiply_adds();
        let gradients = kernels::conv2d(&layer, input.clone(), true)
            .sum()
            .backward();
        assert!(input.grad(&gradients).is_some());
        work.multiply_adds() - before
    }

    #[test]
    fn all_three_products_of_a_convolution_are_counted() {
        // Small and large maps take different paths; paddings and residues of tiles add a little.
        for (channels, size) in [([8, 16], 64), ([64, 96], 8), ([16, 16], 33)] {
            let work = Work::default();
            let counted = step(&work, channels, size) as f64;
            let expected = 3.0 * (2 * size * size * channels[0] * channels[1] * 9) as f64;
            let ratio = counted / expected;
            assert!((0.95..1.2).contains(&ratio), "{channels:?} {size}: {ratio}");
        }
        assert_eq!(Work::entered().multiply_adds(), 0, "left behind");
    }

    #[test]
    fn a_watch_sees_how_far_it_is_and_ends_it() {
        let seen = Arc::new(AtomicU64::new(0));
        let watch = {
            let seen = Arc::clone(&seen);
            move |done| {
                seen.fetch_max(done, Ordering::Relaxed);
                true
            }
        };
        let all = step(&Work::watched(watch), [8, 16], 64);
        let seen = seen.load(Ordering::Relaxed);
        assert!(seen > 0 && seen <= all, "{seen} of {all}");

        let limit = all / 2;
        let work = Work::watched(move |done| done < limit);
        assert!(step(&work, [8, 16], 64) < all && work.is_abandoned());
    }

    #[test]
    fn what_is_abandoned_is_not_computed() {
        let work = Work::default();
        work.clone().abandon();
        for (channels, size) in [([8, 16], 64), ([64, 96], 8)] {
            assert_eq!(step(&work, channels, size), 0);
        }
        assert!(work.is_abandoned() && !Work::default().is_abandoned());
    }
}
