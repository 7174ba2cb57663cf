//! How an operation of this room enters Burn's graph: one place for what all of them do to run
//! with or without a graph, and to have a backward pass of their own.
//!
//! An operation takes its [`Operand`]s, and hands [`apply`] a function that computes the output
//! and what the [backward pass](BackwardPass) needs. Burn runs that pass on the thread that calls
//! `backward`; it uses the [`BufferPool`] that was entered during the forward pass.

use std::fmt::Debug;
use std::marker::PhantomData;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::NoCheckpointing};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Flex, TensorMetadata as _};
use burn::tensor::{DType, Tensor, TensorData};

use super::buffer_pool::BufferPool;

/// A backend of Burn that operations of this room compute on.
pub(crate) trait KernelBackend: Backend + Sized {
    /// The tensor of this backend, and its node where it is in a graph; `None` on other backends.
    fn unwrap<const D: usize>(tensor: Tensor<D>) -> Option<(FloatTensor<Self>, Option<NodeGuard>)>;

    /// The inverse of [`unwrap`](Self::unwrap), without a node.
    fn wrap<const D: usize>(values: FloatTensor<Self>) -> Tensor<D>;

    /// As [`wrap`](Self::wrap), in a graph.
    fn wrap_tracked<const D: usize>(values: FloatTensor<Autodiff<Self>>) -> Tensor<D>;

    /// The same values in order, where kernels of this backend want them so.
    fn in_order(values: FloatTensor<Self>) -> FloatTensor<Self>;
}

macro_rules! kernel_backend {
    ($backend:ty, $in_order:expr) => {
        impl KernelBackend for $backend {
            fn unwrap<const D: usize>(
                tensor: Tensor<D>,
            ) -> Option<(FloatTensor<Self>, Option<NodeGuard>)> {
                if tensor.device().is_autodiff() {
                    let tensor = tensor.try_into_primitive::<Autodiff<Self>>().ok()?;
                    let (values, node) = tensor.into_parts();
                    Some((values, Some(node)))
                } else {
                    Some((tensor.try_into_primitive::<Self>().ok()?, None))
                }
            }

            fn wrap<const D: usize>(values: FloatTensor<Self>) -> Tensor<D> {
                Tensor::from_primitive::<Self>(values)
            }

            fn wrap_tracked<const D: usize>(values: FloatTensor<Autodiff<Self>>) -> Tensor<D> {
                Tensor::from_primitive::<Autodiff<Self>>(values)
            }

            fn in_order(values: FloatTensor<Self>) -> FloatTensor<Self> {
                $in_order(values)
            }
        }
    };
}

kernel_backend!(Flex, |values: FlexTensor| values.to_contiguous());
// Kernels of GPUs put their inputs in order themselves, when their turn comes in the queue.
#[cfg(feature = "gpu")]
kernel_backend!(burn::backend::Cube, std::convert::identity);

/// An input of an operation, and its node where it is in a graph.
pub(crate) struct Operand<B: KernelBackend = Flex> {
    values: FloatTensor<B>,
    node: Option<NodeGuard>,
}

impl<B: KernelBackend> Operand<B> {
    /// `None` on other backends, and for other dtypes than `f32`.
    pub fn new<const D: usize>(tensor: Tensor<D>) -> Option<Self> {
        let (values, node) = B::unwrap(tensor)?;
        (values.dtype() == DType::F32).then_some(Self { values, node })
    }

    /// The tensor without its node.
    pub fn into_values(self) -> FloatTensor<B> {
        self.values
    }
}

/// What an operation of `N` inputs keeps for its backward pass, and that pass.
pub(crate) trait BackwardPass<const N: usize, B: KernelBackend = Flex>:
    Clone + Debug + Send + 'static
{
    /// The gradients of the inputs, as far as they are wanted, from that of the output, which is
    /// [in order](KernelBackend::in_order).
    fn backward(self, gradient: FloatTensor<B>, wanted: [bool; N]) -> [Option<FloatTensor<B>>; N];
}

/// Computes an operation. `compute` is told whether a backward pass may follow; what it returns
/// for that is dropped if not. `None` where some operands are in a graph and others cannot be.
pub(crate) fn apply<B: KernelBackend, P: BackwardPass<N, B>, const N: usize, const D: usize>(
    operands: [Operand<B>; N],
    compute: impl FnOnce([FloatTensor<B>; N], bool) -> (FloatTensor<B>, P),
) -> Option<Tensor<D>> {
    let mut nodes = Vec::with_capacity(N);
    let values = operands.map(|operand| {
        nodes.extend(operand.node);
        operand.values
    });
    if nodes.is_empty() {
        return Some(B::wrap(compute(values, false).0));
    }
    let recorded = Recorded::<P>(PhantomData);
    let recorded = Backward::<B, N>::prepare::<NoCheckpointing>(recorded, nodes.try_into().ok()?);
    let output = match recorded.compute_bound().stateful() {
        OpsKind::Tracked(prepared) => {
            let (output, pass) = compute(values, true);
            prepared.finish((pass, BufferPool::entered()), output)
        }
        OpsKind::UnTracked(prepared) => prepared.finish(compute(values, false).0),
    };
    Some(B::wrap_tracked(output))
}

/// A [`BackwardPass`] as Burn knows it.
#[derive(Debug)]
struct Recorded<P>(PhantomData<fn() -> P>);

impl<B: KernelBackend, P: BackwardPass<N, B>, const N: usize> Backward<B, N> for Recorded<P> {
    type State = (P, Option<BufferPool>);

    fn backward(self, ops: Ops<Self::State, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (pass, pool) = ops.state;
        let _entered = pool.as_ref().map(BufferPool::enter);
        let gradient = B::in_order(gradients.consume::<B>(&ops.node));
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let found = pass.backward(gradient, wanted);
        for (node, values) in ops.parents.into_iter().zip(found) {
            if let (Some(node), Some(values)) = (node, values) {
                gradients.register::<B>(node.id, values);
            }
        }
    }
}

/// A tensor of the processor.
pub(crate) fn tensor(values: impl Into<Vec<f32>>, shape: &[usize]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values.into(), shape))
}
