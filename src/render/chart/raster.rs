//! SVG to PNG, with the embedded font only, and with its provenance inside.

use std::sync::Arc;

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg;

use crate::render::chart::text::{BOLD, FONT, REGULAR};

/// PNG pixels per logical pixel.
pub const SCALE: u32 = 2;
/// 192 pixels per inch at [`SCALE`] 2, in pixels per metre: documents show the picture at its logical size.
const PIXELS_PER_METRE: u32 = 7559;

/// The picture as PNG, twice the logical size, on white; `texts` become `tEXt` entries (keyword, text).
pub fn png(svg: &str, texts: &[(&str, &str)]) -> Vec<u8> {
    let tree = usvg::Tree::from_str(svg, &options()).expect("our own SVG is well-formed");
    let size = tree.size();
    let (width, height) = (size.width() as u32 * SCALE, size.height() as u32 * SCALE);
    let mut pixels = Pixmap::new(width, height).expect("a picture has a size");
    pixels.fill(Color::WHITE);
    resvg::render(
        &tree,
        Transform::from_scale(SCALE as f32, SCALE as f32),
        &mut pixels.as_mut(),
    );
    let rgb: Vec<u8> = pixels
        .data()
        .chunks_exact(4)
        .flat_map(|rgba| [rgba[0], rgba[1], rgba[2]])
        .collect();
    encode(&rgb, (width, height), texts)
}

fn encode(rgb: &[u8], (width, height): (u32, u32), texts: &[(&str, &str)]) -> Vec<u8> {
    const CANNOT_FAIL: &str = "writing into memory cannot fail, and the size is that of the pixels";
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: PIXELS_PER_METRE,
        yppu: PIXELS_PER_METRE,
        unit: png::Unit::Meter,
    }));
    for (keyword, text) in texts {
        // iTXt: names of jobs need not be Latin-1.
        encoder
            .add_itxt_chunk((*keyword).to_owned(), (*text).to_owned())
            .expect("keywords are our own");
    }
    let mut writer = encoder.write_header().expect(CANNOT_FAIL);
    writer.write_image_data(rgb).expect(CANNOT_FAIL);
    writer.finish().expect(CANNOT_FAIL);
    bytes
}

/// Fonts of the system are never looked at: the picture is the same everywhere.
fn options() -> usvg::Options<'static> {
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(BOLD.to_vec());
    usvg::Options {
        font_family: FONT.to_owned(),
        fontdb: Arc::new(fonts),
        ..usvg::Options::default()
    }
}
