//! Paints the window with fewer instructions per pixel, for software drivers.
//!
//! The shader of egui-wgpu has a second branch for filtering textures. A GPU skips it, but
//! the software driver of Mesa computes both branches, including integer divisions, and takes
//! many times as long. Here the triangles of a frame are one paint callback, which draws them
//! with a shader that has the first branch only. Textures stay with egui-wgpu.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use eframe::egui::epaint::{ClippedPrimitive, ClippedShape, Primitive, Vertex};
use eframe::egui::{
    Context, FullOutput, InputState, PaintCallbackInfo, Plugin, Pos2, Rect, Shape, TextureId, pos2,
};
use eframe::egui_wgpu::{
    Callback, CallbackResources, CallbackTrait, RenderState, ScreenDescriptor,
};
use eframe::wgpu;

const SHADER: &str = "
struct Corner { @builtin(position) place: vec4f, @location(0) uv: vec2f, @location(1) color: vec4f }

@group(0) @binding(0) var picture: texture_2d<f32>;
@group(0) @binding(1) var picture_sampler: sampler;

@vertex
fn corner(@location(0) place: vec2f, @location(1) uv: vec2f, @location(2) color: vec4f) -> Corner {
    return Corner(vec4f(place, 0.0, 1.0), uv, color);
}

@fragment
fn textured(in: Corner) -> @location(0) vec4f {
    return in.color * textureSample(picture, picture_sampler, in.uv);
}
";

/// Replaces the drawing of egui-wgpu in the window of a context.
pub struct SoftwarePainter {
    shared: Arc<Shared>,
}

struct Shared {
    state: RenderState,
    pipeline: wgpu::RenderPipeline,
    frame: Mutex<GpuFrame>,
}

/// What is drawn next.
#[derive(Default)]
struct GpuFrame {
    vertices: Option<wgpu::Buffer>,
    indices: Option<wgpu::Buffer>,
    draws: Vec<Draw>,
}

/// Triangles with one texture and one clip rectangle.
struct Draw {
    texture: TextureId,
    /// Left, top, width and height in pixels.
    scissor: [u32; 4],
    indices: std::ops::Range<u32>,
    first_vertex: i32,
}

/// The triangles of one frame.
struct Frame {
    shared: Arc<Shared>,
    primitives: Vec<ClippedPrimitive>,
}

impl SoftwarePainter {
    /// Draws everything that `ctx` shows from now on. Does nothing for targets that blend
    /// linear colors, which need another shader.
    pub fn install(ctx: &Context, state: &RenderState) {
        if !state.target_format.is_srgb() {
            let pipeline = pipeline(&state.device, state.target_format);
            let shared = Shared {
                state: state.clone(),
                pipeline,
                frame: Mutex::default(),
            };
            ctx.add_plugin(Self {
                shared: Arc::new(shared),
            });
        }
    }
}

impl Plugin for SoftwarePainter {
    fn debug_name(&self) -> &'static str {
        "plain painter"
    }

    fn output_hook(&mut self, ctx: &Context, output: &mut FullOutput) {
        let shapes = std::mem::take(&mut output.shapes);
        let primitives = ctx.tessellate(shapes, output.pixels_per_point);
        let screen = ctx.input(InputState::viewport_rect);
        let frame = Frame {
            shared: Arc::clone(&self.shared),
            primitives,
        };
        let callback = Callback::new_paint_callback(screen, frame);
        output.shapes = vec![ClippedShape::new(
            Rect::EVERYTHING,
            Shape::Callback(callback),
        )];
    }
}

impl Shared {
    fn frame(&self) -> MutexGuard<'_, GpuFrame> {
        self.frame.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CallbackTrait for Frame {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        _resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        let (mut vertices, mut indices, mut draws) = (Vec::new(), Vec::new(), Vec::new());
        let [width, height] = screen
            .size_in_pixels
            .map(|pixels| pixels as f32 / screen.pixels_per_point);
        for ClippedPrimitive {
            clip_rect,
            primitive,
        } in &self.primitives
        {
            let Primitive::Mesh(mesh) = primitive else {
                continue;
            };
            let scissor = scissor(*clip_rect, screen);
            if scissor[2] == 0 || scissor[3] == 0 {
                continue;
            }
            let first = indices.len() as u32;
            draws.push(Draw {
                texture: mesh.texture_id,
                scissor,
                indices: first..first + mesh.indices.len() as u32,
                first_vertex: vertices.len() as i32,
            });
            indices.extend_from_slice(&mesh.indices);
            vertices.extend(mesh.vertices.iter().map(|vertex| Vertex {
                pos: pos2(
                    2.0 * vertex.pos.x / width - 1.0,
                    1.0 - 2.0 * vertex.pos.y / height,
                ),
                ..*vertex
            }));
        }
        let mut frame = self.shared.frame();
        frame.draws = draws;
        fill(
            &mut frame.vertices,
            wgpu::BufferUsages::VERTEX,
            bytemuck::cast_slice(&vertices),
            device,
            queue,
        );
        fill(
            &mut frame.indices,
            wgpu::BufferUsages::INDEX,
            bytemuck::cast_slice(&indices),
            device,
            queue,
        );
        Vec::new()
    }

    fn paint(
        &self,
        info: PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        _resources: &CallbackResources,
    ) {
        let frame = self.shared.frame();
        let (Some(vertices), Some(indices)) = (&frame.vertices, &frame.indices) else {
            return;
        };
        let [width, height] = info.screen_size_px.map(|pixels| pixels as f32);
        let renderer = self.shared.state.renderer.read();
        pass.set_viewport(0.0, 0.0, width, height, 0.0, 1.0);
        pass.set_pipeline(&self.shared.pipeline);
        pass.set_vertex_buffer(0, vertices.slice(..));
        pass.set_index_buffer(indices.slice(..), wgpu::IndexFormat::Uint32);
        for draw in &frame.draws {
            let Some(texture) = renderer.texture(&draw.texture) else {
                log::warn!("Missing texture: {:?}", draw.texture);
                continue;
            };
            let [left, top, width, height] = draw.scissor;
            pass.set_scissor_rect(left, top, width, height);
            pass.set_bind_group(0, &texture.bind_group, &[]);
            pass.draw_indexed(draw.indices.clone(), draw.first_vertex, 0..1);
        }
    }
}

/// A clip rectangle in whole pixels, inside the screen.
fn scissor(clip: Rect, screen: &ScreenDescriptor) -> [u32; 4] {
    let [width, height] = screen.size_in_pixels;
    let pixel = |point: Pos2| {
        let [x, y] =
            [point.x, point.y].map(|points| (points * screen.pixels_per_point).round() as u32);
        [x.min(width), y.min(height)]
    };
    let ([left, top], [right, bottom]) = (pixel(clip.min), pixel(clip.max));
    [
        left,
        top,
        right.saturating_sub(left),
        bottom.saturating_sub(top),
    ]
}

/// Writes `bytes` into a buffer, which is replaced if it is too small.
fn fill(
    buffer: &mut Option<wgpu::Buffer>,
    usage: wgpu::BufferUsages,
    bytes: &[u8],
    device: &wgpu::Device,
    queue: &wgpu::Queue,
) {
    let needed = bytes.len() as u64;
    let large_enough = buffer.take().filter(|buffer| buffer.size() >= needed);
    let buffer = buffer.insert(large_enough.unwrap_or_else(|| {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("plain painter"),
            size: needed.max(1 << 16).next_power_of_two(),
            usage: usage | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        })
    }));
    queue.write_buffer(buffer, 0, bytes);
}

fn pipeline(device: &wgpu::Device, format: wgpu::TextureFormat) -> wgpu::RenderPipeline {
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some("plain painter"),
        source: wgpu::ShaderSource::Wgsl(SHADER.into()),
    });
    let entry = |binding, ty| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::FRAGMENT,
        ty,
        count: None,
    };
    // The layout of egui-wgpu, whose texture bind groups are used.
    let textures = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("plain painter"),
        entries: &[
            entry(
                0,
                wgpu::BindingType::Texture {
                    sample_type: wgpu::TextureSampleType::Float { filterable: true },
                    view_dimension: wgpu::TextureViewDimension::D2,
                    multisampled: false,
                },
            ),
            entry(
                1,
                wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering),
            ),
            entry(
                2,
                wgpu::BindingType::Buffer {
                    ty: wgpu::BufferBindingType::Uniform,
                    has_dynamic_offset: false,
                    min_binding_size: std::num::NonZeroU64::new(16),
                },
            ),
        ],
    });
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some("plain painter"),
        bind_group_layouts: &[Some(&textures)],
        immediate_size: 0,
    });
    let over = |src_factor, dst_factor| wgpu::BlendComponent {
        src_factor,
        dst_factor,
        operation: wgpu::BlendOperation::Add,
    };
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("plain painter"),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some("corner"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &[Some(wgpu::VertexBufferLayout {
                array_stride: size_of::<Vertex>() as u64,
                step_mode: wgpu::VertexStepMode::Vertex,
                attributes: &wgpu::vertex_attr_array![0 => Float32x2, 1 => Float32x2, 2 => Unorm8x4],
            })],
        },
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: Some("textured"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            // Colors are premultiplied by alpha.
            targets: &[Some(wgpu::ColorTargetState {
                format,
                blend: Some(wgpu::BlendState {
                    color: over(wgpu::BlendFactor::One, wgpu::BlendFactor::OneMinusSrcAlpha),
                    alpha: over(wgpu::BlendFactor::OneMinusDstAlpha, wgpu::BlendFactor::One),
                }),
                write_mask: wgpu::ColorWrites::ALL,
            })],
        }),
        multiview_mask: None,
        cache: None,
    })
}
