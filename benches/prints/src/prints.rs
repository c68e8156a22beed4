//! The images of a folder of sets.

use comity_print::eval::Impression;
use comity_print::formats::{raster::resample::to_500_ppi, read_image};
use comity_print::{GrayImage, Resolution};
use std::path::Path;

/// An impression and its image at 500 pixels an inch.
pub struct Print {
    pub impression: Impression,
    pub image: GrayImage,
}

/// All images below a folder, in order: `SET/FINGER_IMPRESSION.png`.
pub fn read(folder: &str) -> Result<Vec<Print>, String> {
    let mut found = Vec::new();
    for set in names(Path::new(folder))? {
        let path = Path::new(folder).join(&set);
        if !path.is_dir() {
            continue;
        }
        for name in names(&path)? {
            let Some(stem) = name.strip_suffix(".png") else { continue };
            let numbers = stem.split_once('_');
            let numbers = numbers.and_then(|(f, i)| Some((f.parse().ok()?, i.parse().ok()?)));
            let Some((finger, impression)) = numbers else { continue };
            let image = image(&path.join(&name)).map_err(|e| format!("{set}/{name}: {e}"))?;
            let impression = Impression { set: set.clone(), finger, impression };
            found.push(Print { impression, image });
        }
    }
    found.sort_by(|a, b| a.impression.cmp(&b.impression));
    if found.is_empty() {
        return Err(format!(
            "{folder} holds no SET/FINGER_IMPRESSION.png; docs/reference/print-evaluation.md says where such \
             sets are to be had"
        ));
    }
    Ok(found)
}

fn names(folder: &Path) -> Result<Vec<String>, String> {
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    Ok(entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect())
}

fn image(path: &Path) -> Result<GrayImage, String> {
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let image = read_image(&bytes).map_err(|e| e.to_string())?;
    let mut image = to_500_ppi(&image).map_err(|e| e.to_string())?.into_owned();
    image.resolution = Resolution::Ppi(500.0);
    Ok(image)
}
