//! Reading files for the commands; the only place that decides where policies come from.

use crate::fail::Failure;
use comity_policy::{Library, PolicyFile};
use std::io::Read;
use std::path::{Path, PathBuf};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The library's files: of the folder given, of `./policies`, or those in the binary.
pub fn policy_files(folder: Option<&Path>) -> Result<Vec<PolicyFile>, Failure> {
    let folder = folder
        .map(Path::to_path_buf)
        .or_else(|| Path::new("policies/places.toml").exists().then(|| PathBuf::from("policies")));
    let Some(folder) = folder else {
        return Ok(EMBEDDED
            .iter()
            .map(|(name, bytes)| PolicyFile { name: (*name).to_owned(), bytes: bytes.to_vec() })
            .collect());
    };
    let mut paths = Vec::new();
    collect(&folder, "toml", &mut paths)?;
    paths.sort();
    if paths.is_empty() {
        return Err(Failure::usage(format!("no policy files in {}", folder.display()))
            .help("give the folder that holds places.toml and the policy files"));
    }
    paths.iter().map(|p| read_policy(p)).collect()
}

/// Loads the library.
pub fn library(folder: Option<&Path>) -> Result<Library, Failure> {
    Library::load(&policy_files(folder)?).map_err(Failure::Findings)
}

/// The mappings in the binary: id, file, bytes.
pub fn built_in_mappings() -> impl Iterator<Item = (&'static str, &'static str, &'static [u8])> {
    MAPPINGS.iter().map(|(path, bytes)| {
        let folder = path.strip_suffix("/mapping.toml").unwrap_or(path);
        (folder.rsplit('/').next().unwrap_or(folder), *path, *bytes)
    })
}

/// The golden cases in the binary, for the workbench.
pub fn golden_cases() -> Vec<PolicyFile> {
    let file = |(name, bytes): &(&str, &[u8])| PolicyFile {
        name: (*name).to_owned(),
        bytes: bytes.to_vec(),
    };
    CASES.iter().map(file).collect()
}

/// Reads a mapping: a file, or the id of one in the binary.
pub fn mapping(name: &Path) -> Result<Vec<u8>, Failure> {
    let built_in = built_in_mappings().find(|(id, ..)| name == Path::new(id));
    match built_in {
        Some((.., bytes)) if !name.exists() => Ok(bytes.to_vec()),
        _ => read(name).map_err(|e| {
            let ids: Vec<&str> = built_in_mappings().map(|(id, ..)| id).collect();
            e.help(format!("a file, or one of the mappings in this binary: {}", ids.join(", ")))
        }),
    }
}

/// Reads one policy file.
pub fn read_policy(path: &Path) -> Result<PolicyFile, Failure> {
    Ok(PolicyFile { name: path.display().to_string(), bytes: read(path)? })
}

/// Reads a file, or standard input for `-`.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        return std::io::stdin()
            .read_to_end(&mut bytes)
            .map(|_| bytes)
            .map_err(|e| Failure::usage(format!("standard input cannot be read: {e}")));
    }
    std::fs::read(path)
        .map_err(|e| Failure::usage(format!("{} cannot be read: {e}", path.display())))
}

/// Writes a file beside its place and moves it there when it is whole.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    std::fs::write(&part, bytes)
        .and_then(|()| std::fs::rename(&part, path))
        .map_err(|e| Failure::usage(format!("{} cannot be written: {e}", path.display())))
}

/// Every file below a folder with an extension.
pub fn collect(folder: &Path, extension: &str, out: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let entries = std::fs::read_dir(folder)
        .map_err(|e| Failure::usage(format!("{} cannot be read: {e}", folder.display())))?;
    for entry in entries {
        let path = entry.map_err(|e| Failure::usage(e.to_string()))?.path();
        if path.is_dir() {
            collect(&path, extension, out)?;
        } else if path.extension().is_some_and(|e| e == extension) {
            out.push(path);
        }
    }
    Ok(())
}
