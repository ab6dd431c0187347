//! A company's logo: a picture that browsers draw and never run.

use aws_lc_rs::digest::{SHA256, digest};
use imagesize::ImageType;

/// A picture has no more pixels in a row or in a column (`PageService.SetPageLogo`).
const MAX_PIXELS: usize = 2000;

/// A logo without its picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Logo {
    /// SHA-256 of the picture, in hexadecimal digits.
    pub(crate) digest: String,
    pub(crate) r#type: LogoType,
    /// What it shows; may be empty.
    pub(crate) alt: String,
    /// In pixels.
    pub(crate) width: i32,
    pub(crate) height: i32,
}

/// How a logo is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "tenants.logo_type", rename_all = "snake_case")]
pub(crate) enum LogoType {
    Png,
    Jpeg,
    Webp,
}

/// A picture that may be a logo. Its length is the contract's.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) r#type: LogoType,
    /// SHA-256 of the bytes.
    pub(crate) digest: Vec<u8>,
    pub(crate) image: Vec<u8>,
    /// In pixels.
    pub(crate) width: i32,
    pub(crate) height: i32,
}

/// The picture is no logo.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidPicture {
    #[error("must be a PNG, a JPEG or a WebP")]
    Type,
    #[error("must have 1 to {MAX_PIXELS} pixels in each direction")]
    Size,
}

impl LogoType {
    /// As HTTP tells it.
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }
}

impl Picture {
    /// By what the bytes are, whatever anybody says of them.
    pub(crate) fn parse(image: Vec<u8>) -> Result<Self, InvalidPicture> {
        let r#type = match imagesize::image_type(&image) {
            Ok(ImageType::Png) => LogoType::Png,
            Ok(ImageType::Jpeg) => LogoType::Jpeg,
            Ok(ImageType::Webp) => LogoType::Webp,
            Ok(_) | Err(_) => return Err(InvalidPicture::Type),
        };
        let size = imagesize::blob_size(&image).map_err(|_| InvalidPicture::Type)?;
        let pixels = |count: usize| match i32::try_from(count) {
            Ok(pixels) if (1..=MAX_PIXELS).contains(&count) => Ok(pixels),
            Ok(_) | Err(_) => Err(InvalidPicture::Size),
        };
        let (width, height) = (pixels(size.width)?, pixels(size.height)?);
        Ok(Self { r#type, digest: digest(&SHA256, &image).as_ref().to_vec(), image, width, height })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginning of a PNG: its signature and its header (<https://www.w3.org/TR/png-3/#11IHDR>).
    fn png(width: u32, height: u32) -> Vec<u8> {
        let start = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";
        [&start[..], &width.to_be_bytes(), &height.to_be_bytes(), &[8, 6, 0, 0, 0, 0, 0, 0, 0]].concat()
    }

    /// The beginning of a JPEG: that it is one, and its first frame (ITU-T T.81, section B.2.2).
    fn jpeg(width: u16, height: u16) -> Vec<u8> {
        let start = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xc0\0\x11\x08";
        let end = b"\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xd9";
        [&start[..], &height.to_be_bytes(), &width.to_be_bytes(), end].concat()
    }

    /// The beginning of a lossless WebP (RFC 9649, section 3.4).
    fn webp(width: u32, height: u32) -> Vec<u8> {
        let bits = (width - 1) | (height - 1) << 14;
        let picture = [b"VP8L\x0a\0\0\0\x2f".as_slice(), &bits.to_le_bytes(), &[0; 5]].concat();
        [b"RIFF\x16\0\0\0WEBP".as_slice(), &picture].concat()
    }

    fn shape(image: Vec<u8>) -> Result<(LogoType, i32, i32), InvalidPicture> {
        Picture::parse(image).map(|picture| (picture.r#type, picture.width, picture.height))
    }

    #[test]
    fn a_picture_is_known_by_its_bytes() {
        assert_eq!(shape(png(320, 80)), Ok((LogoType::Png, 320, 80)));
        assert_eq!(shape(jpeg(320, 80)), Ok((LogoType::Jpeg, 320, 80)));
        assert_eq!(shape(webp(320, 80)), Ok((LogoType::Webp, 320, 80)));
        assert_eq!(Picture::parse(png(1, 1)).unwrap().digest.len(), 32);
    }

    #[test]
    fn what_is_no_picture_or_could_run_is_refused() {
        let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>".to_vec();
        let gif = b"GIF89a\x09\0\x09\0\0\0\0;".to_vec();
        let cut_off = png(9, 9)[..12].to_vec();
        let page = b"<!DOCTYPE html><title>9</title>".to_vec();
        for bad in [svg, gif, cut_off, page, b"\x89PNG".to_vec(), b"BM".to_vec(), Vec::new()] {
            assert_eq!(shape(bad.clone()), Err(InvalidPicture::Type), "{bad:?}");
        }
    }

    #[test]
    fn a_picture_has_one_to_two_thousand_pixels_in_each_direction() {
        for (width, height, good) in [
            (1, 1, true),
            (2000, 2000, true),
            (0, 9, false),
            (9, 0, false),
            (2001, 9, false),
            (9, 2001, false),
            (u32::MAX, 9, false),
        ] {
            let found = shape(png(width, height));
            assert_eq!(found.is_ok(), good, "{width} × {height}");
            assert_eq!(found.err(), (!good).then_some(InvalidPicture::Size), "{width} × {height}");
        }
        assert_eq!(shape(jpeg(2001, 9)), Err(InvalidPicture::Size));
        assert_eq!(shape(webp(9, 2001)), Err(InvalidPicture::Size));
    }
}
