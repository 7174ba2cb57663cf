//! What losses are made of.

use burn::tensor::Tensor;
use fcn_workbench::kernels;

use super::{Both, of, values};

impl Both {
    pub(super) fn check_parts_of_losses(&self) {
        for dims in [
            [1, 1, 1, 1],
            [2, 21, 9, 13],
            [1, 3, 130, 140],
            [3, 300, 2, 1],
        ] {
            // Logits of a sure network, whose exponentials overflow.
            let map = self.random(dims).mul_scalar(120.0);
            let direction = self.random(dims);
            let of_channels = self.random([dims[1]]);
            self.compare(&format!("parts of losses {dims:?}"), |device| {
                let map = Tensor::<4>::from_data(map.to_data(), device).require_grad();
                let direction = Tensor::<4>::from_data(direction.to_data(), device);
                let of_channels = Tensor::<1>::from_data(of_channels.to_data(), device);
                let log_shares = kernels::log_softmax(map.clone());
                let gradients = (log_shares.clone() * direction.clone()).sum().backward();
                let of_shares = of(&map, &gradients);
                // A graph is passed back through once.
                let product = || map.clone() * direction.clone();
                let sum = kernels::sum(product());
                let gradients = sum.clone().backward();
                let of_sum = of(&map, &gradients);
                let sums = kernels::channel_sums(product());
                let gradients = (sums.clone() * of_channels).sum().backward();
                vec![
                    ("log softmax", values(log_shares.inner())),
                    ("gradient of log softmax", of_shares),
                    ("sum", values(sum.inner())),
                    ("gradient of the sum", of_sum),
                    ("channels' sums", values(sums.inner())),
                    ("gradient of channels' sums", of(&map, &gradients)),
                ]
            });
        }
    }
}
