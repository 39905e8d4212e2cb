// SPDX-License-Identifier: MIT OR Apache-2.0
//! Dawn's framing camera 2 in the PDS Small Bodies Node: which volume holds a mission phase, which frames it lists,
//! which files and kernels they need.
//!
//! In: a question ([`DawnQuery`]) and the table of volumes ([`Archive`], `data/dawn.toml`, each entry with its source
//! or "assumed"). Out: a [`FetchPlan`] (all a dry run shows), and by [`run`] the files.

mod archive;
mod kernels;
mod names;

use std::path::{Path, PathBuf};

use facula_core::{Epoch, Reporter, Warning};

use crate::download::{Download, Freshness, Item, Planned, Report, State};
use crate::index::{IndexQuery, Product, ProductIndex, item_collection};
use crate::{FetchError, hex};

pub use archive::{Archive, Level, Phase, Status};
pub use kernels::kernel_items;
pub use names::{FrameName, files_of};

/// Whether the kernels that the frames name come too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Kernels {
    /// No: label geometry or kernels at hand are enough.
    #[default]
    None,
    /// Those in the labels' SPICE_FILE_NAME and no more.
    Needed,
}

/// Which frames are wanted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DawnQuery {
    /// Target (`ceres`).
    pub target: String,
    /// Mission phase (`rc3`), as in the table of volumes.
    pub phase: String,
    /// Filter (`F1`); all when `None`.
    pub filter: Option<String>,
    /// First and last start of the exposure; all when `None`.
    pub time: Option<(Epoch, Epoch)>,
    /// Raw (1A) or calibrated (1B).
    pub level: Level,
    /// Whether kernels come too.
    pub kernels: Kernels,
    /// At most so many frames, the first ones; all when `None`.
    pub most_frames: Option<usize>,
}

/// What a run would fetch.
#[derive(Debug, Clone, PartialEq)]
pub struct FetchPlan {
    /// Volume the frames lie on.
    pub volume: String,
    /// The frames.
    pub products: Vec<Product>,
    /// Their files and what each needs.
    pub files: Vec<Planned>,
    /// Whether kernels come too; which ones is known when the labels are here.
    pub kernels: Kernels,
    /// Folder the files go to.
    pub folder: PathBuf,
    /// Table of volumes and kernel addresses.
    pub archive: Archive,
}

impl FetchPlan {
    /// Files that have to come over the network.
    pub fn wanted(&self) -> usize {
        self.files.iter().filter(|file| matches!(file.state, State::Wanted { .. })).count()
    }

    /// Lengths of the files that have to come, as far as they are known, and how many are not.
    pub fn wanted_bytes(&self) -> (u64, usize) {
        let wanted = self.files.iter().filter(|file| matches!(file.state, State::Wanted { .. }));
        wanted.fold((0, 0), |(sum_bytes, unknown), file| match file.size_bytes {
            Some(bytes) => (sum_bytes + bytes, unknown),
            None => (sum_bytes, unknown + 1),
        })
    }

    /// The frames as a STAC item collection.
    pub fn stac(&self) -> serde_json::Value {
        item_collection(&self.products, |product| self.archive.url(&self.volume, &product.path))
    }
}

/// Finds the frames that are asked for: fetches the index of their volume if it is new or changed, keeps it as
/// `index/<volume>.parquet` in `folder`, and searches it. No frame is fetched.
///
/// # Errors
/// [`FetchError::Argument`] for a target and phase the table does not know, [`FetchError::NoCoverage`] when the index
/// cannot be got or no frame matches, [`FetchError::Format`] for an index that is damaged.
pub fn plan(
    query: &DawnQuery,
    archive: &Archive,
    download: &Download<'_>,
    (folder, reporter): (&Path, &dyn Reporter),
) -> Result<FetchPlan, FetchError> {
    let phase = archive.phase(&query.target, &query.phase)?;
    let volume = phase.volume_id(query.level);
    if phase.status(query.level) == Status::Assumed {
        reporter.warn(Warning {
            stage: "fetch".into(),
            subject: volume.clone(),
            message: format!("the name of this volume is assumed: {}", phase.source),
            hint: "if it is not found, look for the right name in the archive and put it into the table"
                .into(),
        });
    }
    let index = refresh_index(archive, &volume, download, (folder, reporter))?;
    let wanted = IndexQuery {
        target: Some(phase.target.clone()),
        phase: Some(phase.name.clone()),
        filter: query.filter.clone(),
        time: query.time,
        ..IndexQuery::default()
    };
    let mut products = ProductIndex::search(&index, &wanted)?;
    names::one_form(&mut products);
    products.truncate(query.most_frames.unwrap_or(usize::MAX));
    if products.is_empty() {
        return Err(FetchError::NoCoverage {
            what: format!("a frame of {} {} {:?} {:?}", query.target, query.phase, query.filter, query.time),
            hint: "widen the question: filters are F1 to F8, times are UTC".into(),
            url: archive.url(&volume, "INDEX/INDEX.TAB"),
        });
    }
    let items = frame_items(archive, &volume, &products);
    let files = download.plan(&items, folder)?;
    let (kernels, folder, archive) = (query.kernels, folder.to_path_buf(), archive.clone());
    Ok(FetchPlan { volume, products, files, kernels, folder, archive })
}

/// Fetches what a plan lists, then the kernels its labels name if the plan says so, and writes `<volume>.stac.json`.
/// Files that fail are in the report.
///
/// # Errors
/// [`FetchError::Io`], and what [`Download::run`] says.
pub fn run(plan: &FetchPlan, download: &Download<'_>, reporter: &dyn Reporter) -> Result<Report, FetchError> {
    let items: Vec<Item> = plan.files.iter().map(|file| file.item.clone()).collect();
    let mut report = download.run(&items, &plan.folder, reporter)?;
    if plan.kernels == Kernels::Needed {
        let labels: Vec<PathBuf> = report.items.iter().map(|item| item.path.clone()).collect();
        let kernels = kernel_items(&plan.archive, &kernels::named_in(&labels)?)?;
        report.items.extend(download.run(&kernels, &plan.folder, reporter)?.items);
    }
    let path = plan.folder.join(format!("{}.stac.json", plan.volume));
    let text = serde_json::to_vec_pretty(&plan.stac()).map_err(std::io::Error::other);
    text.and_then(|text| facula_core::write_aside(&path, |writer| std::io::Write::write_all(writer, &text)))
        .map_err(FetchError::io("write the STAC items", &path))?;
    Ok(report)
}

fn frame_items(archive: &Archive, volume: &str, products: &[Product]) -> Vec<Item> {
    let mut paths: Vec<String> = products.iter().flat_map(|product| files_of(&product.path)).collect();
    let mut seen = std::collections::BTreeSet::new();
    paths.retain(|path| seen.insert(path.clone()));
    paths.iter().map(|path| Item::new(archive.url(volume, path), format!("{volume}/{path}"))).collect()
}

/// The Parquet index of a volume, made again only when the archive's index changed.
fn refresh_index(
    archive: &Archive,
    volume: &str,
    download: &Download<'_>,
    (folder, reporter): (&Path, &dyn Reporter),
) -> Result<PathBuf, FetchError> {
    let files = ["INDEX/INDEX.LBL", "INDEX/INDEX.TAB"];
    let item = |file: &&str| Item {
        freshness: Freshness::Ask,
        ..Item::new(archive.url(volume, file), format!("{volume}/{file}"))
    };
    let items: Vec<Item> = files.iter().map(item).collect();
    let report = download.run(&items, folder, reporter)?.complete()?;
    let checksums: Vec<String> = report.items.iter().filter_map(|item| Some(hex(&item.sha256?))).collect();
    // The table of volumes decides targets and phases, so that it belongs to what the index was made from.
    let source = format!("{} {}", checksums.join(" "), archive.fingerprint());
    let path = folder.join("index").join(format!("{volume}.parquet"));
    if ProductIndex::source_of(&path).is_some_and(|known| known == source) {
        return Ok(path);
    }
    let read = |k: usize| {
        let bytes = std::fs::read(&report.items[k].path);
        let bytes = bytes.map_err(FetchError::io("read the index", &report.items[k].path))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let mut products = Product::from_index(&read(0)?, &read(1)?, &items[1].urls[0])?;
    for product in &mut products {
        names::complete(product, volume, archive);
    }
    let parent = folder.join("index");
    std::fs::create_dir_all(&parent).map_err(FetchError::io("make the folder", &parent))?;
    ProductIndex { products, source }.write(&path)?;
    Ok(path)
}
