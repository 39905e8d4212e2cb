// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernels a frame was labelled with: SPICE_FILE_NAME to addresses.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::FetchError;
use crate::dawn::Archive;
use crate::download::Item;
use crate::index::{list, statements};

/// Where a label ends at the latest; Dawn's take 12 kB.
const LABEL_BYTES: u64 = 256 << 10;

/// The kernels that labels name (`spk\a.bsp`), each once, in alphabetical order. Files that are no labels name none.
pub(crate) fn named_in(files: &[PathBuf]) -> Result<BTreeSet<String>, FetchError> {
    let mut names = BTreeSet::new();
    for file in files.iter().filter(|file| is_label(file)) {
        let text = head(file)?;
        let all = statements(&text).into_iter().filter(|statement| statement.name == "SPICE_FILE_NAME");
        names.extend(all.flat_map(|statement| list(&statement.value)));
    }
    Ok(names)
}

/// Labels, and images with a label inside, that came.
fn is_label(file: &Path) -> bool {
    let extension = file.extension().map(|extension| extension.to_ascii_uppercase());
    file.is_file() && extension.is_some_and(|extension| extension == "LBL" || extension == "IMG")
}

fn head(file: &Path) -> Result<String, FetchError> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)
        .and_then(|opened| opened.take(LABEL_BYTES).read_to_end(&mut bytes))
        .map_err(FetchError::io("read the label", file))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The kernels as items: `kernels/<kind>/<name>`, with all addresses where they may lie.
///
/// # Errors
/// [`FetchError::Argument`] for entries that are not of the form `kind\name`.
pub fn kernel_items(archive: &Archive, names: &BTreeSet<String>) -> Result<Vec<Item>, FetchError> {
    names.iter().filter(|name| !name.eq_ignore_ascii_case("N/A")).map(|name| item(archive, name)).collect()
}

fn item(archive: &Archive, entry: &str) -> Result<Item, FetchError> {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    let path = entry.replace('\\', "/");
    let (kind, name) =
        path.split_once('/').filter(|(kind, name)| plain(kind) && plain(name)).ok_or_else(|| {
            FetchError::Argument {
                name: "SPICE_FILE_NAME",
                value: entry.chars().take(200).collect(),
                reason: "a kernel of the form kind\\name, such as spk\\de421.bsp",
            }
        })?;
    let name = archive.renamed.get(name).map_or(name, String::as_str);
    let patterns = archive.kernel_urls.iter().chain(archive.generic_urls.get(kind).into_iter().flatten());
    let urls = patterns.map(|url| url.replace("{kind}", kind).replace("{name}", name)).collect();
    Ok(Item { urls, ..Item::new("", format!("kernels/{kind}/{name}")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_of_flight_names_its_kernels() {
        let Some(data) = facula_testkit::data_folder() else {
            return facula_testkit::skip("a_label_of_flight_names_its_kernels", "no flight data");
        };
        let label = data.join("dawn-ceres-survey/FC21A0038582_15170161546F6F_pds3.lbl");
        let names = named_in(&[label]).unwrap();
        // Twelve entries, one twice.
        assert_eq!(names.len(), 11);
        let items = kernel_items(&Archive::built_in(), &names).unwrap();
        let of = |destination: &str| items.iter().find(|item| item.destination == destination).unwrap();
        assert_eq!(
            of("kernels/sclk/DAWN_203_SCLKSCET.00065.tsc").urls[0],
            "https://naif.jpl.nasa.gov/pub/naif/DAWN/kernels/sclk/DAWN_203_SCLKSCET.00065.tsc"
        );
        assert_eq!(of("kernels/ik/dawn_fc_v10.ti").urls.len(), 2);
        assert!(
            of("kernels/lsk/naif0011.tls").urls.iter().any(|url| url.contains("generic_kernels/lsk/a_old"))
        );
        assert!(items.iter().any(|item| item.destination == "kernels/ck/dawn_sc_150615_150621.bc"));
    }

    #[test]
    fn entries_that_climb_are_refused() {
        for bad in
            ["..\\a.bsp", "spk\\..\\..\\a", "spk/../a", "a.bsp", "spk\\", "spk\\a b", "c:\\a", "spk\\.."]
        {
            let names = BTreeSet::from([bad.to_string()]);
            assert!(kernel_items(&Archive::built_in(), &names).is_err(), "{bad}");
        }
        assert!(kernel_items(&Archive::built_in(), &BTreeSet::from(["N/A".into()])).unwrap().is_empty());
    }
}
