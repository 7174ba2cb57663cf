//! One value of a buffer, read by a program of the device.

use burn::tensor::{DType, Shape};
use burn_cubecl::CubeDevice;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;
use cubecl::wgpu::{WgpuDevice, WgpuDeviceKind};

/// Values of the buffer: as many as fill what devices align buffers to.
pub const LENGTH: usize = 64;

#[cube(launch)]
fn copy_one(values: &[f32], out: &mut [f32], place: usize) {
    out[0] = values[place];
}

/// The value at `place` of a buffer of 0, 1, 2, ...
pub fn read(place: usize) -> f32 {
    let device = CubeDevice::from(WgpuDevice::new(WgpuDeviceKind::Cpu));
    let client = device.client();
    let tensor = |values: Vec<f32>| {
        CubeTensor::new_contiguous(
            client.clone(),
            device.clone(),
            Shape::new([values.len()]),
            client.create_from_slice(bytemuck::cast_slice(&values)),
            DType::F32,
        )
    };
    let values = tensor((0..LENGTH).map(|n| n as f32).collect());
    let out = tensor(vec![-1.0; LENGTH]);
    copy_one::launch(
        &client,
        CubeCount::Static(1, 1, 1),
        CubeDim::new_1d(1),
        values.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        place,
    );
    let bytes = client.read_one(out.handle).expect("a value");
    bytemuck::cast_slice(&bytes)[0]
}
