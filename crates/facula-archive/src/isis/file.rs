// SPDX-License-Identifier: MIT OR Apache-2.0
//! A cube as an archive file: its core is the main image, its tables are further parts.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use facula_core::{Quality, Raster};

use crate::files::{named_in, read_bounded};
use crate::format::{Format, Part};
use crate::isis::core::Core;
use crate::isis::table::{Table, TableHead};
use crate::pds3::{Item, Label, Value, find_keyword};
use crate::{ArchiveError, Limits};

/// Prefix of the keywords of the label a cube was made from.
const ORIGINAL: &str = "OriginalLabel.";

/// An ISIS cube, or the label of one.
#[derive(Debug)]
pub(crate) struct CubeFile<'a> {
    label: Label,
    core: Core,
    tables: Vec<TableHead>,
    bytes: &'a [u8],
    folder: PathBuf,
    limits: Limits,
    problems: Vec<String>,
}

impl<'a> CubeFile<'a> {
    /// Parses the label; core and tables are read when asked for.
    pub(crate) fn open(path: &Path, bytes: &'a [u8], limits: &Limits) -> Result<Self, ArchiveError> {
        let (label, _) = Label::parse(bytes)?;
        let core = Core::of(&label)?;
        let (mut tables, mut problems) = (Vec::new(), Vec::new());
        for items in blocks(&label, "Table") {
            match TableHead::of(items) {
                Ok(head) => tables.push(head),
                Err(error) => problems.push(format!("a table cannot be read: {error}")),
            }
        }
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        Ok(Self { label, core, tables, bytes, folder, limits: *limits, problems })
    }

    /// The label.
    pub(crate) const fn label(&self) -> &Label {
        &self.label
    }

    /// Samples per line and lines.
    pub(crate) const fn size_px(&self) -> (u64, u64) {
        (self.core.sizes[0], self.core.sizes[1])
    }

    /// Rows of a table as the label tells them.
    pub(crate) fn rows_of(&self, name: &str) -> Option<u64> {
        self.tables.iter().find(|table| table.name.eq_ignore_ascii_case(name)).map(|table| table.records)
    }

    /// A table by its name.
    pub(crate) fn table(&self, name: &str) -> Result<Table, ArchiveError> {
        let head = self.tables.iter().find(|table| table.name.eq_ignore_ascii_case(name));
        let head = head.ok_or_else(|| {
            let names: Vec<&str> = self.tables.iter().map(|table| table.name.as_str()).collect();
            let what = format!("the table {name} (the cube has: {})", names.join(", "));
            ArchiveError::missing(what, "name one of its tables")
        })?;
        self.rows(head)
    }

    fn rows(&self, head: &TableHead) -> Result<Table, ArchiveError> {
        head.read(&self.file(head.detached.as_deref(), &self.limits)?)
    }

    /// The bytes of a file beside the label, or of the cube itself.
    fn file(&self, name: Option<&str>, limits: &Limits) -> Result<Cow<'a, [u8]>, ArchiveError> {
        let Some(name) = name else { return Ok(Cow::Borrowed(self.bytes)) };
        Ok(Cow::Owned(read_bounded(&named_in(&self.folder, name)?, limits)?))
    }

    /// The PDS label the cube was made from, where it is attached and can be read.
    fn original(&self) -> Option<Label> {
        let items = blocks(&self.label, "OriginalLabel").next()?;
        let whole = |key: &str| {
            let number = find_keyword(items, key).and_then(Value::number)?;
            (1.0..1e15).contains(&number).then_some(number as usize)
        };
        let (start, length) = (whole("StartByte")? - 1, whole("Bytes")?);
        let text = self.bytes.get(start..start.checked_add(length)?)?;
        // The blob may lack the END of the label.
        let whole = [text, b"\nEND\n"].concat();
        Label::parse(&whole).ok().map(|(label, _)| label)
    }
}

/// The blocks of a name at the outermost level of a label.
fn blocks<'a>(label: &'a Label, wanted: &'a str) -> impl Iterator<Item = &'a [Item]> {
    label.items.iter().filter_map(move |item| match item {
        Item::Block { name, items, .. } if name.eq_ignore_ascii_case(wanted) => Some(items.as_slice()),
        _ => None,
    })
}

impl Format for CubeFile<'_> {
    fn parts(&self) -> Vec<Part> {
        let layout = match self.core.tile {
            Some([width, height]) => format!("in tiles of {width} x {height}"),
            None => "band sequential".to_string(),
        };
        let core = Part {
            name: "Core".into(),
            sizes: self.core.sizes,
            sample_type: format!("{}, {layout}", self.core.sample.name()),
        };
        let table = |table: &TableHead| Part {
            name: table.name.clone(),
            sizes: [table.columns(), table.records, 1],
            sample_type: "table".into(),
        };
        std::iter::once(core).chain(self.tables.iter().map(table)).collect()
    }

    /// Those of the label, and those of the label the cube was made from as `OriginalLabel.KEY`.
    fn keywords(&self) -> BTreeMap<String, String> {
        let mut keywords = self.label.keywords();
        let original = self.original().map(|label| label.keywords()).unwrap_or_default();
        keywords.extend(original.into_iter().map(|(key, value)| (format!("{ORIGINAL}{key}"), value)));
        keywords
    }

    fn problems(&self) -> Vec<String> {
        self.problems.clone()
    }

    fn band(
        &self,
        part: usize,
        band: u64,
        limits: &Limits,
    ) -> Result<(Raster<f32>, Raster<Quality>), ArchiveError> {
        let Some(table) = part.checked_sub(1).and_then(|index| self.tables.get(index)) else {
            return self.core.read(&self.file(self.core.detached.as_deref(), limits)?, band, limits);
        };
        if band > 0 {
            let reason = "a table has one band, 0";
            return Err(ArchiveError::Argument { name: "band", value: band.to_string(), reason });
        }
        self.rows(table)?.image(limits)
    }

    fn special_pixels(&self, part: usize, limits: &Limits) -> Vec<(&'static str, u64)> {
        if part > 0 {
            return Vec::new();
        }
        let file = self.file(self.core.detached.as_deref(), limits);
        let counts = file.and_then(|bytes| self.core.count_special(&bytes, 0, limits));
        // Why there are none is told where the band is read.
        counts.unwrap_or_default()
    }
}
