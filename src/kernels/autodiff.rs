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
use burn::backend::{Autodiff, Flex};
use burn::tensor::{DType, Tensor, TensorData};

use super::buffer_pool::BufferPool;

type Tracked = Autodiff<Flex>;

/// An input of an operation, and its node where it is in a graph.
pub(crate) struct Operand {
    values: FlexTensor,
    node: Option<NodeGuard>,
}

impl Operand {
    /// `None` on other devices than the processor, and for other dtypes than `f32`.
    pub fn new<const D: usize>(tensor: Tensor<D>) -> Option<Self> {
        let (values, node) = if tensor.device().is_autodiff() {
            let (values, node) = tensor.try_into_primitive::<Tracked>().ok()?.into_parts();
            (values, Some(node))
        } else {
            (tensor.try_into_primitive::<Flex>().ok()?, None)
        };
        (values.dtype() == DType::F32).then_some(Self { values, node })
    }

    /// The tensor without its node.
    pub fn into_values(self) -> FlexTensor {
        self.values
    }
}

/// What an operation of `N` inputs keeps for its backward pass, and that pass.
pub(crate) trait BackwardPass<const N: usize>: Clone + Debug + Send + 'static {
    /// The gradients of the inputs, as far as they are wanted, from that of the output, which is
    /// contiguous.
    fn backward(self, gradient: FlexTensor, wanted: [bool; N]) -> [Option<FlexTensor>; N];
}

/// Computes an operation. `compute` is told whether a backward pass may follow; what it returns
/// for that is dropped if not. `None` where some operands are in a graph and others cannot be.
pub(crate) fn apply<P: BackwardPass<N>, const N: usize, const D: usize>(
    operands: [Operand; N],
    compute: impl FnOnce([FlexTensor; N], bool) -> (FlexTensor, P),
) -> Option<Tensor<D>> {
    let mut nodes = Vec::with_capacity(N);
    let values = operands.map(|operand| {
        nodes.extend(operand.node);
        operand.values
    });
    if nodes.is_empty() {
        return Some(Tensor::from_primitive::<Flex>(compute(values, false).0));
    }
    let recorded = Recorded::<P>(PhantomData).prepare::<NoCheckpointing>(nodes.try_into().ok()?);
    let output = match recorded.compute_bound().stateful() {
        OpsKind::Tracked(prepared) => {
            let (output, pass) = compute(values, true);
            prepared.finish((pass, BufferPool::entered()), output)
        }
        OpsKind::UnTracked(prepared) => prepared.finish(compute(values, false).0),
    };
    Some(Tensor::from_primitive::<Tracked>(output))
}

/// A [`BackwardPass`] as Burn knows it.
#[derive(Debug)]
struct Recorded<P>(PhantomData<fn() -> P>);

impl<P: BackwardPass<N>, const N: usize> Backward<Flex, N> for Recorded<P> {
    type State = (P, Option<BufferPool>);

    fn backward(self, ops: Ops<Self::State, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (pass, pool) = ops.state;
        let _entered = pool.as_ref().map(BufferPool::enter);
        let gradient = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let found = pass.backward(gradient, wanted);
        for (node, values) in ops.parents.into_iter().zip(found) {
            if let (Some(node), Some(values)) = (node, values) {
                gradients.register::<Flex>(node.id, values);
            }
        }
    }
}

/// A tensor of the processor.
pub(crate) fn tensor(values: impl Into<Vec<f32>>, shape: &[usize]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values.into(), shape))
}
